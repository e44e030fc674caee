/** Failed rows that a stream takes up itself, through the state it goes on with: real runs, and kills at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import type { Pipeline, PipelineNode } from '../../engine/document/pipeline.ts';
import { CheckpointStore } from '../../engine/store/checkpoints.ts';
import { stateFolder } from '../../engine/store/data-folder.ts';
import { RunHistoryStore } from '../../engine/store/run-history.ts';
import { entryFile } from '../../engine/threads.ts';
import { dataFolder, millrace } from '../command-line.ts';
import { contents, newFolder, node, pipeline } from './run-trial.ts';

const day = Date.UTC(2026, 0, 1);
const windowMs = 60_000;
const strict =
  'export default (row) => {\n  if (!/^\\d+$/.test(row.price)) throw new Error(`No price: ${row.price}`);\n  return { time: row.time, shop: row.shop, price: Number(row.price) };\n};\n';
const mended = "export default (row) => ({ time: row.time, shop: row.shop, price: Number(row.price.replace('x', '')) });\n";
/** Takes its time with rows that failed before, so that kills find it at them. */
const slowlyMended = mended
  .replace('=> ({', "=> { if (row.price.startsWith('x')) { let n = 0; for (let i = 0; i < 300000; i++) n += i % 7; if (n < 0) throw n; } return ({")
  .replace('});', '}); };');
const half = strict.replace(
  'if (',
  "if (Number(row.price.replace('x', '')) % 10 === 0) throw new Error('Still none');\n  row = { ...row, price: row.price.replace('x', '') };\n  if (",
);

let folder: string;
let started: ChildProcess[];
beforeEach(() => {
  folder = newFolder();
  started = [];
});
afterEach(() => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) kill(child);
  rmSync(folder, { recursive: true, force: true });
});

interface Sale {
  readonly time: number;
  readonly shop: string;
  readonly price: number;
}
const sales = (from: number, count: number): Sale[] =>
  Array.from({ length: count }, (_, i) => ({ time: day + (from + i) * 250, shop: `s${(from + i) % 7}`, price: from + i + 1 }));
/** Every fifth price is one that the strict code refuses. */
function append(rows: readonly Sale[], name = 'sales.jsonl'): void {
  const lines = rows.map(({ time, shop, price }) =>
    JSON.stringify({ time: new Date(time).toISOString(), shop, price: `${price % 5 === 0 ? 'x' : ''}${price}` }),
  );
  appendFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
}
/** What windows over these rows hold, as the mended pipeline gives it. */
function sums(rows: readonly Sale[]): string[] {
  const found = new Map<string, { rows: number; sum: number }>();
  for (const { time, shop, price } of rows) {
    const key = `${new Date(time - (time % windowMs)).toISOString()} ${shop}`;
    const before = found.get(key) ?? { rows: 0, sum: 0 };
    found.set(key, { rows: before.rows + 1, sum: before.sum + price });
  }
  return [...found].map(([key, { rows: number, sum }]) => `${key} ${number} ${sum}`).sort();
}
const tables = (name: string) => contents(join(folder, name)) as { readonly [table: string]: { readonly [column: string]: any }[] };
const written = () =>
  (tables('out.db')['sums'] ?? []).map(({ window_start, shop, rows, sum }) => `${new Date(window_start).toISOString()} ${shop} ${rows} ${sum}`).sort();
const kept = () => (existsSync(join(folder, 'trial.errors.db')) ? (tables('trial.errors.db')['errors'] ?? []) : []);
const waiting = () => kept().filter(({ replayed_at, superseded_at }) => replayed_at === null && superseded_at === null);
const save = (document: Pipeline) => writeFileSync(join(folder, 'trial.millrace.json'), formatPipeline(document));

const tail = (outOfOrder: number, params: PipelineNode['params'] = {}) =>
  node('file-tail', {
    path: 'sales.jsonl',
    types: [
      { column: 'price', type: 'string' },
      { column: 'time', type: 'timestamp' },
    ],
    eventTime: 'column',
    timeColumn: 'time',
    outOfOrder,
    ...params,
  });
const hour = 3_600_000;
function stream(code: string, { outOfOrder = 24 * hour }: { readonly outOfOrder?: number } = {}): Pipeline {
  const windows = node('aggregate', {
    groupBy: ['shop'],
    aggregations: [
      { function: 'count', name: 'rows' },
      { function: 'sum', column: 'price', name: 'sum' },
    ],
    window: 'tumbling',
    every: windowMs,
  });
  const nodes = {
    tail: tail(outOfOrder),
    prices: node('code', { code }, 'keep'),
    windows,
    table: node('sqlite-table', { path: 'out.db', table: 'sums', mode: 'append' }),
  };
  return pipeline(nodes, ['tail -> prices', 'prices -> windows', 'windows -> table']);
}

/** In a group of its own, so that it can be killed with the process of its run. */
function start(...options: readonly string[]): ChildProcess & { summary(): Promise<any>; readonly code: Promise<number | null> } {
  const child = spawn(process.execPath, [entryFile('cli'), 'run', 'trial.millrace.json', '--json', '--checkpoint-every', '200ms', ...options], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MILLRACE_DATA: dataFolder },
  });
  started.push(child);
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  const code = new Promise<number | null>((done) => child.on('close', done));
  return Object.assign(child, { code, summary: () => code.then(() => JSON.parse(text)) });
}
function kill(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It was gone before.
  }
}
async function until(test: () => boolean, run?: { readonly code: Promise<number | null> }): Promise<void> {
  let hasEnded = false;
  void run?.code.then(() => {
    hasEnded = true;
  });
  while (!test()) {
    if (hasEnded && !test()) throw new Error('The run ended before that');
    await sleep(50);
  }
}
/** Lets the run read all there is, so that nothing but `replays` is to come, and stops it with a checkpoint. */
async function stop(run: ReturnType<typeof start>): Promise<any> {
  run.kill('SIGINT');
  return run.summary();
}
const drain = async (run: ReturnType<typeof start>) => {
  const { code, errors } = await millrace(['runs', 'stop', join(folder, 'trial.millrace.json'), '--drain'], folder);
  expect([code, errors]).toEqual([0, '']);
  return run.summary();
};
async function readings(run: ReturnType<typeof start>, rows: number): Promise<void> {
  for (;;) {
    const { output } = await millrace(['runs', '--json'], folder);
    const found = JSON.parse(output).find(({ path, endedAt }: any) => path === join(folder, 'trial.millrace.json') && endedAt === null);
    if ((found?.stats.tail?.out.rows ?? 0) >= rows) return;
    if (run.exitCode !== null) throw new Error('The run ended before that');
  }
}

describe('a stream that takes failed rows up', { timeout: 600_000 }, () => {
  it('has in its windows what it would have had, each row once', async () => {
    append(sales(0, 2000));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 400, first);
    expect((await stop(first)).state).toBe('stopped');

    save(stream(mended));
    const refused = await millrace(['replay', 'trial.millrace.json', '--json'], folder);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.output).refused).toMatchObject([
      { code: 'replay/stateful', hint: expect.stringContaining('millrace run trial.millrace.json --replay-errors') },
    ]);

    const second = start('--replay-errors');
    append(sales(2000, 500));
    await until(() => waiting().length === 0, second);
    await readings(second, 2500);
    const summary = await drain(second);
    expect(summary).toMatchObject({
      state: 'done',
      replayed: [{ node: 'prices', replayed: 400, left: 0 }],
      stats: { windows: { late: 0 }, errors_replay: { out: { rows: 400 } } },
    });
    expect(written()).toEqual(sums(sales(0, 2500)));

    // Nothing is left of it: neither for a run that is asked for more, nor for one that is not.
    const third = start('--replay-errors');
    append(sales(2500, 100));
    await readings(third, 100);
    expect((await drain(third)).stats.errors_replay).toBeUndefined();
    expect(kept().every(({ replayed_at }) => replayed_at !== null)).toBe(true);
  });

  it('has each row once, however often it is killed, and whether or not it is told to go on with them', async () => {
    const many = 20_000;
    append(sales(0, many));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === many / 5, first);
    await stop(first);
    save(stream(slowlyMended));
    let rows = many;
    let hits = 0;
    for (let attempt = 0; attempt < 8 && waiting().length > 0; attempt++) {
      const before = waiting().length;
      const run = attempt % 4 === 3 ? start() : start('--replay-errors');
      append(sales(rows, 20));
      rows += 20;
      // At any moment, or soon after the first rows were marked.
      const moment = (attempt * 7919) % 1700;
      if (attempt % 2 === 0) await Promise.race([run.code, sleep(700 + moment)]);
      else if (attempt % 4 === 3) await sleep(moment);
      else await until(() => waiting().length < before, run).then(() => sleep(moment / 5));
      kill(run);
      await run.code;
      const left = waiting().length;
      if (left > 0 && left < before) hits++;
    }
    expect(hits).toBeGreaterThan(0);
    const last = start('--replay-errors');
    append(sales(rows, 100));
    await until(() => waiting().length === 0, last);
    await readings(last, rows + 100);
    expect(await drain(last)).toMatchObject({ state: 'done', stats: { windows: { late: 0 } } });
    expect(written()).toEqual(sums(sales(0, rows + 100)));
    expect(kept().filter(({ replayed_at }) => replayed_at === null)).toEqual([]);
  });

  it('keeps those that fail again as new rows, and takes them up when it is mended better', async () => {
    append(sales(0, 400));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 80, first);
    await stop(first);
    save(stream(half));
    const second = start('--replay-errors');
    await until(() => waiting().length === 40 && kept().length === 120, second);
    const summary = await stop(second);
    expect(summary).toMatchObject({ state: 'stopped', replayed: [{ node: 'prices', replayed: 80, failedAgain: 40, left: 0 }] });
    expect(waiting().every(({ replay_of, error, line }) => replay_of !== null && error === 'Still none.' && line !== null)).toBe(true);
    save(stream(mended));
    const third = start('--replay-errors');
    await until(() => waiting().length === 0, third);
    await drain(third);
    expect(written()).toEqual(sums(sales(0, 400)));
  });

  it('has rows once that were replayed after the checkpoint that it goes on from, also when it is killed at going back', async () => {
    append(sales(0, 400));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 80, first);
    await stop(first);
    const checkpoints = new CheckpointStore(stateFolder(dataFolder, join(folder, 'trial.millrace.json')));
    const before = checkpoints.list()[0]!.id;
    save(stream(mended));
    const second = start('--replay-errors', '--keep-checkpoints', '1000');
    await until(() => waiting().length === 0, second);
    await stop(second);
    expect(kept().every(({ replayed_by, replayed_with }) => replayed_by === checkpoints.lineage() && replayed_with > before)).toBe(true);

    // It dies when the later checkpoints are gone, and the rows do not wait yet.
    const other = new Database(join(folder, 'trial.errors.db'));
    other.exec('BEGIN IMMEDIATE');
    const third = start('--from', String(before), '--accept-duplicates');
    await until(() => checkpoints.list()[0]!.id === before, third);
    kill(third);
    await third.code;
    other.exec('ROLLBACK');
    other.close();
    expect(waiting()).toEqual([]);
    const fourth = start('--accept-duplicates');
    await until(() => waiting().length === 80, fourth);
    const { id } = await stop(fourth);
    const history = RunHistoryStore.open(dataFolder);
    const logs = history.logs(id).map(({ message }) => message);
    history.close();
    expect(logs.filter((message) => message.startsWith(`80 rows that were replayed after checkpoint ${before} wait`))).toHaveLength(1);
    const fifth = start('--replay-errors', '--accept-duplicates');
    await until(() => waiting().length === 0, fifth);
    await drain(fifth);
    expect(written()).toEqual(sums(sales(0, 400)));
  });

  it('treats rows as late that are too old by then', async () => {
    append(sales(0, 2000));
    save(stream(strict, { outOfOrder: 0 }));
    const first = start();
    await until(() => waiting().length === 400, first);
    await stop(first);
    save(stream(mended, { outOfOrder: 0 }));
    const second = start('--replay-errors');
    await until(() => waiting().length === 0, second);
    const { stats } = await drain(second);
    // The last window is still open: eight minutes and twenty seconds of sales are there.
    const open = sales(0, 2000).filter(({ time, price }) => price % 5 === 0 && time >= day + 8 * windowMs).length;
    expect(open).toBeGreaterThan(0);
    expect(stats.windows.late).toBe(400 - open);
    expect(written()).toEqual(sums(sales(0, 2000).filter(({ time, price }) => price % 5 !== 0 || time >= day + 8 * windowMs)));
  });

  it('goes on in the background with them in one step where it runs', async () => {
    append(sales(0, 1000));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 200, first);
    save(stream(mended));
    const { code, output } = await millrace(['replay', 'trial.millrace.json', '--restart', '--json'], folder);
    const result = JSON.parse(output);
    expect([code, result]).toMatchObject([0, { state: 'running', nodes: [{ node: 'prices', replayed: 200, left: 0 }], refused: [] }]);
    expect((await first.summary()).state).toBe('stopped');
    expect(waiting()).toEqual([]);
    const { code: stopped } = await millrace(['runs', 'stop', result.run, '--drain'], folder);
    expect(stopped).toBe(0);
    expect(written()).toEqual(sums(sales(0, 1000)));
  });

  it('takes rows up at the input at which they failed', async () => {
    const line = (id: number) => `${JSON.stringify({ time: new Date(day + id * 1000).toISOString(), id })}\n`;
    for (const name of ['left', 'right']) writeFileSync(join(folder, `${name}.jsonl`), Array.from({ length: 60 }, (_, i) => line(i)).join(''));
    const side = (path: string) =>
      node('file-tail', { path, types: [{ column: 'time', type: 'timestamp' }], eventTime: 'column', timeColumn: 'time', outOfOrder: hour });
    // Rows without a time fail at the join, on both sides.
    const timeless = (every: number) => node('code', { code: `export default (row) => ({ id: row.id, time: row.id % ${every} === 0 ? null : row.time });\n` });
    const both = node('stream-join', { kind: 'inner', keys: [{ left: 'id', right: 'id' }], before: hour, after: hour }, 'keep');
    const nodes = {
      left: side('left.jsonl'),
      right: side('right.jsonl'),
      a: timeless(10),
      b: timeless(15),
      both,
      table: node('sqlite-table', { path: 'out.db', table: 'sums', mode: 'append' }),
    };
    save(pipeline(nodes, ['left -> a', 'right -> b', 'a -> both.left', 'b -> both.right', 'both -> table']));
    const first = start();
    await until(() => waiting().length === 10, first);
    await stop(first);
    const count = (port: string) => kept().filter((row) => row['port'] === port).length;
    expect([count('left'), count('right')]).toEqual([6, 4]);

    // What fails for ever as it is, the rows themselves may be mended for.
    const errors = new Database(join(folder, 'trial.errors.db'));
    errors.exec(`UPDATE errors SET row = json_set(row, '$.time', ${day} + 1000 * json_extract(row, '$.id'))`);
    errors.close();
    const second = start('--replay-errors');
    await until(() => waiting().length === 0, second);
    expect((await drain(second)).stats).toMatchObject({ errors_replay: { out: { rows: 6 } }, errors_replay_2: { out: { rows: 4 } } });
    const ids = tables('out.db')
      ['sums']!.map((row) => row['id'] as number)
      .sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 60 }, (_, i) => i));

    // Rows of earlier versions do not say where they failed.
    const older = new Database(join(folder, 'trial.errors.db'));
    older.exec('UPDATE errors SET replayed_at = NULL WHERE id = 1; ALTER TABLE errors DROP COLUMN port');
    older.close();
    const { code, output } = await millrace(['run', 'trial.millrace.json', '--replay-errors', '--explain'], folder);
    expect([code, output.includes('errors_replay')]).toEqual([0, false]);
    const { output: told } = await millrace(['replay', 'trial.millrace.json', '--json', '--dry-run'], folder);
    expect(JSON.parse(told).waiting).toMatchObject([
      { node: 'both', rows: 1, problem: { code: 'replay/port', hint: expect.stringContaining('earlier version') } },
    ]);
  });

  it('leaves rows waiting that do not fit the columns any more, and goes on', async () => {
    append(sales(0, 100));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 20, first);
    await stop(first);
    const document = stream(mended);
    // The column that the node takes now is another one: what was kept does not have it.
    const renamed = mended.replace('row.price.replace', 'row.cost.replace');
    const select = node('compute', { columns: [{ name: 'cost', expression: "String(row.price || 'x1')", type: 'string' }] });
    const nodes = { ...document.nodes, cost: select, prices: node('code', { code: renamed }, 'keep') };
    save({ ...document, nodes, edges: pipeline(nodes, ['tail -> cost', 'cost -> prices', 'prices -> windows', 'windows -> table']).edges });
    const second = start('--replay-errors', '--drop-changed-state');
    append(sales(100, 10));
    await readings(second, 110);
    const { state, problems, replayed } = await stop(second);
    expect([state, replayed]).toEqual(['stopped', [{ node: 'prices', replayed: 0, failedAgain: 0, left: 20 }]]);
    expect(problems[0]).toMatchObject({ code: 'errors/column', message: expect.stringContaining('"cost"') });
    save(stream(mended));
    const third = start('--replay-errors');
    await until(() => waiting().length === 0, third);
    await drain(third);
    expect(written()).toEqual(sums(sales(0, 110)));
  });

  it('says what is wrong with an errors table that cannot be read, and starts nothing', async () => {
    append(sales(0, 50));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 10, first);
    await stop(first);
    const path = join(folder, 'trial.errors.db');
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    writeFileSync(path, 'This is no database, but a text that is long enough to be taken for one. '.repeat(100));
    const { code, output } = await millrace(['run', 'trial.millrace.json', '--replay-errors', '--json'], folder);
    expect([code, JSON.parse(output)]).toMatchObject([
      2,
      { state: 'refused', problems: [{ code: 'errors/unreadable', message: expect.stringContaining('trial.errors.db') }] },
    ]);
  });

  it('waits for another program that holds the errors table', async () => {
    append(sales(0, 50));
    save(stream(strict));
    const first = start();
    await until(() => waiting().length === 10, first);
    await stop(first);
    save({ ...stream(mended), nodes: { ...stream(mended).nodes, prices: node('code', { code: mended }, 'skip') } });
    const other = new Database(join(folder, 'trial.errors.db'));
    other.exec('BEGIN IMMEDIATE');
    const second = start('--replay-errors', '--drop-changed-state');
    await readings(second, 0);
    await sleep(500);
    other.exec('ROLLBACK');
    other.close();
    await until(() => waiting().length === 0, second);
    await drain(second);
    expect(written()).toEqual(sums(sales(0, 50)));
  });

  it('does not replay rows again that were committed and not yet marked when it was killed, though it goes on without them', async () => {
    append(sales(0, 50));
    const totals = node('running-aggregate', { aggregations: [{ function: 'count', column: null, name: 'rows' }] });
    const running = (code: string, policy: 'keep' | 'skip') => {
      const nodes = { ...stream(code).nodes, prices: node('code', { code }, policy), windows: totals };
      return pipeline(nodes, ['tail -> prices', 'prices -> windows', 'windows -> table']);
    };
    save(running(strict, 'keep'));
    const first = start();
    await until(() => waiting().length === 10, first);
    await stop(first);
    // What is skipped needs no errors table: the run only reads it, until it marks the rows.
    save(running(mended, 'skip'));
    const other = new Database(join(folder, 'trial.errors.db'));
    other.exec('BEGIN IMMEDIATE');
    const second = start('--replay-errors', '--drop-changed-state');
    await until(() => tables('out.db')['sums']!.length === 50, second);
    kill(second);
    await second.code;
    other.exec('ROLLBACK');
    other.close();
    expect(waiting()).toHaveLength(10);
    // Beside it they would be replayed once more.
    const { code, output } = await millrace(['replay', 'trial.millrace.json', '--json'], folder);
    expect([code, JSON.parse(output).nodes]).toEqual([2, []]);
    const third = start();
    await until(() => waiting().length === 0, third);
    append(sales(50, 4));
    await readings(third, 54);
    await stop(third);
    const written = tables('out.db')['sums']!.map(({ price, rows }) => [price, rows]);
    expect(written.map(([price]) => price).sort((a, b) => a - b)).toEqual(Array.from({ length: 54 }, (_, i) => i + 1));
    expect(written.map(([, rows]) => rows)).toEqual(Array.from({ length: 54 }, (_, i) => i + 1));
  });
});
