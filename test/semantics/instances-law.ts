/** The law of instances: a run in several gives the same rows as one, in whatever order, also where it is resumed with another number. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { withStages } from '../../engine/plan/stages.ts';
import type { PhysicalPlan } from '../../engine/protocol/physical-plan.ts';
import type { Json } from '../../model/values/types.ts';
import { planOfPipeline, rowsOfRestarts, rowsOfRun } from './instances-trial.ts';

interface Reading {
  readonly minute: number;
  readonly k: string;
  readonly g: number;
  readonly v: number;
}
interface Step {
  readonly type: string;
  readonly params: { readonly [name: string]: Json };
}

const start = Date.UTC(2026, 9, 24, 20);
const time = { eventTime: 'column', timeColumn: 't', timeFormat: 'milliseconds', ahead: null };
const minutes = (count: number) => count * 60_000;

/** All of these look at the order of rows within their keys. The number keeps names of columns apart. */
const sensitive: readonly ((keys: readonly string[], i: number) => Step)[] = [
  (keys, i) => ({ type: 'running-aggregate', params: { keys, aggregations: [{ function: 'sum', column: 'v', name: `sum${i}` }] } }),
  (keys, i) => ({ type: 'previous-row', params: { keys, columns: [{ column: 'v', rows: 1, name: `before${i}`, change: false }] } }),
  (keys) => ({ type: 'dedupe', params: { keys: [...keys, 'v'], keep: 'first' } }),
  (keys) => ({
    type: 'fill',
    params: { keys, columns: [{ column: 'v', with: 'previous', value: '' }] },
  }),
  (keys) => ({ type: 'dedupe', params: { keys, keep: 'first', within: minutes(9) } }),
  (keys) => ({ type: 'dedupe', params: { keys, keep: 'last', within: minutes(9) } }),
];
/** What a timer gives does not depend on when it fires. */
const timers = (keys: readonly string[]): Step => ({
  type: 'keyed-code',
  params: {
    keys,
    code: `export const initial = { n: 0 };
export function onRow(row: Row, state: { n: number }, context: Context) {
  state.n++;
  context.setTimer(row.t + ${minutes(15)}, String(state.n));
  return { k: row.k, g: row.g, v: state.n };
}
export function onTimer(timer: Timer, state: { n: number }, context: Context) {
  return { k: JSON.stringify(context.key), g: 0, v: Number(timer.name) };
}
`,
    columns: [
      { name: 'k', type: 'string' },
      { name: 'g', type: 'integer' },
      { name: 'v', type: 'integer' },
    ],
  },
});
const greatest = (keys: readonly string[], more: Step['params']): Step => ({ type: 'top-n', params: { keys, column: 'v', count: 2, ...more } });
const rowByRow: readonly (() => Step)[] = [
  () => ({ type: 'filter', params: { mode: 'expression', where: 'row.v === null || row.v > 1' } }),
  () => ({ type: 'compute', params: { columns: [{ name: 'v', expression: '(row.v ?? 0) + 1', type: 'integer' }] } }),
];
const grouped = (groupBy: readonly string[], more: Step['params']): Step => ({
  type: 'aggregate',
  params: {
    groupBy,
    aggregations: [
      { function: 'count', name: 'n' },
      { function: 'sum', column: 'v', name: 'v' },
    ],
    ...more,
  },
});
const windows: readonly Step['params'][] = [
  { window: 'tumbling', every: minutes(20) },
  { window: 'sliding', length: minutes(30), every: minutes(10) },
  { window: 'session', gap: minutes(10) },
];

const keysOfFirst = fc.constantFrom<readonly string[]>(['k'], ['g'], ['k', 'g']);
const chains = keysOfFirst.chain((keys) => {
  const wider = fc.constantFrom<readonly string[]>(keys, [...new Set(['k', 'g', ...keys])]);
  const step = (i: number) => wider.chain((own) => fc.constantFrom(...sensitive.map((make) => make(own, i)), ...rowByRow.map((make) => make())));
  const window = fc.constantFrom(...windows.map((params) => grouped(['k', 'g'], params)), greatest(['k'], { over: 'tumbling', every: minutes(20) }));
  const total = fc.oneof(
    fc.constantFrom<readonly string[]>(['k'], ['g'], ['k', 'g']).map((own) => grouped(own, {})),
    fc.constant(greatest(['k', 'g'], { over: 'all' })),
  );
  return fc
    .tuple(
      fc.nat(3),
      fc.constantFrom(...sensitive.slice(0, 2).map((make) => make(keys, 7))),
      fc.tuple(fc.nat(2), step(8), step(9)).map(([count, ...both]) => both.slice(0, count)),
      fc.oneof(fc.constant(null), window, fc.constant(timers(['k', 'g']))),
      fc.option(total),
    )
    .filter(([, , , windowed, last]) => windowed?.type !== 'top-n' || last?.type !== 'top-n')
    .map(([first, keyed, steps, windowed, last]) => [
      ...(first === 0 ? [rowByRow[0]!()] : []),
      keyed,
      ...steps,
      ...(windowed ? [windowed] : []),
      ...(last ? [last] : []),
    ]);
});
const joins = fc
  .record({
    kind: fc.constantFrom('inner', 'left', 'outer'),
    match: fc.constantFrom<Step['params']>(
      { match: 'range', before: minutes(10), after: minutes(5) },
      { match: 'tumbling', every: minutes(20) },
      { match: 'session', gap: minutes(10) },
    ),
    keys: fc.constantFrom<readonly string[]>(['k'], ['k', 'g']),
  })
  .map(({ kind, match, keys }): Step[] => [{ type: 'stream-join', params: { keys: keys.map((key) => ({ left: key, right: key })), kind, ...match } }]);
const rowsOf = (maxLength: number) =>
  fc.uniqueArray(
    fc.record({
      minute: fc.nat(300),
      k: fc.constantFrom('a', 'b', 'c', 'd', 'Ä', ''),
      g: fc.integer({ min: -2, max: 2 }),
      v: fc.integer({ min: 1, max: 4 }),
    }),
    { selector: ({ minute }) => minute, minLength: 1, maxLength },
  );

/** Runs so many draws. */
export async function instancesLaw(numRuns: number, rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-instances-'));
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 3, arbitrary: chains }, { weight: 1, arbitrary: joins }),
        rowsOf(rows),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('64MB', '1KB'),
        async (steps, readings, batchSize, stateMemory) => {
          const plan = await planOf(folder, steps, readings);
          const alone = await rowsOfRun(folder, plan, 1, batchSize);
          for (const instances of [2, 5]) {
            expect(withStages(plan, instances).stages?.length ?? 0).toBeGreaterThan(0);
            expect(await rowsOfRun(folder, plan, instances, batchSize)).toEqual(alone);
            expect(await rowsOfRestarts(folder, plan, [instances], batchSize)).toEqual(alone);
          }
          expect(await rowsOfRestarts(folder, plan, [1, 2, 1, 3, 5, 2], batchSize, stateMemory)).toEqual(alone);
        },
      ),
      { numRuns },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pipelineOf(steps: readonly Step[]): Pipeline {
  const isJoin = steps[0]!.type === 'stream-join';
  const sources = isJoin ? ['left', 'right'] : ['rows'];
  const edge = (from: string, node: string, port = 'rows', out = 'rows') => ({ from: { node: from, port: out }, to: { node, port } });
  const outOf = (i: number) => (steps[i]!.type === 'filter' ? 'kept' : 'rows');
  return {
    ...emptyPipeline,
    nodes: {
      ...Object.fromEntries(sources.map((id) => [id, { type: 'csv-file', typeVersion: 1, params: { path: `${id}.csv`, ...time } as never }])),
      ...Object.fromEntries(steps.map(({ type, params }, i) => [`step${i}`, { type, typeVersion: 1, params: params as never }])),
      sink: { type: 'collect', typeVersion: 1, params: {} },
    },
    edges: [
      ...sources.map((id) => edge(id, 'step0', isJoin ? id : 'rows')),
      ...steps.map((_, i) => edge(`step${i}`, i + 1 < steps.length ? `step${i + 1}` : 'sink', 'rows', outOf(i))),
    ],
  };
}

async function planOf(folder: string, steps: readonly Step[], readings: readonly Reading[]): Promise<PhysicalPlan> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, rows: readonly Reading[]) =>
    writeFileSync(
      join(folder, `${name}.csv`),
      `t,k,g,v\n${[{ minute: 0, k: 'z', g: 9, v: 1 }, ...rows].map(({ minute, k, g, v }) => `${start + minutes(minute)},${k},${g},${v}\n`).join('')}`,
    );
  write('rows', readings);
  write(
    'left',
    readings.filter(({ minute }) => minute % 2 === 0),
  );
  write(
    'right',
    readings.filter(({ minute }) => minute % 2 === 1),
  );
  return planOfPipeline(pipelineOf(steps), folder);
}
