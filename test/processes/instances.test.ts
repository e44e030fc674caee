/** Runs with stages in threads of their own, in the run's real process: what is seen of them from outside. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contents, node, pipeline, RunTrial } from './run-trial.ts';

const folderWith = (rows: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-instances-'));
  const lines = Array.from({ length: rows }, (_, i) => `${i % 7},${i}\n`);
  writeFileSync(join(folder, 'rows.csv'), `k,n\n${lines.join('')}`);
  return folder;
};
const code = (body: string) => `export const initial = { count: 0 };\nexport function onRow(row: Row, state: { count: number }) {\n${body}\n}\n`;
const counting = (body: string, onError?: 'skip' | 'route') =>
  pipeline(
    {
      rows: node('csv-file', { path: 'rows.csv' }),
      code: node('keyed-code', { keys: ['k'], code: code(body) }, onError),
      table: node('sqlite-table', { path: 'out.db', table: 'rows' }),
      ...(onError === 'route' && { errors: node('sqlite-table', { path: 'errors.db', table: 'errors' }) }),
    },
    ['rows -> code', 'code -> table', ...(onError === 'route' ? ['code.errors -> errors'] : [])],
  );
const options = { instances: 2 };
process.env['MILLRACE_CALL_LIMIT_MS'] = '2000';

test('all rows are there, counted over all instances', { timeout: 120_000 }, async () => {
  const folder = folderWith(5000);
  const run = new RunTrial();
  await run.start(counting('state.count++; return { k: row.k, count: state.count };'), folder, {}, options);
  const summary = await run.ended;
  expect(summary.problems).toEqual([]);
  expect(summary.stats['code']).toMatchObject({ in: 5000, out: { rows: 5000 }, state: { entries: 7 } });
  expect(summary.stats['table']).toMatchObject({ in: 5000 });
  expect(contents(join(folder, 'out.db'))['rows']).toHaveLength(5000);
  run.kill();
});

test('a row that fails is told with its place, and leaves by the error port with it', { timeout: 120_000 }, async () => {
  const folder = folderWith(3000);
  const body = 'if (row.n === 2001) throw new Error("not this one"); return { n: row.n };';
  const run = new RunTrial();
  await run.start(counting(body), folder, {}, options);
  const { state, problems } = await run.ended;
  expect(state).toBe('failed');
  expect(problems[0]).toMatchObject({
    node: 'code',
    field: 'code',
    message: expect.stringContaining('not this one'),
    position: { line: 2003 },
    row: { n: 2001 },
  });
  run.kill();

  const other = new RunTrial();
  await other.start(counting(body, 'route'), folder, {}, options);
  expect((await other.ended).stats['code']).toMatchObject({ in: 3000, failed: 1 });
  expect(contents(join(folder, 'errors.db'))['errors']).toMatchObject([{ node: 'code', line: 2003, error: expect.stringContaining('not this one') }]);
  other.kill();
});

test('endless code in an instance ends the run, and is told by its node', { timeout: 120_000 }, async () => {
  const folder = folderWith(3000);
  const run = new RunTrial();
  await run.start(counting('while (row.n === 2001); return { n: row.n };'), folder, {}, options);
  const { state, problems } = await run.ended;
  expect(state).toBe('failed');
  expect(problems[0]).toMatchObject({ code: 'code/endless', node: 'code', field: 'code' });
  run.kill();
});

test('a run is cancelled within a second or so while an instance is at work', { timeout: 120_000 }, async () => {
  const folder = folderWith(200_000);
  const run = new RunTrial();
  const slow = 'let sum = 0; for (let i = 0; i < 200_000; i++) sum += i % 7; return { n: row.n, sum };';
  await run.start(counting(slow), folder, {}, options);
  await run.reached('code', 1);
  const before = performance.now();
  await run.client.request('stop', { how: 'cancel' });
  expect((await run.ended).state).toBe('stopped');
  expect(performance.now() - before).toBeLessThan(10_000);
  run.kill();
});

test('an instance that takes all memory ends the run, and is told by its node', { timeout: 300_000 }, async () => {
  const folder = folderWith(3000);
  const limits = { MILLRACE_RUN_MEMORY_MB: '80', MILLRACE_CALL_LIMIT_MS: '60000' };
  const before = Object.keys(limits).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, limits);
  const run = new RunTrial();
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await run.start(counting('if (row.n < 2001) return { n: row.n };\nconst list: any[] = [];\nfor (;;) list.push({ n: list.length });'), folder, {}, options);
  const { state, problems } = await run.ended;
  expect(state).toBe('failed');
  expect(problems[0]).toMatchObject({ code: 'run/memory', node: 'code', message: expect.stringMatching(/^Instance [12] needed more than 80 MB/) });
  run.kill();
});

test('the latest rows of a node in a stage can be looked at, those of all instances', { timeout: 120_000 }, async () => {
  const folder = folderWith(0);
  const nodes = {
    rows: node('generator', { endless: true, rate: 2000, sensors: 10 }),
    running: node('running-aggregate', { keys: ['sensor'], aggregations: [{ function: 'count', column: null, name: 'n' }] }),
    kept: node('filter', { mode: 'expression', where: 'row.n > 1' }),
    table: node('sqlite-table', { path: 'out.db', table: 'rows' }),
  };
  const run = new RunTrial();
  await run.start(pipeline(nodes, ['rows -> running', 'running -> kept', 'kept.kept -> table']), folder, {}, { ...options, commits: 'checkpoint' });
  await run.reached('table', 100);
  for (const [id, port] of [
    ['running', 'rows'],
    ['kept', 'kept'],
  ] as const) {
    await expect
      .poll(
        async () => {
          const { schema, rows } = await run.client.request('inspect', { node: id, port, limit: 100 });
          const place = schema.columns.findIndex(({ name }) => name === 'sensor');
          return [rows.length, new Set(rows.map((row) => row[place])).size];
        },
        { timeout: 60_000 },
      )
      .toEqual([100, 10]);
  }
  await run.client.request('stop', { how: 'cancel' });
  await run.ended;
  run.kill();
});
