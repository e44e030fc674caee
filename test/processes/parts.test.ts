/** Runs whose input is read in parts by threads of their own, in the run's real process: what is seen of them from outside. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ErrorPolicy } from '../../engine/document/pipeline.ts';
import { contents, node, pipeline, RunTrial } from './run-trial.ts';

const folderWith = (rows: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-parts-'));
  const lines = Array.from({ length: rows }, (_, i) => `${i},"a\nb"\n`);
  writeFileSync(join(folder, 'rows.csv'), `n,text\n${lines.join('')}`);
  return folder;
};
const through = (body: string, onError?: ErrorPolicy) =>
  pipeline(
    {
      rows: node('csv-file', { path: 'rows.csv' }),
      code: node('code', { code: `export default function step(row: Row) {\n${body}\n}\n` }, onError),
      table: node('sqlite-table', { path: 'out.db', table: 'rows' }),
      lines: node('jsonl-output', { path: 'out.jsonl' }),
    },
    ['rows -> code', 'code -> table', 'code -> lines'],
  );
const options = { instances: 3 };
process.env['MILLRACE_CALL_LIMIT_MS'] = '2000';

test('rows are those of one thread, in their order, and so are counts and failures', { timeout: 120_000 }, async () => {
  const folder = folderWith(5000);
  const run = new RunTrial();
  await run.start(through('if (row.n % 1000 === 999) throw new Error("not this one"); return { n: row.n };', 'skip'), folder, {}, options);
  const { state, problems, stats, outputs } = await run.ended;
  expect(state).toBe('done');
  expect(problems.map(({ row, position }) => [row?.['n'], position?.line])).toEqual([999, 1999, 2999, 3999, 4999].map((n) => [n, 2 * n + 2]));
  expect(stats).toMatchObject({ rows: { out: { rows: 5000 } }, code: { in: 5000, failed: 5 }, table: { in: 4995 } });
  expect(outputs.map(({ rows, committedRows }) => [rows, committedRows])).toEqual([
    [4995, 4995],
    [4995, 4995],
  ]);
  const expected = Array.from({ length: 5000 }, (_, n) => ({ n })).filter(({ n }) => n % 1000 !== 999);
  expect(contents(join(folder, 'out.db'))['rows']).toEqual(expected);
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe(expected.map((row) => `${JSON.stringify(row)}\n`).join(''));
  expect(readdirSync(folder).sort()).toEqual(['out.db', 'out.jsonl', 'rows.csv']);
  run.kill();
});

test('a row of a later part that ends the run is told with its place, and nothing is left', { timeout: 120_000 }, async () => {
  const folder = folderWith(5000);
  const run = new RunTrial();
  await run.start(through('if (row.n >= 4321) throw new Error("not this one"); return { n: row.n };'), folder, {}, options);
  const { state, problems } = await run.ended;
  expect(state).toBe('failed');
  expect(problems[0]).toMatchObject({ node: 'code', field: 'code', position: { line: 2 * 4321 + 2 }, row: { n: 4321 } });
  expect(readdirSync(folder)).toEqual(['rows.csv']);
  run.kill();
});

test('endless code in a thread for a part ends the run, and is told by its node', { timeout: 120_000 }, async () => {
  const folder = folderWith(5000);
  const run = new RunTrial();
  await run.start(through('while (row.n === 4321); return { n: row.n };'), folder, {}, options);
  const { state, problems } = await run.ended;
  expect(state).toBe('failed');
  expect(problems[0]).toMatchObject({ code: 'code/endless', node: 'code', field: 'code' });
  expect(readdirSync(folder)).toEqual(['rows.csv']);
  run.kill();
});

test('code is confined in each thread', { timeout: 120_000 }, async () => {
  const folder = folderWith(3000);
  const run = new RunTrial();
  const reach = 'let found = "nothing"; try { found = (row.constructor as any).constructor("return process.pid")(); } catch {} return { found };';
  await run.start(through('return { found: "" };'), folder, `export default function step(row) { ${reach.replace(' as any', '')} }`, options);
  expect((await run.ended).state).toBe('done');
  const found = readFileSync(join(folder, 'out.jsonl'), 'utf8').split('\n').slice(0, -1);
  expect(new Set(found)).toEqual(new Set(['{"found":"nothing"}']));
  expect(found).toHaveLength(3000);
  run.kill();
});

test('a run is cancelled while its threads are at work, and leaves nothing; one that is killed is tidied up after by the next', {
  timeout: 120_000,
}, async () => {
  const folder = folderWith(60_000);
  const slow = through('let sum = 0; for (let i = 0; i < 100_000; i++) sum += i % 7; return { n: row.n, sum };');
  const run = new RunTrial();
  await run.start(slow, folder, {}, options);
  await run.reached('code', 2000);
  const before = performance.now();
  await run.client.request('stop', { how: 'cancel' });
  expect((await run.ended).state).toBe('stopped');
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(readdirSync(folder)).toEqual(['rows.csv']);
  run.kill();

  const killed = new RunTrial();
  await killed.start(slow, folder, {}, options);
  await killed.reached('code', 2000);
  killed.kill();
  await killed.ended.catch(() => {});
  expect(readdirSync(folder).filter((name) => /-rows\d\.millrace-part$/.test(name))).toHaveLength(4);
  const next = new RunTrial();
  await next.start(through('return row.n < 3 ? { n: row.n } : null;'), folder, {}, options);
  expect((await next.ended).state).toBe('done');
  expect(contents(join(folder, 'out.db'))['rows']).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  expect(readdirSync(folder).sort()).toEqual(['out.db', 'out.jsonl', 'rows.csv']);
  next.kill();
});
