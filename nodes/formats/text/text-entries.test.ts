import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Batch, Window } from '../../../io/files/file-rows.ts';
import type { Row } from '../../../model/values/types.ts';
import fileTail from '../../follow/file-tail.ts';
import { TextEntriesParser } from './text-entries.ts';

const file = { path: '/x.log', name: 'x.log', size: 0 };
type Open = { -readonly [K in keyof Window]: Window[K] };

function parserOf(max = 1 << 20, now = () => 0) {
  const failures: string[] = [];
  const parser = new TextEntriesParser(
    (line) => /^\d/u.test(line),
    null,
    max,
    ({ code }) => failures.push(code),
    now,
  );
  parser.begin(file);
  const window: Open = { file, bytes: Buffer.alloc(0), at: 0, line: 1, last: false, translated: false };
  const rows: Row[] = [];
  const lines: number[] = [];
  const work = (size: number) => {
    for (;;) {
      const batch: Batch = { rows: [], lines: [], size };
      parser.parse(window, batch);
      rows.push(...batch.rows);
      lines.push(...batch.lines);
      if (batch.rows.length < size) return;
    }
  };
  const add = (bytes: Buffer, size = 3) => {
    window.bytes = Buffer.concat([window.bytes.subarray(window.at), bytes]);
    window.at = 0;
    work(size);
  };
  return { failures, rows, lines, window, add, work };
}

it('entries are the lines up to the next that begins one, wherever bytes are cut', () => {
  const line = fc.tuple(fc.constantFrom('1 a', '2', '  at x', '', 'é', 'x 1'), fc.constantFrom('\n', '\r\n')).map(([text, end]) => text + end);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.array(fc.nat()), fc.integer({ min: 1, max: 3 }), (parts, cuts, size) => {
      const content = Buffer.from(parts.join(''));
      const { rows, lines, add, window, work } = parserOf();
      let from = 0;
      for (const cut of [...cuts.map((each) => each % content.length), content.length].sort((a, b) => a - b)) {
        add(content.subarray(from, cut), size);
        from = cut;
      }
      window.last = true;
      work(size);
      const expected: string[] = [];
      const starts: number[] = [];
      parts.forEach((part, i) => {
        const text = part.replace(/\r?\n$/, '');
        if (i > 0 && !/^\d/.test(text)) expected[expected.length - 1] += `\n${text}`;
        else {
          expected.push(text);
          starts.push(i + 1);
        }
      });
      expect(rows.map(({ line }) => line)).toEqual(expected);
      expect(lines).toEqual(starts);
    }),
  );
});

it('an entry that may go on comes when nothing followed for two seconds, and not after a time in which nobody looked', () => {
  let now = 0;
  const { rows, add, work } = parserOf(1 << 20, () => now);
  add(Buffer.from('1 a\n  at\n'));
  now = 5000;
  work(3);
  expect(rows).toEqual([]);
  for (now = 5500; now <= 7000; now += 500) work(3);
  expect(rows).toEqual([{ line: '1 a\n  at' }]);
  add(Buffer.from('2 b\n'));
  now += 1000;
  add(Buffer.from('  at\n3'));
  expect(rows.length).toBe(1);
});

it('an entry beyond the limit is one failure, and the next is read', () => {
  const { rows, failures, add, window, work } = parserOf(100);
  add(Buffer.from('1 a\n'));
  for (let i = 0; i < 50; i++) add(Buffer.from('  at somewhere\n'));
  add(Buffer.from('2 b\n3 c\n'));
  window.last = true;
  work(3);
  expect(failures).toEqual(['text/long-entry']);
  expect(rows).toEqual([{ line: '2 b' }, { line: '3 c' }]);
});

it('a pattern that cannot be is told at its field', () => {
  const params = { path: 'x', format: 'text', entry: '(', types: [], fileColumn: null } as never;
  expect(fileTail.infer!({ params, discovered: null, inputs: {} } as never).problems).toMatchObject([{ code: 'pattern/syntax', field: 'entry' }]);
});

it('are read from a file that is followed, the last one when it is quiet', async () => {
  const folder = folderOf({ 'app.log': '1 a\n  at x\n2 b\n' });
  const reader = await fileTail.run({
    ...{ params: { path: 'app.log', format: 'text', entry: '^\\d', from: 'beginning', types: [], fileColumn: null, extra: 'ignore', maxRowSize: 16 } },
    ...{ path: (name: string) => join(folder, name), batchSize: 1000, start: null, signal: new AbortController().signal, log() {}, fail() {}, sample: false },
    pattern: (source: string, flags: string) => (text: string) => new RegExp(source, flags).exec(text),
    outputs: { rows: { columns: [{ name: 'line', type: 'string', nullable: false }] } },
  } as never);
  const lines: unknown[] = [];
  const readTo = async (count: number) => {
    while (lines.length < count) lines.push(...((await reader.read())?.rows ?? []).map(({ line }) => line));
  };
  await readTo(2);
  appendFileSync(join(folder, 'app.log'), '3 c\n  at y\n');
  await readTo(3);
  await reader.close();
  expect(lines).toEqual(['1 a\n  at x', '2 b', '3 c\n  at y']);
});
