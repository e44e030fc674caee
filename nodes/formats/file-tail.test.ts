import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../engine/schema/types.ts';
import { FileTail } from './file-tail.ts';
import { TextLinesParser } from './text-lines.ts';

let folder: string;
let stop: AbortController;
let logs: string[];
const tails: FileTail[] = [];
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tail-'));
  stop = new AbortController();
  logs = [];
});
afterEach(async () => {
  stop.abort();
  for (const tail of tails.splice(0)) await tail.close();
  rmSync(folder, { recursive: true, force: true });
});

function follow(path: string, options: { start?: Json; from?: 'beginning' | 'end'; batchSize?: number } = {}): FileTail {
  const tail = new FileTail({
    path,
    from: options.from ?? 'beginning',
    batchSize: options.batchSize ?? 100,
    start: options.start ?? null,
    signal: stop.signal,
    resolve: at,
    parser: () => new TextLinesParser('file', 1024 * 1024, (failure) => logs.push(failure.message)),
    log: (_, message) => logs.push(message),
  });
  tails.push(tail);
  return tail;
}

/** `file:line text` of so many rows, as they come. */
async function take(tail: FileTail, count: number): Promise<string[]> {
  const rows: string[] = [];
  while (rows.length < count) {
    const batch = await tail.read();
    if (!batch) throw new Error(`It ended after ${rows.length} rows`);
    batch.rows.forEach((row, i) => {
      const { source, line } = batch.locate!(i);
      rows.push(`${source}:${line} ${row['line']}`);
    });
  }
  expect(rows).toHaveLength(count);
  return rows;
}

test('reads what is there, then what is appended, in whole lines', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\nthr');
  const tail = follow('a.log');
  expect(await take(tail, 2)).toEqual(['a.log:1 one', 'a.log:2 two']);
  const next = take(tail, 2);
  appendFileSync(at('a.log'), 'ee\r\nfour\nfi');
  expect(await next).toEqual(['a.log:3 three', 'a.log:4 four']);
});

test('a renamed file is read to its end, its last line too, before the new one of its name', async () => {
  writeFileSync(at('a.log'), 'one\n');
  const tail = follow('a.log');
  await take(tail, 1);
  appendFileSync(at('a.log'), 'two\nhalf');
  renameSync(at('a.log'), at('a.log.1'));
  writeFileSync(at('a.log'), 'new\n');
  expect(await take(tail, 3)).toEqual(['a.log:2 two', 'a.log:3 half', 'a.log:1 new']);
});

test('a file that is renamed within the pattern keeps its place', async () => {
  writeFileSync(at('a.log'), 'one\n');
  const tail = follow('*.log');
  await take(tail, 1);
  renameSync(at('a.log'), at('b.log'));
  appendFileSync(at('b.log'), 'two\n');
  expect(await take(tail, 1)).toEqual(['b.log:2 two']);
  expect(tail.position()).toMatchObject({ files: [{ name: 'b.log', line: 3 }] });
});

test.each([
  ['shorter', 'x\n'],
  ['longer', 'another beginning, and more than before\nx\n'],
])('a file that is cut off and written anew, %s, is read from its beginning', async (_, text) => {
  writeFileSync(at('a.log'), 'one\ntwo\n');
  const tail = follow('a.log');
  await take(tail, 2);
  tail.position();
  truncateSync(at('a.log'));
  writeFileSync(at('a.log'), text, { flag: 'r+' });
  expect((await take(tail, text.split('\n').length - 1)).at(-1)).toMatch(/x$/);
  expect(logs.join()).toMatch(/a.log was (cut off|written anew)/);
});

test('a file that vanishes is told and waited for', async () => {
  writeFileSync(at('a.log'), 'one\n');
  const tail = follow('a.log');
  await take(tail, 1);
  const next = take(tail, 1);
  rmSync(at('a.log'));
  await expect.poll(() => logs).toEqual(['a.log is not there. Reading goes on as soon as it is.']);
  writeFileSync(at('a.log'), 'back\n');
  expect(await next).toEqual(['a.log:1 back']);
});

test('waits for a file that is not there yet, and follows new files from their beginning', async () => {
  const tail = follow('*.log', { from: 'end' });
  const next = take(tail, 1);
  await expect.poll(() => logs).toEqual(['*.log is not there. Reading goes on as soon as it is.']);
  writeFileSync(at('late.log'), 'first\n');
  expect(await next).toEqual(['late.log:1 first']);
});

test('begins at the end of files that are there, at the start of a line', async () => {
  writeFileSync(at('a.log'), 'old\nhal');
  const tail = follow('a.log', { from: 'end' });
  const next = take(tail, 1);
  await expect.poll(() => (tail.position() as { files: { offset: number }[] }).files[0]?.offset).toBe(4);
  appendFileSync(at('a.log'), 'f\n');
  expect((await next)[0]).toMatch(/half$/);
});

test('goes on where it was, however the file is called by then', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\nthree\n');
  const first = follow('a.log', { batchSize: 2 });
  await take(first, 2);
  const position = JSON.parse(JSON.stringify(first.position())) as Json;
  await first.close();
  renameSync(at('a.log'), at('a.log.1'));
  appendFileSync(at('a.log.1'), 'four');
  writeFileSync(at('a.log'), 'new\n');
  const second = follow('a.log', { start: position });
  expect((await take(second, 3)).map((row) => row.replace(/^.*:/, ''))).toEqual(['3 three', '4 four', '1 new']);
  expect(logs).toEqual([]);
});

test('says what cannot be found again, and reads the new file', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\n');
  const first = follow('a.log', { batchSize: 1 });
  await take(first, 1);
  const position = first.position();
  await first.close();
  rmSync(at('a.log'));
  mkdirSync(at('kept'));
  writeFileSync(at('kept/a.log'), 'keeps the inode from being used again');
  writeFileSync(at('a.log'), 'quite another\n');
  expect(await take(follow('a.log', { start: position }), 1)).toEqual(['a.log:1 quite another']);
  expect(logs[0]).toMatch(/a.log is not there any more as it was read up to line 2/);
});

test('is where it was before its first look at the disk, which may come after a checkpoint', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\n');
  const first = follow('a.log');
  await take(first, 2);
  const position = first.position();
  expect(follow('a.log', { start: position }).position()).toEqual(position);
});

test('ends within a second of being stopped or closed', async () => {
  writeFileSync(at('a.log'), '');
  const tail = follow('a.log');
  const waiting = tail.read();
  await tail.close();
  expect(await waiting).toBeNull();
  const other = follow('a.log').read();
  stop.abort();
  expect(await other).toBeNull();
});

test('tells how much waits', async () => {
  writeFileSync(at('a.log'), 'x'.repeat(9).concat('\n').repeat(100_000));
  const tail = follow('a.log', { batchSize: 10 });
  await take(tail, 10);
  expect(tail.backlog().waiting).toBeGreaterThan(500_000);
});
