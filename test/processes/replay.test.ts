/** Rows that failed, kept in the errors table and replayed by the real command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import type { Pipeline, PipelineNode } from '../../engine/document/pipeline.ts';
import { entryFile } from '../../engine/threads.ts';
import { dataFolder, millrace } from '../command-line.ts';
import { contents, newFolder, node, pipeline } from './run-trial.ts';

const strict =
  'export default (row) => {\n  if (!/^\\d+$/.test(row.price)) throw new Error(`No price: ${row.price}`);\n  return { id: row.id, cents: Number(row.price) * 100 };\n};\n';
const mended = "export default (row) => ({ id: row.id, cents: Math.round(Number(row.price.replace('x', '')) * 100) });\n";
const half =
  "export default (row) => {\n  if (row.id % 2 === 0 && row.price.startsWith('x')) throw new Error('Still no price');\n  return { id: row.id, cents: Number(row.price.replace('x', '')) * 100 };\n};\n";

let folder: string;
const children = new Set<ChildProcess>();
beforeEach(() => {
  folder = newFolder();
});
afterEach(async () => {
  for (const child of children) {
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
});

const sink = (params: PipelineNode['params'] = {}) => node('sqlite-table', { path: 'out.db', table: 'prices', mode: 'append', ...params });
function trial(code: string, nodes: Pipeline['nodes'] = {}, edges: readonly string[] = ['file -> prices', 'prices -> table']): Pipeline {
  const prices = node('code', { code }, 'keep');
  return pipeline({ file: node('csv-file', { path: 'orders.csv', types: [{ column: 'price', type: 'string' }] }), prices, table: sink(), ...nodes }, edges);
}
const save = (document: Pipeline) => writeFileSync(join(folder, 'trial.millrace.json'), formatPipeline(document));
/** Every fifth row has a price that the strict code refuses. */
function orders(count: number): void {
  const lines = Array.from({ length: count }, (_, i) => `${i + 1},${(i + 1) % 5 === 0 ? 'x' : ''}${i + 1}`);
  writeFileSync(join(folder, 'orders.csv'), `id,price\n${lines.join('\n')}\n`);
}
const tables = (name: string) => contents(join(folder, name)) as { readonly [table: string]: { readonly [column: string]: any }[] };
const ids = () => tables('out.db')['prices']!.map(({ id }) => id as number);
const kept = () => tables('trial.errors.db')['errors'] ?? []; // the file is there before its table is
const waiting = () => kept().filter(({ replayed_at, superseded_at }) => replayed_at === null && superseded_at === null);
const all = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
async function run(): Promise<void> {
  const { code, output, errors } = await millrace(['run', 'trial.millrace.json', '--json'], folder);
  expect([code, errors], output).toEqual([0, '']);
}
async function replay(...options: string[]) {
  const { code, output, errors } = await millrace(['replay', 'trial.millrace.json', '--json', ...options], folder);
  return { code, errors, result: JSON.parse(output) };
}

/** In a group of its own, so that it can be killed with the process of its run; at the end of the test at the latest. */
function start(...command: ['replay'] | ['run', '--checkpoint-every', '200ms']): ChildProcess {
  const child = spawn(process.execPath, [entryFile('cli'), ...command, 'trial.millrace.json', '--json'], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, MILLRACE_DATA: dataFolder },
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

describe('rows that failed', () => {
  it('are kept with their reasons, replayed when the node is mended, and only once', async () => {
    orders(20);
    save(trial(strict));
    await run();
    expect(sorted(ids())).toEqual(all(20).filter((id) => id % 5 !== 0));
    expect(kept()).toMatchObject([
      { id: 1, pipeline: 'Trial', node: 'prices', error: 'No price: x5.', code: 'code/threw', line: 6, row: '{"id":5,"price":"x5"}', replayed_at: null },
      { id: 2, line: 11 },
      { id: 3, line: 16 },
      { id: 4, line: 21 },
    ]);
    expect(kept()[0]!['source']).toBe('orders.csv');

    const plan = await replay('--dry-run');
    expect(plan).toMatchObject({ code: 0, result: { waiting: [{ node: 'prices', rows: 4, problem: null }] } });
    expect(waiting()).toHaveLength(4);

    save(trial(mended));
    expect(await replay('--only', '2')).toMatchObject({ code: 0, result: { nodes: [{ node: 'prices', replayed: 1, failedAgain: 0, left: 3 }] } });
    expect(sorted(ids())).toEqual(all(20).filter((id) => id % 5 !== 0 || id === 10));
    expect(await replay()).toMatchObject({ code: 0, result: { nodes: [{ node: 'prices', replayed: 3, failedAgain: 0, left: 0 }] } });
    expect(sorted(ids())).toEqual(all(20));
    expect(tables('out.db')['prices']!.find(({ id }) => id === 5)).toEqual({ id: 5, cents: 500 });
    expect(await replay()).toMatchObject({ code: 0, result: { waiting: [] } });
    expect(sorted(ids())).toEqual(all(20));
    expect(waiting()).toEqual([]);
  });

  it('that fail again are kept as new rows, which say of which they are', async () => {
    orders(20);
    save(trial(strict));
    await run();
    save(trial(half));
    expect(await replay()).toMatchObject({ code: 0, result: { nodes: [{ replayed: 4, failedAgain: 2, left: 0 }] } });
    expect(waiting()).toMatchObject([
      { id: 5, replay_of: 2, error: 'Still no price.', line: 11, source: 'orders.csv' },
      { id: 6, replay_of: 4, line: 21 },
    ]);
    save(trial(mended));
    expect(await replay()).toMatchObject({ code: 0, result: { nodes: [{ replayed: 2, failedAgain: 0 }] } });
    expect(sorted(ids())).toEqual(all(20));
  });

  it('are added to files, and to tables that a run replaces', async () => {
    orders(10);
    const file = node('csv-output', { path: 'prices.csv' });
    const edges = ['file -> prices', 'prices -> table', 'prices -> written'];
    save(trial(strict, { table: sink({ mode: 'replace' }), written: file }, edges));
    await run();
    save(trial(mended, { table: sink({ mode: 'replace' }), written: file }, edges));
    expect((await replay()).code).toBe(0);
    expect(sorted(ids())).toEqual(all(10));
    expect(readFileSync(join(folder, 'prices.csv'), 'utf8').trim().split('\n').slice(-2)).toEqual(['5,500', '10,1000']);
  });

  it('are of one pipeline only, also where another of the same folder has the same name', async () => {
    orders(10);
    const both = ['one', 'other'].map((file) => `${file}.millrace.json`);
    const write = (code: string) => {
      for (const file of both) writeFileSync(join(folder, file), formatPipeline(trial(code, { table: sink({ mode: 'replace', table: file }) })));
    };
    const call = async (command: string, file: string) => JSON.parse((await millrace([command, file, '--json'], folder)).output);
    const left = (name: string) => tables(name)['errors']!.filter(({ replayed_at, superseded_at }) => replayed_at === null && superseded_at === null).length;
    write(strict);
    for (const file of both) expect(await call('run', file)).toMatchObject({ state: 'done' });
    expect([left('one.errors.db'), left('other.errors.db')]).toEqual([2, 2]);
    // Makes its own rows anew, and settles its own.
    write(mended);
    expect(await call('run', both[0]!)).toMatchObject({ state: 'done' });
    expect([left('one.errors.db'), left('other.errors.db')]).toEqual([0, 2]);
    expect(await call('replay', both[0]!)).toMatchObject({ waiting: [] });
    expect(await call('replay', both[1]!)).toMatchObject({ nodes: [{ node: 'prices', replayed: 2, left: 0 }] });
    for (const file of both) expect(sorted(tables('out.db')[file]!.map(({ id }) => id))).toEqual(all(10));
  });

  it('of earlier versions, which named the table after the pipeline, are replayed with the others', async () => {
    orders(10);
    save(trial(strict));
    await run();
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(join(folder, `trial.errors.db${end}`))) renameSync(join(folder, `trial.errors.db${end}`), join(folder, `Trial.errors.db${end}`));
    }
    await run();
    expect([waiting().length, tables('Trial.errors.db')['errors']!.length]).toEqual([2, 2]);
    save(trial(mended));
    expect((await replay('--dry-run')).result.waiting).toMatchObject([
      { file: 'trial.errors.db', rows: 2 },
      { file: 'Trial.errors.db', rows: 2 },
    ]);
    expect(await replay()).toMatchObject({
      code: 0,
      result: {
        nodes: [
          { replayed: 2, left: 0 },
          { replayed: 2, left: 0 },
        ],
      },
    });
    expect(
      ids()
        .filter((id) => id % 5 === 0)
        .sort((a, b) => a - b),
    ).toEqual([5, 5, 10, 10]);
    expect(await replay()).toMatchObject({ code: 0, result: { waiting: [] } });
    // That of a pipeline whose file has this name is its own.
    writeFileSync(join(folder, 'Trial.millrace.json'), formatPipeline(trial(strict)));
    expect((await millrace(['run', 'Trial.millrace.json'], folder)).code).toBe(0);
    expect(await replay()).toMatchObject({ code: 0, result: { waiting: [] } });
  });

  it('of a run that was done anew, and replaced what it wrote, wait no longer', async () => {
    orders(10);
    save(trial(strict, { table: sink({ mode: 'replace' }) }));
    await run();
    await run();
    expect([kept().length, waiting().length]).toEqual([4, 2]);
    save(trial(mended, { table: sink({ mode: 'replace' }) }));
    await run();
    expect(waiting()).toEqual([]);
    expect(await replay()).toMatchObject({ code: 0, result: { waiting: [] } });
    expect(sorted(ids())).toEqual(all(10));
  });

  it('are not replayed into what counts with other rows, nor those of sources', async () => {
    orders(10);
    writeFileSync(join(folder, 'orders.csv'), `${readFileSync(join(folder, 'orders.csv'), 'utf8')}11,"12" more\n`);
    const sums = node('aggregate', { groupBy: [], aggregations: [{ function: 'count' }] });
    const document = trial(strict, { sums, file: node('csv-file', { path: 'orders.csv', types: [{ column: 'price', type: 'string' }] }, 'keep') }, [
      'file -> prices',
      'prices -> sums',
      'sums -> table',
    ]);
    save(document);
    await run();
    const before = tables('out.db');
    const { code, result } = await replay();
    expect(code).toBe(2);
    expect(result.nodes).toEqual([]);
    expect(result.refused.map(({ code: problem, node: where }: { code: string; node: string }) => [problem, where])).toEqual([
      ['replay/stateful', 'sums'],
      ['replay/source', 'file'],
    ]);
    expect(tables('out.db')).toEqual(before);
    expect(waiting()).toHaveLength(3);
    // Rows of sources never can be, and make no replay of the others fail.
    const { prices, file } = document.nodes;
    save(trial(mended, { file: file!, table: sink({ table: 'mended' }), prices: { ...prices!, params: { code: mended } } }));
    expect(await replay()).toMatchObject({ code: 0, result: { nodes: [{ node: 'prices', replayed: 2 }], refused: [{ code: 'replay/source' }] } });
    expect((await replay('--node', 'file')).code).toBe(2);
  });

  it('are not marked when the replay fails, and leave nothing behind', async () => {
    orders(20);
    save(trial(strict));
    await run();
    const document = trial(half);
    save({ ...document, nodes: { ...document.nodes, prices: node('code', { code: half }) } });
    expect(await replay()).toMatchObject({ code: 1, result: { nodes: [{ replayed: 0, state: 'failed' }] } });
    expect(waiting()).toHaveLength(4);
    expect(sorted(ids())).toEqual(all(20).filter((id) => id % 5 !== 0));
    save(trial(mended));
    expect((await replay()).code).toBe(0);
    expect(sorted(ids())).toEqual(all(20));
    await run();
  });

  it('are replayed once each, however often the replay is killed', { timeout: 600_000 }, async () => {
    const count = 20_000;
    orders(count);
    const file = node('jsonl-output', { path: 'prices.jsonl' });
    const edges = ['file -> prices', 'prices -> table', 'prices -> written'];
    save(trial(strict, { written: file }, edges));
    await run();
    expect(waiting()).toHaveLength(count / 5);
    const slow = mended
      .replace('=> ({', '=> { let n = 0; for (let i = 0; i < 900000; i++) n += i % 7; if (row.id % 1000 === 0) throw new Error(`never ${n}`); return ({')
      .replace('});', '}); };');
    save(trial(slow, { written: file }, edges));
    let kills = 0;
    for (let attempt = 0; attempt < 4; attempt++) {
      const child = start('replay');
      const ended = new Promise<number | null>((done) => child.on('close', done));
      const winner = await Promise.race([ended, sleep(500 + ((attempt * 7919) % 1500)).then(() => 'kill' as const)]);
      if (winner !== 'kill') break;
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
      kills++;
    }
    expect(kills).toBeGreaterThan(1);
    const { code, result } = await replay();
    expect([code, result.refused]).toEqual([0, expect.anything()]);
    const expected = all(count).filter((id) => id % 1000 !== 0);
    expect(sorted(ids())).toEqual(expected);
    const lines = readFileSync(join(folder, 'prices.jsonl'), 'utf8').trim().split('\n');
    expect(sorted(lines.map((line) => JSON.parse(line).id))).toEqual(expected);
    // Those that fail for ever are there once, waiting; each replay puts a new one in the place of the old.
    expect(
      waiting()
        .map(({ row }) => JSON.parse(row).id)
        .sort((a, b) => a - b),
    ).toEqual(all(count).filter((id) => id % 1000 === 0));
  });
});

it('rows that were committed and not yet marked when the replay was killed are not replayed again', async () => {
  orders(20);
  save(trial(strict));
  await run();
  const document = trial(mended);
  // What is skipped needs no errors table: the replay only reads it, until it marks the rows.
  save({ ...document, nodes: { ...document.nodes, prices: node('code', { code: mended }, 'skip') } });
  const lock = new Database(join(folder, 'trial.errors.db'));
  lock.exec('BEGIN IMMEDIATE');
  const child = start('replay');
  const ended = new Promise((done) => child.on('close', done));
  while (ids().length < 20) await sleep(20);
  process.kill(-child.pid!, 'SIGKILL');
  await ended;
  lock.exec('ROLLBACK');
  lock.close();
  expect(waiting()).toHaveLength(4);
  // Whatever else the pipeline would write, the replay comes first.
  const other = await millrace(['run', 'trial.millrace.json', '--json'], folder);
  expect([other.code, JSON.parse(other.output).problems[0].code]).toEqual([1, 'replay/unfinished']);
  expect((await replay()).code).toBe(0);
  expect(sorted(ids())).toEqual(all(20));
  expect(waiting()).toEqual([]);
});

it('rows of a stream are not replayed into a file that the stream goes on to write', async () => {
  const strictly = 'export default (row) => {\n  if (row.status !== "ok") throw new Error("not ok");\n  return { time: row.time };\n};\n';
  const readings = node('generator', { endless: true, rate: 500, sensors: 3 });
  const written = node('csv-output', { path: 'readings.csv' });
  save(pipeline({ readings, good: node('code', { code: strictly }, 'keep'), written }, ['readings -> good', 'good -> written']));
  const child = start('run', '--checkpoint-every', '200ms');
  const ended = new Promise((done) => child.on('close', done));
  while (!existsSync(join(folder, 'trial.errors.db')) || waiting().length === 0) await sleep(100);
  child.kill('SIGINT');
  await ended;
  const before = readFileSync(join(folder, 'readings.csv'), 'utf8');
  const { code, result } = await replay();
  expect([code, result.refused[0].code, result.refused[0].node]).toEqual([2, 'replay/file', 'written']);
  expect(readFileSync(join(folder, 'readings.csv'), 'utf8')).toBe(before);
});

it('rows of a stream are not replayed while it goes on, as both would write to the same outputs, but when it was stopped', async () => {
  const strictly = 'export default (row) => {\n  if (row.status !== "ok") throw new Error("not ok");\n  return { time: row.time, status: row.status };\n};\n';
  const all = 'export default (row) => ({ time: row.time, status: row.status });\n';
  const readings = node('generator', { endless: true, rate: 500, sensors: 3 });
  const stream = (code: string) => pipeline({ readings, good: node('code', { code }, 'keep'), table: sink() }, ['readings -> good', 'good -> table']);
  save(stream(strictly));
  const child = start('run', '--checkpoint-every', '200ms');
  const ended = new Promise((done) => child.on('close', done));
  while (!existsSync(join(folder, 'trial.errors.db')) || waiting().length === 0) await sleep(100);
  save(stream(all));
  const refused = await replay();
  expect([refused.code, refused.result.nodes[0].problems[0].code, refused.result.nodes[0].replayed]).toEqual([1, 'run/already-running', 0]);
  child.kill('SIGINT');
  await ended;
  const count = waiting().length;
  expect(await replay()).toMatchObject({ code: 0, result: { nodes: [{ replayed: count, left: 0 }] } });
  expect(tables('out.db')['prices']!.filter(({ status }) => status !== 'ok')).toHaveLength(count);
});

it('nothing waits where nothing was kept', async () => {
  orders(4);
  save(trial(strict));
  await run();
  expect(existsSync(join(folder, 'trial.errors.db'))).toBe(true);
  const { code, output } = await millrace(['replay', 'trial.millrace.json'], folder);
  expect([code, output]).toEqual([0, 'No rows wait to be replayed in trial.errors.db.\n']);
});
