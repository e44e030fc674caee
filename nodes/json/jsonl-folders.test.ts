import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SinkRun, type SinkSpec } from '@millrace/kit/testing/sink-run';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Row, Schema } from '../../model/values/types.ts';
import jsonlOutput from './jsonl-output.ts';

const schema: Schema = { columns: ['k', 'n'].map((name) => ({ name, type: 'integer', nullable: true })) };
const folders = [{ column: 'k', by: 'value', name: null }];
const spec = (params = {}): SinkSpec => ({ definition: jsonlOutput, params: { path: 'out/rows.jsonl', folders, ...params } });
const rows = (from: number, to: number, keys: number): Row[] => Array.from({ length: to - from }, (_, i) => ({ k: (from + i) % keys, n: from + i }));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-folders-'));
  mkdirSync(join(root, 'out'));
});
afterEach(() => rmSync(root, { recursive: true }));

const everything = () => readdirSync(join(root, 'out'), { recursive: true, encoding: 'utf8' }).sort();
const numbers = (k: unknown, unpack = (bytes: Buffer) => bytes) =>
  unpack(readFileSync(join(root, 'out', `k=${k}`, 'rows.jsonl')))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).n as number);
const openFiles = () => readdirSync('/proc/self/fd').length;

it.skipIf(process.platform !== 'linux')('keeps a few of very many files open, and each row in its own', async () => {
  const keys = 80;
  const before = openFiles();
  const run = new SinkRun(root, { commits: 'end' });
  const writer = await run.open(spec({ compress: true }), schema);
  for (let at = 0; at < 800; at += 100) {
    await writer.write(rows(at, at + 100, keys));
    expect(openFiles() - before).toBeLessThan(70);
  }
  await writer.commit();
  await run.close();
  for (let k = 0; k < keys; k++) expect(numbers(k, gunzipSync)).toEqual(Array.from({ length: 10 }, (_, i) => k + i * keys));
  expect(everything()).toHaveLength(2 * keys);
  expect(openFiles()).toBe(before);
});

it('leaves folders and files as they were when a run fails', async () => {
  mkdirSync(join(root, 'out/k=1'));
  writeFileSync(join(root, 'out/k=1/rows.jsonl'), '{"k":1,"n":-1}\n');
  const run = new SinkRun(root, { commits: 'end' });
  const writer = await run.open(spec(), schema);
  await writer.write(rows(0, 100, 70));
  await writer.abort();
  await run.close();
  expect(everything()).toEqual(['k=1', 'k=1/rows.jsonl']);
  expect(numbers(1)).toEqual([-1]);
});

it('clears up after a killed run, also in folders that get no rows', async () => {
  const killed = new SinkRun(root);
  const writer = await killed.open(spec(), schema);
  await writer.write(rows(0, 3, 3));
  killed.kill();
  expect(everything().filter((name) => name.endsWith('millrace-part'))).toHaveLength(3);
  const run = new SinkRun(root);
  const next = await run.open(spec(), schema);
  await next.write([{ k: 7, n: 7 }]);
  await next.commit();
  await run.close();
  expect(everything().filter((name) => /rows|part/.test(name))).toEqual(['k=7/rows.jsonl']);
});

it('goes back to an older checkpoint in all files, and refuses what nobody can account for', async () => {
  const first = new SinkRun(root);
  const writer = await first.open(spec({ mode: 'append' }), schema);
  await writer.write(rows(0, 4, 2));
  const token = (await writer.prepare?.(1)) ?? null;
  await writer.commit(1);
  await writer.write(rows(4, 9, 3));
  await writer.prepare?.(2);
  await writer.commit(2);
  await first.close();
  expect(numbers(0)).toEqual([0, 2, 6]);

  const run = new SinkRun(root);
  const again = await run.open(spec({ mode: 'append' }), schema, { checkpoint: 1, token, isOlder: true });
  expect(run.logs).toHaveLength(2);
  await again.write([{ k: 0, n: 4 }]);
  // Its rows are those of the second checkpoint, or another program's.
  expect(() => again.write([{ k: 2, n: 5 }])).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code: 'file/added-to' }) }));
  rmSync(join(root, 'out/k=2'), { recursive: true });
  await again.write([{ k: 2, n: 5 }]);
  await again.commit(2);
  await run.close();
  expect([0, 1, 2].map((k) => numbers(k))).toEqual([[0, 2, 4], [1, 3], [5]]);
});

it('fails rows whose folder can have no name, and tells of folders that are missing', async () => {
  const text: Schema = { columns: [{ name: 'k', type: 'string', nullable: true }] };
  const run = new SinkRun(root);
  const writer = await run.open(spec(), text);
  await writer.write([{ k: 'x'.repeat(300) }, { k: 'short' }, { k: '../../up' }]);
  await writer.commit();
  await run.close();
  expect(run.failures).toMatchObject([{ code: 'file/folder-name' }]);
  expect(everything()).toEqual(['k=..%2F..%2Fup', 'k=..%2F..%2Fup/rows.jsonl', 'k=short', 'k=short/rows.jsonl']);
  expect(existsSync(join(root, 'up'))).toBe(false);
  await expect(new SinkRun(root).open(spec({ path: 'none/rows.jsonl' }), schema)).rejects.toMatchObject({ problem: { code: 'file/folder-missing' } });
});

it('refuses a file that another sink of the run writes', async () => {
  const run = new SinkRun(root);
  const writer = await run.open(spec(), schema);
  await writer.write([{ k: 1, n: 1 }]);
  await expect(run.open(spec({ folders: [], path: 'out/k=1/rows.jsonl' }), schema)).rejects.toMatchObject({ problem: { code: 'file/used-twice' } });
  await run.close();
});
