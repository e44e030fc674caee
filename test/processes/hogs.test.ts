/** Code that never ends or takes all the memory it can get: it costs its own run, and soon, and no other run a row. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { Problem } from '../../engine/schema/problem.ts';
import { newFolder, node, pipeline, RunTrial } from './run-trial.ts';

/** On a machine that is busy; without a limit, it would never be. */
const soonMs = 100_000;

const trials: RunTrial[] = [];
afterEach(() => {
  for (const trial of trials.splice(0)) trial.kill();
});
/** A run process of its own, with these variables in its environment. */
function trial(environment: { readonly [name: string]: string } = {}): RunTrial {
  Object.assign(process.env, environment);
  try {
    const made = new RunTrial();
    trials.push(made);
    return made;
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
}

/** It goes on beside all of them, in a process of its own. */
let neighbour: RunTrial;
beforeAll(async () => {
  neighbour = new RunTrial();
  const harmless = 'export default function step(row: Row) { return { sensor: row.sensor }; }';
  const source = node('generator', { count: 1_000_000_000, rate: 2000 });
  const nodes = { source, step: node('code', { code: harmless }), look: node('inspect') };
  await neighbour.start(pipeline(nodes, ['source -> step', 'step -> look']), newFolder());
});
afterAll(async () => {
  await neighbour.client.request('stop', { how: 'drain' });
  const { state, stats } = await neighbour.ended;
  neighbour.kill();
  expect([state, stats['look']!.in]).toEqual(['done', stats['source']!.out['rows']]);
});

/** Runs `hog` while the neighbour goes on; gives the hog's summary. */
async function beside(
  hog: PipelineNode,
  environment: { readonly [name: string]: string },
  source = node('generator', { count: 10_000_000 }),
): Promise<RunSummary> {
  const counted = () => neighbour.summary?.stats['look']?.in ?? 0;
  const before = counted();
  const started = performance.now();
  const port = hog.type === 'filter' ? 'code.kept' : 'code';
  try {
    return await trial(environment).run(pipeline({ source, code: hog, look: node('inspect') }, ['source -> code', `${port} -> look`]), newFolder());
  } finally {
    expect(performance.now() - started, 'ms until it was stopped').toBeLessThan(soonMs);
    await neighbour.reached('look', before + 1);
  }
}

const step = (body: string, before = '') =>
  node('code', { code: `${before}\nexport default function step(row: Row) {\n${body}\n  return { sensor: row.sensor };\n}\n` });
const columns = [{ name: 'sensor', type: 'string' }];
const keyed = (onRow: string, more = '', keys: readonly string[] = ['sensor']) =>
  node('keyed-code', {
    keys,
    columns,
    code: `${more.includes('initial') ? '' : 'export const initial: any = {};'}\nexport function onRow(row: Row, state: any, context: Context) {\n${onRow}\n  return { sensor: row.sensor };\n}\n${more}`,
  });
const filter = (where: string) => node('filter', { mode: 'expression', where });

describe('never ends', () => {
  test.each<[string, PipelineNode, string?]>([
    ['a loop in an expression', filter('(() => { while (row.humidity >= 0); return true; })()'), 'where'],
    ['a regular expression that goes back over and over', step('  if (/^(a+)+$/.test("a".repeat(60) + "!")) return null;')],
    ['the same in an expression', filter('/^(\\w+\\s?)*$/.test("x".repeat(60) + "!")'), 'where'],
    ['a pattern of which groups become columns', node('extract', { column: 'sensor', pattern: '^(?<x>(?:(?:\\w|\\w)?|(?:\\w|.)?){40})!' }), 'pattern'],
    ['a loop in onRow', keyed('  while (row.humidity >= 0);')],
    ['a loop in what gives the initial state', keyed('', 'export const initial = (key: Key): any => { while (true); };')],
    ['a loop in onTimer', keyed('  context.setTimer(0);', 'export function onTimer() { while (true); }'), 'code'],
    ['a loop in a getter of the state', keyed('  Object.defineProperty(state, "x", { get() { while (true); }, enumerable: true });')],
    ['a state without end', keyed('  state.list = new Proxy([], { get: (list, name) => (name === "length" ? 2 ** 40 : null) });')],
    ['promises that follow each other', step('  (async () => { for (;;) await null; })();')],
    ['promises that follow each other, in onRow', keyed('  (async () => { for (;;) await null; })();')],
  ])('%s', async (_, hog, field = 'code') => {
    const source = node('generator', { count: hog.type === 'keyed-code' ? 100 : 100_000 });
    const { state, problems } = await beside(hog, { MILLRACE_CALL_LIMIT_MS: '400' }, source);
    expect(state).toBe('failed');
    expect(problems.at(-1)).toMatchObject({ node: 'code', field } satisfies Partial<Problem>);
    expect(['code/endless', 'code/state']).toContain(problems.at(-1)!.code);
  });
});

test('a pattern of a source that never ends is stopped, and named', async () => {
  const folder = newFolder();
  // Packed, so that only the first line is looked at before the run.
  writeFileSync(join(folder, 'a.log.gz'), gzipSync(`a\n${'a'.repeat(60)}!\n`));
  const source = node('text-file', { path: 'a.log.gz', sampleRows: 1, format: 'pattern', pattern: '^(?<x>(a+)+)$' });
  const { state, problems } = await trial({ MILLRACE_CALL_LIMIT_MS: '500' }).run(pipeline({ source, look: node('inspect') }, ['source -> look']), folder);
  expect(state).toBe('failed');
  expect(problems.at(-1)).toMatchObject({ node: 'source', field: 'pattern', code: 'code/endless' });
});

describe('takes all memory', () => {
  // On a slow machine one call may take its time until it has taken the memory.
  const limit = { MILLRACE_RUN_MEMORY_MB: '80', MILLRACE_CALL_LIMIT_MS: '60000' };
  const kept = 'const kept: any = [];';
  test.each<[string, PipelineNode]>([
    ['lists, in one call', step('  const list: any[] = [];\n  for (;;) list.push({ n: list.length });')],
    ['texts', step('  kept.push((row.sensor + row.humidity).repeat(1000).split("").join("-"));', kept)],
    ['a text that doubles, in one call', step('  const texts: string[] = [];\n  for (let i = 0; ; i++) texts.push(`${i}`.repeat(1e6));')],
    ['typed arrays', step('  kept.push(new Uint32Array(1e5).fill(1));', kept)],
    ['buffers outside of the heap, in one call', step('  for (;;) kept.push(new Uint8Array(new ArrayBuffer(1e7)).fill(1));', kept)],
    ['a big integer', step('  let n = 1n;\n  for (;;) { n = n << 1_000_000n; kept.push(n); }', kept)],
    ['an expression', filter('(() => { const list = []; for (;;) list.push([list.length]); })()')],
    ['promises', step('  for (let i = 0; i < 100; i++) kept.push(new Promise(() => {}).then(() => row));', kept)],
    ['closures of keyed code', keyed('  kept.push(() => context.key);\n  kept.push(new Array(1000).fill(row.sensor));', kept)],
    [
      'rows without end, of one row',
      node('code', {
        code: 'export default function step(row: Row) {\n  const rows = [{ sensor: row.sensor }];\n  for (;;) rows.push({ sensor: row.sensor });\n  return rows;\n}\n',
      }),
    ],
  ])('%s', async (_, hog) => {
    const { state, problems } = await beside(hog, limit);
    expect(state).toBe('failed');
    expect(problems[0]).toMatchObject({ code: 'run/memory', node: 'code' });
    expect(problems[0]!.hint).toMatch(/\S+ \S+/);
  });

  // A table is doubled in one piece. V8 ends the process where that does not fit: the run's own, which the host tells of.
  test.each<[string, PipelineNode]>([
    ['a Map', step('  for (let i = 0; i < 1000; i++) kept.set(kept.size, { row });', 'const kept = new Map<number, any>();')],
    ['a Set, in one call', step('  const set = new Set();\n  for (;;) set.add(set.size);')],
  ])('%s', async (_, hog) => {
    const outcome = await beside(hog, limit).then(({ problems }) => `${problems[0]!.code} ${problems[0]!.node}`, String);
    expect(['run/memory code', 'Error: The process ended: it ran out of memory, in code code']).toContain(outcome);
  });

  test('a state of one key: its row fails before it has grown too large', async () => {
    const { problems } = await beside(keyed('  state.list = [...(state.list ?? []), "x".repeat(10_000)];'), limit);
    expect(problems[0]).toMatchObject({ code: 'code/state', node: 'code', field: 'code' });
    expect(problems[0]!.message).toMatch(/state\.list takes more than 1 MiB for one key/);
  });

  test('recursion without end fails its row', async () => {
    const { problems } = await beside(step('  (function f(): any { return f() + 1; })();'), limit);
    expect(problems[0]).toMatchObject({ code: 'code/threw', node: 'code', field: 'code' });
  });
});
