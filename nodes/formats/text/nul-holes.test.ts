import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Window } from '../../../io/files/file-rows.ts';
import type { Row } from '../../../model/values/types.ts';
import fileTail from '../../follow/file-tail.ts';
import textFile from '../../text/text-file.ts';
import { HolesParser } from './nul-holes.ts';
import { TextEntriesParser } from './text-entries.ts';
import { TextLinesParser } from './text-lines.ts';

const file = { path: '/x.log', name: 'x.log', size: 0 };
type Open = { -readonly [K in keyof Window]: Window[K] };

/** What comes of bytes that arrive in these chunks, in batches of `size`. */
function parse(chunks: readonly Buffer[], size = 100, entries = false) {
  const logs: string[] = [];
  const failures: string[] = [];
  const fail = ({ message }: { message: string }) => void failures.push(message);
  const texts = entries ? new TextEntriesParser((line) => /^\d/.test(line), null, 1 << 20, fail) : new TextLinesParser(null, 1 << 20, fail);
  const parser = new HolesParser(texts, (_, message) => void logs.push(message));
  const window: Open = { file, bytes: Buffer.alloc(0), at: 0, line: 1, last: false, translated: false };
  parser.begin(file, false);
  const rows: string[] = [];
  const work = () => {
    for (;;) {
      const batch = { rows: [] as Row[], lines: [] as number[], size };
      parser.parse(window, batch);
      rows.push(...batch.rows.map((row, i) => `${batch.lines[i]} ${row['line']}`));
      if (batch.rows.length < size) return;
    }
  };
  for (const chunk of chunks) {
    window.bytes = Buffer.concat([window.bytes.subarray(window.at), chunk]);
    window.at = 0;
    work();
  }
  window.last = true;
  if (window.bytes.length > window.at && window.bytes.at(-1) !== 10) window.bytes = Buffer.concat([window.bytes, Buffer.of(10)]);
  work();
  parser.end(file);
  return { rows, logs, failures };
}

const hole = (bytes: number) => '\0'.repeat(bytes);

it.each([
  ['where a line begins', `1 a\n${hole(3)}2 b\n`, ['1 1 a', '2 2 b'], ['3 NUL bytes in line 2']],
  ['within a line, which ends there', `1 a${hole(4096)}2 b\n3 c\n`, ['1 1 a', '1 2 b', '2 3 c'], ['4,096 NUL bytes in line 1']],
  ['a line of nothing else', `1 a\n${hole(20)}\n3 c\n`, ['1 1 a', '3 3 c'], ['20 NUL bytes in line 2']],
  ['to the end of a line', `1 a${hole(20)}\r\n2 b\n`, ['1 1 a', '2 2 b'], ['20 NUL bytes in line 1']],
  ['at the beginning and the end', `${hole(9)}1 a\n${hole(9)}`, ['1 1 a'], ['9 NUL bytes in line 1', '9 NUL bytes in line 2']],
  ['nothing but one', hole(100), [], ['100 NUL bytes in line 1']],
])('%s', (_, text, rows, told) => {
  const found = parse([Buffer.from(text)]);
  expect(found.rows).toEqual(rows);
  expect(found.logs.map((log) => / has (.*?): they/.exec(log)?.[1])).toEqual(told);
  expect(found.failures).toEqual([]);
});

it('a few NUL bytes within a line are its text', () => expect(parse([Buffer.from('a\0b\n')])).toMatchObject({ rows: ['1 a\0b'], logs: [] }));

it('a file with many holes tells of some', () => {
  const { rows, logs } = parse([Buffer.from(`${hole(2)}x\n`.repeat(100))]);
  expect(rows).toHaveLength(100);
  expect(logs).toHaveLength(5);
  expect(logs.at(-1)).toContain('Further holes');
});

it('the rows are the same wherever bytes are cut and batches end', () => {
  const piece = fc.oneof(fc.constantFrom('1 a', '  at b', '', '3 c', 'x'), fc.integer({ min: 8, max: 40 }).map(hole), fc.constantFrom('\n', '\r\n', '\n'));
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (pieces, cuts, size, entries) => {
        const bytes = Buffer.from(pieces.join(''));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length])];
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        const whole = parse([bytes], 1000, entries);
        expect(parse(chunks, size, entries)).toEqual(whole);
        const text = (rows: readonly string[]) =>
          rows
            .map((row) => row.replace(/^\d+ /, ''))
            .join('')
            .replace(/\s/g, '');
        expect(text(whole.rows)).toBe(bytes.toString().replace(/[\0\s]/g, ''));
      },
    ),
  );
});

it('are passed over in a file that is read to its end', async () => {
  const folder = folderOf({ 'x.log': `at=1\n${hole(5000)}at=2\nat=3${hole(50)}` });
  const { rows, logs, failures } = await readSource(textFile, folder, { path: 'x.log', format: 'logfmt' });
  expect([rows, failures]).toEqual([[{ at: 1 }, { at: 2 }, { at: 3 }], []]);
  expect(logs.join()).toContain('5,000 NUL bytes in line 2');
});

it.each(['text', 'jsonl'])('of a writer that goes on at its old place in a file that was cut off are passed over (%s)', async (format) => {
  const folder = folderOf({});
  const path = join(folder, 'app.log');
  const line = (n: number) => (format === 'text' ? `${n} ${'x'.repeat(50)}\n` : `{"line":"${n} ${'x'.repeat(50)}"}\n`);
  const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i)).join('');
  writeFileSync(path, lines(0, 1000));
  const writer = await open(path, 'r+');
  const logs: string[] = [];
  const failures: string[] = [];
  const stop = new AbortController();
  const reader = await fileTail.run({
    ...{ params: { path: 'app.log', format, entry: null, types: [], from: 'beginning', extra: 'ignore', fileColumn: null, maxRowSize: 16, exclude: null } },
    ...{ path: () => path, outputs: { rows: { columns: [{ name: 'line', type: 'string', nullable: true }] } }, batchSize: 1000, start: null },
    ...{ signal: stop.signal, log: (_: string, message: string) => logs.push(message), fail: ({ message }: Error) => failures.push(message), sample: false },
  } as never);
  const read = async () => (await reader.read())!.rows.map((row) => Number.parseInt(row['line'] as string, 10));
  expect((await read()).length).toBe(1000);
  const old = Buffer.byteLength(lines(0, 1000));
  truncateSync(path, 0);
  await writer.write(lines(1000, 1010), old);
  const after = await read();
  appendFileSync(path, lines(1010, 1011));
  while (after.length < 11) after.push(...(await read()));
  expect(after).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010]);
  expect(failures).toEqual([]);
  expect(logs.join(' ')).toContain(`app.log has ${old.toLocaleString('en')} NUL bytes in line 1: they are left out.`);
  stop.abort();
  await reader.close();
  await writer.close();
});
