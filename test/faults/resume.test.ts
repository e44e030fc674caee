/** What a run finds when it is to go on: a pipeline that was edited, checkpoints that are damaged, outputs that somebody changed. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointStore } from '../../engine/store/checkpoints.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { type Nodes, StreamTrial } from './stream-trial.ts';
import { expectProblem } from './trial.ts';

let trial: StreamTrial;
beforeEach(() => {
  trial = new StreamTrial();
});
afterEach(() => trial.close());

const source = ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl' }] as const;
const sum = { aggregations: [{ function: 'sum', column: 'amount', name: 'total' }] };
const nodes: Nodes = { source, totals: ['running-aggregate', { keys: ['user'], ...sum }], out: ['jsonl-output', { path: 'out.jsonl' }] };
const edges = ['source -> totals', 'totals -> out'];
const withTable: Nodes = { ...nodes, table: ['sqlite-table', { path: 'out.db', table: 't', mode: 'append' }] };
const tableEdges = [...edges, 'totals -> table'];

const users = 3;
/** `user` is `id % users`, and each amount is 1: the total of a row is `id / users + 1`. */
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${JSON.stringify({ id: from + i, user: (from + i) % users, amount: 1 })}\n`).join('');
const wanted = (from: number, to: number, since = 0) =>
  Array.from({ length: to - from }, (_, i) => ({
    id: from + i,
    user: (from + i) % users,
    amount: 1,
    total: Math.floor((from + i - since) / users) + 1,
  }));
const flip = (file: string) => {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(file, bytes);
};

/** Has written 60 rows in several checkpoints, was stopped, and finds 30 more. */
async function stopped(of = nodes, along = edges, env = {}): Promise<void> {
  trial.write('in.jsonl', rows(0, 30));
  trial.pipeline(of, along);
  const run = trial.start([], env);
  await run.until(() => trial.lines('out.jsonl').length === 30);
  trial.append('in.jsonl', rows(30, 60));
  await run.until(() => trial.lines('out.jsonl').length === 60);
  await run.stop();
  trial.append('in.jsonl', rows(60, 90));
  expect(trial.checkpoints().length).toBeGreaterThan(1);
}

/** Starts it again until the file has so many rows, and gives what it said. */
async function goesOn(options: readonly string[] = [], count = 90, file = 'out.jsonl'): Promise<string> {
  const run = trial.start(options);
  await run.until(() => trial.lines(file).length === count);
  await run.stop();
  expect(trial.lines(file)).toHaveLength(count);
  return run.words;
}

/** It ends at once, with every file as it is. */
async function isRefused(wantedProblem: Parameters<typeof expectProblem>[1], options: readonly string[] = [], exitCode = 1) {
  const before = trial.snapshot('out.jsonl', 'out.db', 'more.jsonl');
  const { code, result } = await trial.runs(options);
  expect([code, result.state]).toEqual([exitCode, 'failed']);
  expectProblem(result.problems[0], wantedProblem);
  expect(trial.snapshot('out.jsonl', 'out.db', 'more.jsonl')).toEqual(before);
  return result.problems[0]!;
}

describe('a pipeline that was changed since', () => {
  test.each<[string, Nodes, readonly string[], RegExp, string, number]>([
    [
      'a param',
      { ...nodes, totals: ['running-aggregate', { keys: [], ...sum }] },
      edges,
      /"totals" \(its keys were changed from \["user"\] to \[\]\)/,
      '"source", "out"',
      30,
    ],
    [
      'the name of a node',
      { source, sums: nodes['totals']!, out: nodes['out']! },
      ['source -> sums', 'sums -> out'],
      /"totals" \(it is no longer in the pipeline\)/,
      '"source", "out"',
      10,
    ],
    ['a node taken out', { source, out: nodes['out']! }, ['source -> out'], /"totals" \(it is no longer in the pipeline\)/, '"source"', 0],
  ])('%s: says what is dropped and what goes on, and drops it when told to', async (_, after, along, dropped, carried, total) => {
    await stopped();
    trial.pipeline(after, along);
    const problem = await isRefused({ code: 'checkpoint/changed', message: dropped }, [], 2);
    expect(problem.hint).toContain(`that of ${carried}`);
    expect(problem.hint).toContain('from scratch');
    const isOutCarried = carried.includes('"out"');
    const words = await goesOn(['--drop-changed-state'], isOutCarried ? 90 : 30);
    expect(words).toMatch(/The state of "totals" was dropped: /);
    const found = trial.json('out.jsonl');
    expect(found.map(({ id }) => id)).toEqual(wanted(isOutCarried ? 0 : 60, 90).map(({ id }) => id));
    expect(found.at(-1)!['total'] ?? 0).toBe(total);
  });

  test('the version of a node type', async () => {
    await stopped();
    const store = new CheckpointStore(trial.state());
    for (const { id, bytes: _, ...head } of store.list()) {
      const shape = { ...head.shape, nodes: { ...head.shape.nodes, totals: { ...head.shape.nodes['totals']!, version: 0 } } };
      await store.write({ ...head, id, shape }, store.read(id).content);
    }
    await isRefused({ code: 'checkpoint/changed', node: 'totals', message: /"totals" \(.*version/ }, [], 2);
    await goesOn(['--drop-changed-state']);
    expect(trial.json('out.jsonl')).toEqual([...wanted(0, 60), ...wanted(60, 90, 60)]);
  });

  test('a node more: what was there goes on, and the new one begins with the rows that follow', async () => {
    await stopped();
    trial.pipeline({ ...nodes, more: ['jsonl-output', { path: 'more.jsonl' }] }, [...edges, 'source -> more']);
    expect(await goesOn()).toMatch(/"more" is new in the pipeline and starts with empty state/);
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
    expect(trial.json('more.jsonl').map(({ id }) => id)).toEqual(wanted(60, 90).map(({ id }) => id));
  });

  test('what starts from scratch writes all rows anew', async () => {
    await stopped();
    trial.pipeline({ ...nodes, totals: ['running-aggregate', { keys: [], ...sum }] }, edges);
    await goesOn(['--from', 'scratch']);
    expect(trial.json('out.jsonl').map(({ total }) => total)).toEqual(wanted(0, 90).map(({ id }) => id + 1));
  });
});

describe('checkpoints', () => {
  const damages: readonly [string, (newest: string) => void, RegExp][] = [
    ['cut off', (newest) => truncateSync(newest, 200), /its checksum is wrong|cut short/],
    ['empty', (newest) => writeFileSync(newest, ''), /it is not a checkpoint, or it is incomplete/],
    ['with a flipped bit', flip, /its checksum is wrong/],
  ];
  const numberOf = (file: string) => Number(/(\d+)\.millrace$/.exec(file)![1]);
  const copyOf = (file: string) => file.replace(/millrace$/, 'copy');
  const totals = () => {
    const database = new Sqlite(trial.at('out.db'), { readonly: true });
    try {
      return database.prepare('SELECT id, user, amount, total FROM t ORDER BY id, rowid').all();
    } finally {
      database.close();
    }
  };

  test.each(damages)('%s: its copy counts, and all outputs are exact', async (_, damage, why) => {
    await stopped(withTable, tableEdges);
    const newest = trial.checkpoints().at(-1)!;
    damage(newest);
    const words = await goesOn();
    expect(words).toMatch(new RegExp(`The file of checkpoint ${numberOf(newest)} is damaged: (${why.source}).*Its copy is sound`));
    expect(words).toMatch(new RegExp(`Resuming from checkpoint ${numberOf(newest)} `));
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
    expect(totals()).toEqual(wanted(0, 90));
  });

  test.each(damages)('%s with their copy: the one before counts, and files are exact', async (_, damage, why) => {
    await stopped();
    const newest = trial.checkpoints().at(-1)!;
    for (const file of [newest, copyOf(newest)]) damage(file);
    const words = await goesOn();
    expect(words).toMatch(new RegExp(`Checkpoint ${numberOf(newest)} is damaged and was left out: (${why.source})`));
    expect(words).toMatch(new RegExp(`Resuming from checkpoint ${numberOf(newest) - 1} `));
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  test('damaged with their copy, and a database that is ahead of the one before: refused, unless rows may come twice', async () => {
    await stopped(withTable, tableEdges);
    const newest = trial.checkpoints().at(-1)!;
    const before = totals();
    const number = numberOf(newest);
    for (const file of [newest, copyOf(newest)]) flip(file);
    const message = new RegExp(`database of "table" holds rows up to checkpoint ${number}: resuming from checkpoint ${number - 1}, .* a second time`);
    for (const options of [[], ['--from', String(number - 1)]]) {
      const problem = await isRefused({ code: 'checkpoint/behind', node: 'table', message }, options, 2);
      expect(problem.hint).toContain('Accept that');
      expect(problem.hint).toContain('from scratch');
    }
    const words = await goesOn(['--accept-duplicates']);
    expect(words).toMatch(/those after checkpoint \d+ are written a second time, as you accepted/);
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
    const ids = totals().map((row) => (row as { id: number }).id);
    expect(new Set(ids).size).toBe(90);
    expect(ids.length).toBeLessThanOrEqual(90 + before.length);
  });

  test('all removed, their notes with them or not: it does not begin anew without a word', async () => {
    await stopped(withTable, tableEdges);
    const removed = { code: 'checkpoint/behind' as const, node: 'table', message: /All checkpoints of this pipeline are gone, .* up to checkpoint \d+/ };
    for (const names of [/^checkpoint/, /^committed/]) {
      for (const name of readdirSync(trial.state()).filter((each) => names.test(each))) rmSync(join(trial.state(), name), { recursive: true });
      expect(trial.checkpoints()).toEqual([]);
      await isRefused(removed, [], 2);
      await isRefused(removed, ['--from', 'latest'], 2);
    }
    expect(totals()).toEqual(wanted(0, 60));
    expect(await goesOn(['--accept-duplicates'])).toMatch(/a second time, as you accepted/);
    const ids = totals().map((row) => (row as { id: number }).id);
    expect([ids.length, new Set(ids).size]).toEqual([150, 90]);
  });

  test('all damaged: it does not begin anew without a word', async () => {
    await stopped(withTable, tableEdges);
    for (const file of trial.checkpoints()) for (const each of [file, copyOf(file)]) flip(each);
    await isRefused({ code: 'checkpoint/damaged', message: /All checkpoints of this pipeline are damaged/ }, [], 2);
    await isRefused({ code: 'checkpoint/damaged', message: /All checkpoints of this pipeline are damaged/ }, ['--from', 'latest'], 2);
    await goesOn(['--from', 'scratch']);
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  test('of a number that there is not', async () => {
    await stopped();
    const problem = await isRefused({ code: 'checkpoint/missing', message: /checkpoint 99: there is none of that number/ }, ['--from', '99'], 2);
    expect(problem.hint).toMatch(/There are these checkpoints: (\d+, )+1\.|There are these checkpoints: \d+/);
    await goesOn();
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  test('an older one that is asked for: what came after it is written once more', async () => {
    await stopped();
    const number = Number(/(\d+)\.millrace$/.exec(trial.checkpoints()[0]!)![1]);
    await goesOn(['--from', String(number)]);
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  test('of another pipeline', async () => {
    await stopped();
    cpSync(trial.state(), trial.state('other.millrace.json'), { recursive: true });
    trial.pipeline({ rows: source, copy: ['csv-output', { path: 'more.csv' }] }, ['rows -> copy'], 'other.millrace.json');
    const { code, errors } = await trial.millrace(['run', 'other.millrace.json']);
    expect(code).toBe(2);
    expect(errors).toMatch(/is of another pipeline, "stream"\.\n.*--from scratch/);
    expect(existsSync(trial.at('more.csv'))).toBe(false);
  });

  test('a folder that cannot be written is told', async () => {
    trial.write('in.jsonl', rows(0, 30));
    trial.pipeline(nodes, edges);
    mkdirSync(join(trial.state(), '..'), { recursive: true });
    // In the way of the folder, for whoever runs this.
    writeFileSync(trial.state(), '');
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([1, 'failed']);
    expectProblem(result.problems[0], { code: 'run/state-folder', message: /cannot write its checkpoints to .*: a file is in its place/ });
    expect(result.problems[0]!.message).toContain(trial.state());
    expect(existsSync(trial.at('out.jsonl'))).toBe(false);
  });

  test('two runs at once', async () => {
    trial.write('in.jsonl', rows(0, 30));
    trial.pipeline(nodes, edges);
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length === 30);
    await isRefused({ code: 'run/already-running', message: /Another run of this pipeline is under way, in process \d+/ });
    trial.append('in.jsonl', rows(30, 60));
    await run.until(() => trial.lines('out.jsonl').length === 60);
    await run.stop();
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 60));
  });
});

describe('large state', () => {
  const spill = { MILLRACE_STATE_MEMORY_MB: '0.001' };

  test.each<[string, (file: string) => void]>([
    ['cut off', (file) => truncateSync(file, 1000)],
    ['overwritten', (file) => writeFileSync(file, 'Dear diary, this is no database. '.repeat(1000))],
    ['gone', (file) => rmSync(file)],
  ])('whose file is %s: told, and nothing is written', async (_, damage) => {
    await stopped(nodes, edges, spill);
    const name = readdirSync(trial.state()).find((file) => file.endsWith('.db'));
    damage(join(trial.state(), name!));
    for (const file of readdirSync(trial.state())) if (/-(wal|shm)$/.test(file)) rmSync(join(trial.state(), file));
    const problem = await isRefused({ code: 'checkpoint/damaged', message: /All checkpoints of this pipeline are damaged/ }, [], 2);
    expect(problem.hint).toContain('from scratch');
    await goesOn(['--from', 'scratch']);
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });
});

describe('outputs that another program changed', () => {
  test.each<[string, () => void, ProblemCode, RegExp]>([
    ['a file that was cut', () => truncateSync(trial.at('out.jsonl'), 100), 'file/changed', /out\.jsonl is shorter than what was committed \(100 of /],
    [
      'a file that was edited',
      () => trial.write('out.jsonl', readFileSync(trial.at('out.jsonl'), 'utf8').replace('"amount":1', '"amount":7')),
      'file/changed',
      /out\.jsonl does not hold what was committed to it/,
    ],
    ['a file that somebody wrote on', () => trial.append('out.jsonl', '{"id":-1}\n'), 'file/added-to', /out\.jsonl/],
  ])('%s ends the run at once', async (_, change, code, message) => {
    await stopped();
    const whole = readFileSync(trial.at('out.jsonl'));
    change();
    await isRefused({ code, node: 'out', field: 'path', message });
    trial.write('out.jsonl', whole);
    await goesOn();
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  test.each([
    ['a file', 'out.jsonl', nodes, edges, /out\.jsonl is gone, .*It is tried again in/],
    ['a database', 'out.db', withTable, tableEdges, /out\.db is gone, .*It is tried again in/],
  ] as const)('%s that is away is waited for, and what was committed is exact when it is back', async (_, name, theNodes, theEdges, told) => {
    await stopped(theNodes, theEdges);
    const files = readdirSync(trial.folder).filter((file) => file.startsWith(name));
    mkdirSync(trial.at('away'));
    for (const file of files) renameSync(trial.at(file), trial.at(join('away', file)));
    let run = trial.start();
    await run.says(told);
    if (name === 'out.jsonl') {
      // Who does not want to wait is told how it ended, also where its process is gone before it can answer.
      expect(await run.stop('--drain')).toMatchObject({ state: 'stopped' });
      run = trial.start();
      await run.says(told);
    }
    for (const file of files) renameSync(trial.at(join('away', file)), trial.at(file));
    await run.until(() => trial.lines('out.jsonl').length === 90);
    await run.stop();
    expect(trial.json('out.jsonl')).toEqual(wanted(0, 90));
  });

  const inTable = (sql: string) => () => {
    const database = new Sqlite(trial.at('out.db'));
    database.exec(sql);
    database.close();
  };
  test.each<[string, () => void, ProblemCode, RegExp]>([
    [
      'a table that was dropped',
      inTable('DROP TABLE t'),
      'sqlite/changed',
      /out\.db does not hold what this run has committed to it \(the table "t" is gone\)/,
    ],
    ['a table with a column less', inTable('ALTER TABLE t DROP COLUMN amount'), 'sqlite/other-columns', /the table has no column "amount"/],
  ])('%s ends the run at once', async (_, change, code, message) => {
    await stopped(withTable, tableEdges);
    change();
    await isRefused({ code, node: 'table', message });
  });
});

describe('the disk of the checkpoints (where root may mount)', () => {
  /** False where that is not allowed. */
  const mount = (options: string): boolean => {
    mkdirSync(trial.data, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', trial.data], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  test('is full for a while: told with the place, and nothing is missing or twice afterwards', async ({ skip }) => {
    if (!mount('size=2m')) return skip('mounting a file system is not allowed here');
    try {
      trial.write('in.jsonl', rows(0, 30));
      trial.pipeline(nodes, edges);
      const run = trial.start();
      await run.until(() => trial.lines('out.jsonl').length === 30);
      const ballast = join(trial.data, 'ballast');
      const fill = () =>
        expect(() => {
          for (;;) appendFileSync(ballast, Buffer.alloc(1024));
        }).toThrow('ENOSPC');
      const told = /A checkpoint could not be written: the disk is full\. It is tried again in .* Look for room and rights in \//;
      await run.until(() => {
        // Again and again: an old checkpoint that goes makes room for a new one.
        fill();
        return told.test(run.words);
      });
      trial.append('in.jsonl', rows(30, 60));
      fill();
      expect(trial.json('out.jsonl')).toEqual(wanted(0, 30));
      rmSync(ballast);
      await run.until(() => trial.lines('out.jsonl').length === 60);
      await run.stop();
      expect(trial.json('out.jsonl')).toEqual(wanted(0, 60));
    } finally {
      execFileSync('umount', ['-l', trial.data]);
    }
  });

  test('is read-only: told before a row is written', async ({ skip }) => {
    if (!mount('size=2m,ro')) return skip('mounting a file system is not allowed here');
    try {
      trial.write('in.jsonl', rows(0, 30));
      trial.pipeline(nodes, edges);
      const { code, result } = await trial.runs();
      expect([code, result.state]).toEqual([1, 'failed']);
      expectProblem(result.problems[0], {
        code: 'run/state-folder',
        message: /cannot write its checkpoints to \/.*: (the disk is read-only|its folder cannot be made)/,
      });
      expect(existsSync(trial.at('out.jsonl'))).toBe(false);
      const listed = await trial.millrace(['runs']);
      expect([listed.code, listed.errors]).toEqual([2, expect.stringMatching(/cannot keep its own data in .*runs\.db: .*\n.*MILLRACE_DATA/)]);
    } finally {
      execFileSync('umount', ['-l', trial.data]);
    }
  });
});
