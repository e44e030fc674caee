import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../model/values/types.ts';
import { TextLinesParser } from '../../formats/text/text-lines.ts';
import { FileTail } from './tail.ts';

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

function follow(path: string, options: { start?: Json; from?: 'beginning' | 'end'; batchSize?: number; settleMs?: number } = {}): FileTail {
  const tail = new FileTail({
    path,
    from: options.from ?? 'beginning',
    batchSize: options.batchSize ?? 100,
    start: options.start ?? null,
    signal: stop.signal,
    settleMs: options.settleMs ?? 100,
    resolve: at,
    parser: (fail) => new TextLinesParser('file', 1024 * 1024, fail),
    fail: (failure) => logs.push(failure.message),
    log: (_, message) => logs.push(message),
  });
  tails.push(tail);
  return tail;
}

/** `file:line text` of this many rows, as they come. */
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

test('lines that fail do not wait for one that can be read', async () => {
  writeFileSync(at('a.log'), 'one\n');
  const tail = follow('a.log');
  await take(tail, 1);
  const next = tail.read();
  appendFileSync(at('a.log'), Buffer.from([0xff, 0x0a]));
  expect((await next)!.rows).toEqual([]);
  expect(logs).toHaveLength(1);
  expect(tail.position()).toMatchObject({ files: [{ line: 3 }] });
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
  await expect.poll(() => logs).toEqual(['a.log is not there. Reading continues as soon as it is.']);
  writeFileSync(at('a.log'), 'back\n');
  expect(await next).toEqual(['a.log:1 back']);
});

test('waits for a file that is not there yet, and follows new files from their beginning', async () => {
  const tail = follow('*.log', { from: 'end' });
  const next = take(tail, 1);
  await expect.poll(() => logs).toEqual(['*.log is not there. Reading continues as soon as it is.']);
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
  // While it is open here, its inode is not given to the new file.
  const old = openSync(at('a.log'), 'r');
  rmSync(at('a.log'));
  writeFileSync(at('a.log'), 'quite another\n');
  expect(await take(follow('a.log', { start: position }), 1)).toEqual(['a.log:1 quite another']);
  expect(logs[0]).toMatch(/a.log is not there any more as it was read up to line 2/);
  closeSync(old);
});

test('is where it was before its first look at the disk, which may come after a checkpoint', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\n');
  const first = follow('a.log');
  await take(first, 2);
  const position = first.position();
  expect(follow('a.log', { start: position }).position()).toEqual(position);
});

test('tells how much waits', async () => {
  writeFileSync(at('a.log'), 'x'.repeat(9).concat('\n').repeat(100_000));
  const tail = follow('a.log', { batchSize: 10 });
  await take(tail, 10);
  expect(tail.backlog().waiting).toBeGreaterThan(500_000);
});

/** Appends a unique line to a file to which nothing else was appended, and takes all rows until then. */
async function takeTo(tail: FileTail, name: string): Promise<string[]> {
  const rows: string[] = [];
  appendFileSync(at(name), 'end of test\n');
  for (;;) {
    rows.push(...(await lines(tail, 1)));
    if (rows.at(-1) === 'end of test') return rows.slice(0, -1).sort();
  }
}
const lines = async (tail: FileTail, count: number) => (await take(tail, count)).map((row) => row.replace(/^.*?:\d+ /, ''));
const saved = (tail: FileTail) => JSON.parse(JSON.stringify(tail.position())) as Json;
const long = (name: string, count = 200) => Array.from({ length: count }, (_, i) => `${name} ${i}`);
const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');
/** The disk was checked twice, and everything on it has been read. */
const looked = (tail: FileTail) => expect.poll(() => tail.backlog().waiting).toBe(0);
const isRoot = process.getuid?.() === 0;
const hasBytes = process.platform === 'linux';

const odd: readonly (readonly [string, boolean, () => void])[] = [
  ['a link to nowhere', true, () => symlinkSync('/nowhere/at/all', at('odd.log'))],
  ['a link to itself', true, () => symlinkSync('odd.log', at('odd.log'))],
  ['a pipe', hasBytes, () => spawnSync('mkfifo', [at('odd.log')])],
  ['a folder', true, () => mkdirSync(at('odd.log'))],
  ['a file that may not be read', !isRoot, () => writeFileSync(at('odd.log'), 'secret\n', { mode: 0 })],
  ['a file packed in a way that is not read', true, () => writeFileSync(at('odd.log'), Buffer.from('28b52ffd0458', 'hex'))],
];
test.each(odd.filter(([, isPossible]) => isPossible))('%s beside the files that are followed stops none of them', async (name, _, make) => {
  writeFileSync(at('a.log'), 'one\n');
  const tail = follow('*.log');
  expect(await lines(tail, 1)).toEqual(['one']);
  make();
  const next = lines(tail, 1);
  appendFileSync(at('a.log'), 'two\n');
  expect(await next).toEqual(['two']);
  if (name !== 'a folder') {
    const waiting = lines(tail, 1);
    await expect.poll(() => logs).toHaveLength(1);
    expect(logs[0]).toMatch(/^(The file )?odd\.log .* left out until it can be read/);
    appendFileSync(at('a.log'), 'three\n');
    expect(await waiting).toEqual(['three']);
  }
  rmSync(at('odd.log'), { recursive: true });
  writeFileSync(at('odd.log'), 'a file now\n');
  expect(await lines(tail, 1)).toEqual(['a file now']);
  appendFileSync(at('a.log'), 'four\n');
  expect(await lines(tail, 1)).toEqual(['four']);
});

test.skipIf(!hasBytes)('a file whose name is no UTF-8 is followed under a name that tells its bytes', async () => {
  const name = (end: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x61), Buffer.from(end)]);
  writeFileSync(name('.log'), 'one\n');
  const tail = follow('*.log');
  expect(await take(tail, 1)).toEqual(['\\xffa.log:1 one']);
  renameSync(name('.log'), name('b.log'));
  appendFileSync(name('b.log'), 'two\n');
  expect(await take(tail, 1)).toEqual(['\\xffab.log:2 two']);
});

test('one file by several names is read once, and two names that are swapped stay what they were', async () => {
  writeFileSync(at('a.log'), 'a1\n');
  linkSync(at('a.log'), at('a2.log'));
  symlinkSync('a.log', at('a3.log'));
  writeFileSync(at('b.log'), 'b1\n');
  const tail = follow('*.log');
  expect((await lines(tail, 2)).sort()).toEqual(['a1', 'b1']);
  renameSync(at('a.log'), at('c'));
  renameSync(at('b.log'), at('a.log'));
  renameSync(at('c'), at('b.log'));
  appendFileSync(at('a.log'), 'b2\n');
  appendFileSync(at('b.log'), 'a2\n');
  expect((await lines(tail, 2)).sort()).toEqual(['a2', 'b2']);
  expect(await takeTo(tail, 'a.log')).toEqual([]);
});

test('a file that leaves the folder or the pattern and comes back goes on, also from a checkpoint', async () => {
  writeFileSync(at('a.log'), text(long('a')));
  const first = follow('*.log');
  expect(await lines(first, 200)).toEqual(long('a'));
  renameSync(at('a.log'), at('a.old'));
  appendFileSync(at('a.old'), 'while away\n');
  expect(await lines(first, 1)).toEqual(['while away']);
  const position = saved(first);
  await first.close();
  const second = follow('*.log', { start: position });
  const next = lines(second, 1);
  renameSync(at('a.old'), at('b.log'));
  appendFileSync(at('b.log'), 'back\n');
  expect(await next).toEqual(['back']);
});

test('what is written to a deleted file that is still open is read', async () => {
  const writer = openSync(at('a.log'), 'a');
  writeSync(writer, 'one\nha');
  const tail = follow('*.log', { settleMs: 500 });
  expect(await lines(tail, 1)).toEqual(['one']);
  rmSync(at('a.log'));
  await looked(tail);
  writeSync(writer, 'lf\ntw');
  expect(await lines(tail, 1)).toEqual(['half']);
  closeSync(writer);
  expect(await lines(tail, 1)).toEqual(['tw']);
});

test('a new file that gets the number of a deleted one is read from its beginning, also after a checkpoint', async () => {
  writeFileSync(at('a.log'), text(long('old')));
  const first = follow('*.log', { settleMs: 0 });
  await lines(first, 200);
  const before = statSync(at('a.log')).ino;
  const position = saved(first);
  await first.close();
  rmSync(at('a.log'));
  writeFileSync(at('a.log'), text(long('old').concat('new')));
  if (statSync(at('a.log')).ino !== before) return;
  // By its content it is the old one, by its time of creation it is not; it is taken for one that was restored from a copy.
  expect(await lines(follow('*.log', { start: position }), 1)).toEqual(['new']);
  stop.abort();
  stop = new AbortController();
  rmSync(at('a.log'));
  writeFileSync(at('a.log'), text(long('new')));
  expect(await lines(follow('*.log', { start: position }), 200)).toEqual(long('new'));
});

describe('copies', () => {
  test('that a rotation makes before it cuts the file off are read on, not again', async () => {
    writeFileSync(at('a.log'), text(long('a')));
    const tail = follow('*.log*', { settleMs: 60_000 });
    await lines(tail, 200);
    appendFileSync(at('a.log'), 'not read yet\nha');
    copyFileSync(at('a.log'), at('a.log.1'));
    truncateSync(at('a.log'));
    appendFileSync(at('a.log'), 'lf\nnew\n');
    expect((await lines(tail, 3)).sort()).toEqual(['lf', 'new', 'not read yet']);
    expect(await takeTo(tail, 'a.log')).toEqual([]);
    expect(tail.backlog()).not.toHaveProperty('lost');
  });

  test('are held until the file is cut off, and read as files of their own where it is not', async () => {
    writeFileSync(at('a.log'), text(long('a', 3)));
    const tail = follow('*.log*', { settleMs: 1000 });
    await lines(tail, 3);
    const next = lines(tail, 1);
    copyFileSync(at('a.log'), at('a.log.1'));
    await expect.poll(() => (tail.position() as { files: unknown[] }).files).toHaveLength(2);
    truncateSync(at('a.log'));
    await expect.poll(() => logs.join()).toMatch(/a.log.1 is a copy of a.log/);
    appendFileSync(at('a.log'), 'b\n');
    expect(await next).toEqual(['b']);
    copyFileSync(at('a.log'), at('a.log.2'));
    expect(await lines(tail, 1)).toEqual(['b']);
  });

  test('of a rotation while nobody reads are read on', async () => {
    writeFileSync(at('a.log'), text(long('a')));
    const first = follow('*.log*', { batchSize: 150 });
    await lines(first, 150);
    const position = saved(first);
    await first.close();
    copyFileSync(at('a.log'), at('a.log.1'));
    truncateSync(at('a.log'));
    appendFileSync(at('a.log'), 'new\n');
    const second = follow('*.log*', { start: position });
    expect((await lines(second, 51)).sort()).toEqual(long('a').slice(150).concat('new').sort());
    expect(await takeTo(second, 'a.log')).toEqual([]);
  });

  test('that were put in the place of the file, from a backup, are read on', async () => {
    writeFileSync(at('a.log'), 'one\ntwo\nthree\n');
    const first = follow('a.log', { batchSize: 2 });
    await lines(first, 2);
    const position = saved(first);
    await first.close();
    copyFileSync(at('a.log'), at('copy'));
    rmSync(at('a.log'));
    writeFileSync(at('keeps the number'), '');
    renameSync(at('copy'), at('a.log'));
    expect(await lines(follow('a.log', { start: position }), 1)).toEqual(['three']);
  });
});

describe('compressed files', () => {
  /** As gzip does it, in two steps, so that it is seen before it is complete. */
  const compress = async (name: string, between: () => Promise<unknown> | unknown = () => {}) => {
    const packed = gzipSync(readFileSync(at(name)));
    writeFileSync(at(`${name}.gz`), packed.subarray(0, packed.length >> 1));
    await between();
    appendFileSync(at(`${name}.gz`), packed.subarray(packed.length >> 1));
    rmSync(at(name));
  };

  test.each([3, 500])('of what was read (%i lines) are not read again, also after a checkpoint', async (count) => {
    writeFileSync(at('a.log'), text(long('a', count)));
    const tail = follow('*.log*', { settleMs: 0 });
    await lines(tail, count);
    const next = lines(tail, 1);
    renameSync(at('a.log'), at('a.log.1'));
    await compress('a.log.1', () => new Promise((resolve) => setTimeout(resolve, 300)));
    await expect.poll(() => logs.join()).toMatch(/a.log.1.gz is a copy of a.log/);
    writeFileSync(at('a.log'), 'new\n');
    expect(await next).toEqual(['new']);
    renameSync(at('a.log.1.gz'), at('a.log.2.gz'));
    expect(await takeTo(tail, 'a.log')).toEqual([]);
    const position = saved(tail);
    await tail.close();
    expect(await takeTo(follow('*.log*', { start: position }), 'a.log')).toEqual([]);
  });

  test.each(['*.log*', 'a.log'])('of what was not read to its end while nobody read are read on (%s)', async (pattern) => {
    writeFileSync(at('a.log'), text(long('a')));
    const first = follow(pattern, { batchSize: 150 });
    await lines(first, 150);
    const position = saved(first);
    await first.close();
    renameSync(at('a.log'), at('a.log.1'));
    await compress('a.log.1');
    writeFileSync(at('a.log'), 'new\n');
    const second = follow(pattern, { start: position });
    expect((await lines(second, 51)).sort()).toEqual(long('a').slice(150).concat('new').sort());
    expect(await takeTo(second, 'a.log')).toEqual([]);
    expect(logs.join()).toMatch(/a.log.1.gz is a copy of a.log: reading continues in it at line 151/);
  });
});

describe('what is cut off before it is read', () => {
  test('is counted and told', async () => {
    writeFileSync(at('a.log'), text(long('a', 100)));
    const tail = follow('a.log', { batchSize: 100 });
    await lines(tail, 100);
    tail.position();
    // It is seen, but not read, because the batch is full.
    appendFileSync(at('a.log'), text(long('seen', 100_000)));
    await lines(tail, 100);
    const { waiting } = tail.backlog();
    expect(waiting).toBeGreaterThan(0);
    truncateSync(at('a.log'));
    appendFileSync(at('a.log'), 'new\n');
    const rows: string[] = [];
    while (rows.at(-1) !== 'new') rows.push(...(await tail.read())!.rows.map((row) => String(row['line'])));
    expect(tail.backlog().lost ?? 0).toBeGreaterThan(0);
    expect(logs.join()).toMatch(/a.log was cut off: it is read from its beginning again. At least [\d,]+ bytes were lost/);
    expect(saved(tail)).toMatchObject({ lost: tail.backlog().lost });
  });

  test('is counted where it is found only by the next run', async () => {
    writeFileSync(at('a.log'), text(long('a', 100)));
    const first = follow('a.log', { batchSize: 10 });
    await lines(first, 10);
    const position = saved(first);
    await first.close();
    writeFileSync(at('a.log'), 'new\n');
    const second = follow('a.log', { start: position });
    expect(await lines(second, 1)).toEqual(['new']);
    expect(second.backlog().lost).toBe(text(long('a', 100).slice(10)).length);
    expect(logs.join()).toMatch(/a.log was cut off or written anew since it was read up to line 11/);
  });

  test('shows by the bytes before, where a file was written anew with the same beginning and grew', async () => {
    const head = 'x'.repeat(2000);
    writeFileSync(at('a.log'), `${head}\none\n`);
    const tail = follow('a.log');
    await lines(tail, 2);
    tail.position();
    writeFileSync(at('a.log'), `${head}\ntwo, and longer than before\n`);
    expect((await lines(tail, 2))[1]).toBe('two, and longer than before');
  });
});

test('goes on from positions of older checkpoints', async () => {
  writeFileSync(at('a.log'), 'one\ntwo\n');
  const { ino } = statSync(at('a.log'));
  const sha1 = createHash('sha1').update('one\n').digest('hex');
  const start = { files: [{ name: 'a.log', inode: String(ino), offset: 4, line: 2, head: { bytes: 4, sha1 } }] };
  renameSync(at('a.log'), at('a.log.1'));
  expect(await take(follow('a.log', { start }), 1)).toEqual(['a.log:2 two']);
});

test('keeps positions of a bounded number of files that have gone', async () => {
  const tail = follow('*.log', { settleMs: 0 });
  for (let i = 0; i < 150; i++) {
    writeFileSync(at(`${i}.log`), `${i}\n`);
    await lines(tail, 1);
    rmSync(at(`${i}.log`));
  }
  await takeTo(tail, 'end.log');
  const next = tail.read();
  await expect.poll(() => (tail.position() as { files: unknown[] }).files.length).toBeLessThan(110);
  stop.abort();
  await next;
});
