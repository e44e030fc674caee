/** What a reader finds on disk after it was away: which files are copies of those that it had read, and how far it had read them. */
import { appendFileSync, copyFileSync, linkSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../../model/values/types.ts';
import { TextLinesParser } from '../../formats/text/text-lines.ts';
import { FileTail } from './tail.ts';

let folder: string;
const tails: FileTail[] = [];
const at = (name: string) => join(folder, name);
const text = (...all: readonly string[]) => all.map((line) => `${line}\n`).join('');
const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-copies-'));
});
afterEach(async () => {
  for (const tail of tails.splice(0)) await tail.close();
  rmSync(folder, { recursive: true, force: true });
});

function follow(start: Json = null, batchSize = 100): FileTail {
  const tail = new FileTail({
    path: '*.log*',
    from: 'beginning',
    batchSize,
    start,
    signal: new AbortController().signal,
    settleMs: 100,
    resolve: at,
    parser: (fail) => new TextLinesParser(null, 1024 * 1024, fail),
    fail: () => {},
    log: () => {},
  });
  tails.push(tail);
  return tail;
}

async function lines(tail: FileTail, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push(...(await tail.read())!.rows.map((row) => String(row['line'])));
  expect(found).toHaveLength(count);
  return found;
}

/** All lines that result from what exists: up to a line of a file that is created when all files have been seen. */
async function rest(tail: FileTail): Promise<string[]> {
  const found: string[] = [];
  for (const last of ['a file is met', 'all are read']) {
    writeFileSync(at(`${last}.log`), `${last}\n`);
    while (!found.includes(last)) found.push(...(await tail.read())!.rows.map((row) => String(row['line'])));
  }
  return found.filter((line) => line !== 'a file is met' && line !== 'all are read').sort();
}

/** Where a reader is that is killed now. */
async function kill(tail: FileTail): Promise<Json> {
  const position = JSON.parse(JSON.stringify(tail.position())) as Json;
  await tail.close();
  return position;
}

function compress(from: string, to = `${from}.gz`): void {
  writeFileSync(at(to), gzipSync(readFileSync(at(from))));
  rmSync(at(from));
}

test('a short file that was renamed, linked and compressed meanwhile is not read again', async () => {
  writeFileSync(at('a.log'), text('one', 'two'));
  const first = follow();
  await lines(first, 2);
  const position = await kill(first);
  renameSync(at('a.log'), at('a.log.1'));
  linkSync(at('a.log.1'), at('hard.log'));
  compress('a.log.1');
  expect(await rest(follow(position, 1))).toEqual([]);
});

test('a file is known by all names that it had before, by a link that stays too', async () => {
  writeFileSync(at('a.log.1'), text('one', 'two'));
  linkSync(at('a.log.1'), at('hard.log'));
  const first = follow();
  await lines(first, 2);
  const position = await kill(first);
  rmSync(at('a.log.1'));
  const second = follow(position);
  const reading = second.read();
  await expect.poll(() => JSON.stringify(second.position())).toContain('hard.log');
  rmSync(at('hard.log'));
  writeFileSync(at('b.log'), 'next\n');
  expect((await reading)!.rows).toEqual([{ line: 'next' }]);
  const later = await kill(second);
  writeFileSync(at('a.log.2.gz'), gzipSync(text('one', 'two')));
  expect(await rest(follow(later))).toEqual([]);
});

test('the whole content tells a copy of a file that is gone, whatever it is called', async () => {
  writeFileSync(at('a.log'), text('one', 'two'));
  const first = follow();
  await lines(first, 2);
  const position = await kill(first);
  compress('a.log', 'quite-another.log.gz');
  expect(await rest(follow(position, 1))).toEqual([]);
});

test('two files with the same short content are both read where both stay', async () => {
  writeFileSync(at('a.log'), text('ok'));
  const first = follow();
  await lines(first, 1);
  const position = await kill(first);
  writeFileSync(at('b.log.gz'), gzipSync(text('ok')));
  writeFileSync(at('c.log'), text('ok'));
  expect(await lines(follow(position, 1), 2)).toEqual(['ok', 'ok']);
});

test('a compressed copy that waits for its original is read where that goes before it was read', async () => {
  writeFileSync(at('a.log'), text(...many('a', 100)));
  writeFileSync(at('b.log'), text('one', 'two'));
  const first = follow(null, 1);
  await lines(first, 1);
  writeFileSync(at('b.log.gz'), gzipSync(text('one', 'two')));
  await expect
    .poll(async () => {
      await lines(first, 1);
      return JSON.stringify(first.position());
    })
    .toContain('b.log.gz');
  const { files } = first.position() as unknown as { files: { name: string; line: number }[] };
  const read = files.find(({ name }) => name === 'a.log')!.line - 1;
  const position = await kill(first);
  rmSync(at('b.log'));
  expect((await lines(follow(position), 102 - read)).sort()).toEqual([...many('a', 100).slice(read), 'one', 'two'].sort());
});

test('what was read is known where the file was cut off before the reader saw it', async () => {
  writeFileSync(at('a.log'), text(...many('a', 200)));
  const first = follow(null, 1);
  await lines(first, 149);
  const second = follow(await kill(first), 1);
  await lines(second, 1);
  copyFileSync(at('a.log'), at('a.log.1'));
  truncateSync(at('a.log'));
  appendFileSync(at('a.log'), text(...many('new', 200)));
  expect(await rest(follow(await kill(second)))).toEqual([...many('a', 200).slice(150), ...many('new', 200)].sort());
});

test('a line that was half read when its file was copied and cut off is not left in a checkpoint of that file', async () => {
  writeFileSync(at('a.log'), `one\n${'x'.repeat(50)}`);
  const first = follow(null);
  await lines(first, 1);
  const reading = first.read();
  await expect.poll(() => first.backlog().waiting).toBe(0);
  copyFileSync(at('a.log'), at('a.log.1'));
  truncateSync(at('a.log'));
  await expect.poll(() => JSON.stringify(first.position())).toContain('a.log.1');
  for (const { offset, line } of (first.position() as unknown as { files: { offset: number; line: number }[] }).files)
    expect([
      [0, 1],
      [4, 2],
    ]).toContainEqual([offset, line]);
  appendFileSync(at('a.log.1'), 'end\n');
  expect((await reading)!.rows).toEqual([{ line: `${'x'.repeat(50)}end` }]);
});

test('a compressed file of nothing known is read as a whole, from a checkpoint too', async () => {
  writeFileSync(at('a.log.gz'), gzipSync(text(...many('a', 200))));
  const first = follow(null, 150);
  expect(await lines(first, 150)).toEqual(many('a', 200).slice(0, 150));
  const second = follow(await kill(first));
  expect(await lines(second, 50)).toEqual(many('a', 200).slice(150));
  writeFileSync(at('b.log.gz'), gzipSync('b\n'));
  expect(await lines(second, 1)).toEqual(['b']);
});
