/** Runs that are resumed with another number of instances: what came too late, changed pipelines, damaged state, and older checkpoints. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import type { RunOptions } from '../../engine/protocol/run-api.ts';
import type { Execution } from '../../engine/runners/local/execution.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import { begin, executionOf, found, planOfPipeline, type Told, told } from './instances-trial.ts';

const columns: Schema['columns'] = [
  { name: 't', type: 'timestamp', nullable: false },
  { name: 'k', type: 'string', nullable: false },
  { name: 'g', type: 'integer', nullable: false },
  { name: 'v', type: 'integer', nullable: false },
];
const timed: Schema = { columns, eventTime: { column: 't' } };
const start = Date.UTC(2026, 0, 1);
const second = 1000;

/** Rows a few seconds out of order, some of them far behind a watermark that rises by a second with each row. */
function batches(count: number): Told[] {
  return Array.from({ length: count }, (_, batch) => {
    const rows = Array.from({ length: 5 }, (_, i) => {
      const n = batch * 5 + i;
      const behind = n % 11 === 10 ? 90 : (n * 7) % 5;
      return { t: start + (n - behind) * second, k: `k${(n * 13) % 9}`, g: (n * 5) % 4, v: (n * 29) % 17 };
    });
    return { rows, watermark: start + (batch * 5 - 3) * second };
  });
}
told.set('short', { schema: timed, batches: batches(1) });
told.set('long', { schema: timed, batches: batches(40) });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-resumed-'));
  begin();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const stateFolder = () => join(folder, 'state');

type Params = { readonly [name: string]: Json };
/** `a.port -> b.port`, as in other trials. */
function pipeline(nodes: { readonly [id: string]: readonly [type: string, params: Params] }, edges: readonly string[]): Pipeline {
  const end = (text: string) => {
    const [node, port = 'rows'] = text.split('.') as [string, string?];
    return { node, port };
  };
  return {
    ...emptyPipeline,
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, [type, params]]) => [id, { type, typeVersion: 1, params }])),
    edges: edges.map((edge) => {
      const [from, to] = edge.split(' -> ') as [string, string];
      return { from: end(from), to: end(to) };
    }),
  };
}
const long = ['told', { of: 'long' }] as const;
const out = ['collect', {}] as const;
const sum = [{ function: 'sum', column: 'v', name: 'sum' }];
const running = (keys: readonly string[]) => ['running-aggregate', { keys, aggregations: sum }] as const;

/** Goes on from the newest checkpoint until so many batches are read, and stops with a checkpoint, or to the end. Gives what was logged. */
async function resume(
  of: Pipeline,
  options: Partial<RunOptions>,
  reads = Number.POSITIVE_INFINITY,
): Promise<{ readonly isDone: boolean; readonly logs: string[] }> {
  const logs: string[] = [];
  const plan = await planOfPipeline(of, folder);
  let read = 0;
  const usual = { commits: 'checkpoint', stateFolder: stateFolder(), from: 'latest' } as const;
  const execution: Execution = executionOf(
    folder,
    plan,
    { ...usual, ...options },
    1000,
    () => {
      if (++read === reads) execution.stop('checkpoint');
    },
    (message) => logs.push(message),
  );
  try {
    return { isDone: await execution.run(), logs };
  } finally {
    await execution.flow?.close();
  }
}
async function undisturbed(of: Pipeline): Promise<string[]> {
  begin();
  await resume(of, { instances: 1, from: 'scratch' });
  const rows = found();
  rmSync(stateFolder(), { recursive: true, force: true });
  begin();
  return rows;
}

/** A byte alone: all of it is in files. */
const inFiles = '0.001KB';
const inMemory = '64MB';

describe('late rows', () => {
  const late = ['collect-late', {}] as const;
  const grouped = (more: Params) => ['aggregate', { groupBy: ['k'], aggregations: sum, ...more }] as const;
  it.each<[string, string, Parameters<typeof pipeline>]>([
    [
      'windows that wait for late rows',
      inFiles,
      [
        { long, step: grouped({ window: 'tumbling', every: 20 * second, lateness: 10 * second }), out, late },
        ['long -> step', 'step -> out', 'step.late -> late'],
      ],
    ],
    ['sessions', inMemory, [{ long, step: grouped({ window: 'session', gap: 5 * second }), out, late }, ['long -> step', 'step -> out', 'step.late -> late']]],
    [
      'duplicates within a time',
      inFiles,
      [{ long, step: ['dedupe', { keys: ['k', 'g'], within: 30 * second }], out, late }, ['long -> step', 'step -> out', 'step.late -> late']],
    ],
    [
      'the greatest of windows',
      inMemory,
      [
        { long, step: ['top-n', { keys: ['k'], column: 'v', count: 2, over: 'tumbling', every: 20 * second }], out, late },
        ['long -> step', 'step -> out', 'step.late -> late'],
      ],
    ],
  ])('are late for whoever has their key: %s', async (_, stateMemory, [nodes, edges]) => {
    const of = pipeline(nodes, edges);
    const wanted = await undisturbed(of);
    const isLate = (row: string) => row.startsWith('collect-late');
    expect([wanted.filter(isLate).length, wanted.filter((row) => !isLate(row)).length].every((count) => count > 5)).toBe(true);
    const numbers = [1, 2, 1, 3];
    for (let i = 0, isDone = false; !isDone; i++) ({ isDone } = await resume(of, { instances: numbers[i % 4]!, stateMemory }, 11));
    expect(found()).toEqual(wanted);
  });
});

it('says how state is divided, and only where it is', async () => {
  const of = pipeline({ long, running: running(['k']), out }, ['long -> running', 'running -> out']);
  await resume(of, { instances: 1 }, 5);
  expect((await resume(of, { instances: 3 }, 5)).logs).toContain('info: State is divided among 3 instances instead of 1.');
  const { logs } = await resume(of, {}, 5);
  expect(logs.filter((line) => line.includes('divided'))).toEqual([]);
  expect((await resume(of, { instances: 1 }, 5)).logs).toContain('info: State is divided among 1 instance instead of 3.');
});

describe('a pipeline that was changed', () => {
  const before = pipeline({ long, running: running(['k', 'g']), out }, ['long -> running', 'running -> out']);
  const fill = ['fill', { keys: ['k'], columns: [{ column: 'g', with: 'previous', value: '' }] }] as const;
  const after = pipeline({ long, fill, running: running(['k', 'g']), out }, ['long -> fill', 'fill -> running', 'running -> out']);
  it('so that fewer of the keys decide on the instance', async () => {
    for (const instances of [1, 3]) {
      await resume(before, { instances, from: 'scratch' }, 20);
      const { logs } = await resume(after, { instances });
      expect(logs.some((line) => line.includes('State is divided by other keys'))).toBe(instances > 1);
      const rows = found();
      if (instances === 3) expect(rows).toEqual(await undisturbed(before));
      begin();
    }
  });

  it('so that a stage waits for a source that had ended', async () => {
    const short = ['told', { of: 'short' }] as const;
    const late = ['collect-late', {}] as const;
    const alone = pipeline({ short, long, running: running(['k']), late, out }, ['short -> late', 'long -> running', 'running -> out']);
    const join = ['join', { keys: [{ column: 'k', lookup: 'k' }], kind: 'left' }] as const;
    const joined = pipeline({ short, long, join, late, out }, ['short -> late', 'long -> join', 'short -> join.lookup', 'join -> out']);
    const rows: string[][] = [];
    for (const instances of [1, 2]) {
      begin();
      await resume(alone, { instances, from: 'scratch' }, 20);
      await resume(joined, { instances, dropChangedState: true });
      rows.push(found());
    }
    expect(rows[1]).toEqual(rows[0]);
    expect(rows[0]!.length).toBeGreaterThan(150);
  });
});

describe('damaged state of one instance', () => {
  const of = pipeline({ long, running: running(['k', 'g', 'v']), out }, ['long -> running', 'running -> out']);
  const stored = { stateMemory: inFiles };
  const change = (file: string, sql: string) => {
    const database = new Database(file);
    database.exec(sql);
    database.close();
  };

  it.each([
    ['in the same number', 2],
    ['in another one', 3],
  ])('makes the run go on from the checkpoint before, %s', async (_, instances) => {
    const wanted = await undisturbed(of);
    await resume(of, { instances: 2, ...stored }, 10);
    await resume(of, { instances: 2, ...stored }, 10);
    change(join(stateFolder(), 'instances/1/state.db'), "update entries set value = x'00' where version = (select max(version) from entries)");
    const { logs, isDone } = await resume(of, { instances, ...stored });
    expect(isDone).toBe(true);
    expect(logs.find((line) => line.includes('left out'))).toMatch(/Checkpoint 2 was left out: The state file .*1.state\.db is damaged/);
    expect(logs.some((line) => line.includes('Resuming from checkpoint 1'))).toBe(true);
    expect(found()).toEqual(wanted);
  });

  it('makes it go back to what another number of instances had kept', async () => {
    const wanted = await undisturbed(of);
    await resume(of, { instances: 1, ...stored }, 10);
    await resume(of, { instances: 2, ...stored }, 10);
    rmSync(join(stateFolder(), 'divided-1/instances/0/state.db'));
    const { logs } = await resume(of, { instances: 2, ...stored });
    expect(logs.find((line) => line.includes('left out'))).toMatch(/is damaged: it is missing/);
    expect(found()).toEqual(wanted);
  });

  it('is told where it is all that there is', async () => {
    await resume(of, { instances: 2, ...stored }, 10);
    rmSync(join(stateFolder(), 'instances/1'), { recursive: true });
    await expect(resume(of, { instances: 2, ...stored })).rejects.toMatchObject({ problem: { code: 'checkpoint/damaged' } });
  });
});

it('keeps what older checkpoints need, and no more', async () => {
  const of = pipeline({ long, running: running(['k', 'g', 'v']), out }, ['long -> running', 'running -> out']);
  const wanted = await undisturbed(of);
  const options = { stateMemory: inFiles, keepCheckpoints: 3 };
  const kept = () => readdirSync(stateFolder()).filter((name) => /^(state\.db|instances|divided-\d+)$/.test(name));
  for (const instances of [1, 2, 3]) await resume(of, { ...options, instances }, 6);
  expect(kept().sort()).toEqual(['divided-1', 'divided-2', 'state.db']);
  // As if the two after it had never been.
  await resume(of, { ...options, instances: 1, from: 1 }, 6);
  expect(kept()).toEqual(['state.db']);
  for (const instances of [2, 2, 2]) await resume(of, { ...options, instances }, 6);
  expect(kept()).toEqual([expect.stringMatching(/^divided-/)]);
  expect((await resume(of, { ...options, instances: 3 })).isDone).toBe(true);
  expect(found()).toEqual(wanted);
  expect(kept()).toEqual([]);
});
