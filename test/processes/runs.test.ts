import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { contents, newFolder, node, oldDatabase, pipeline, RunTrial } from './run-trial.ts';

const trials: RunTrial[] = [];
afterEach(() => {
  for (const trial of trials.splice(0)) trial.kill();
  delete process.env['MILLRACE_CALL_LIMIT_MS'];
  delete process.env['MILLRACE_RUN_MEMORY_MB'];
});
function trial(environment: { readonly [name: string]: string } = {}): RunTrial {
  Object.assign(process.env, environment);
  const made = new RunTrial();
  trials.push(made);
  return made;
}
const step = (body: string) => ({ code: `export default function step(row: Row) {\n${body}\n}\n` });
/** Milliseconds until a run that would go on for hours has ended, on a machine that is slow and busy. */
const soon = 60_000;
const unchanged = { readings: [{ n: 1 }, { n: 2 }, { n: 3 }], other: [{ t: 'kept' }] };

describe('a run', () => {
  test('goes to its end, with counts, outputs and kept rows', async () => {
    const folder = newFolder();
    const run = trial();
    const summary = await run.run(
      pipeline(
        {
          source: node('generator', { count: 20_000 }),
          warm: node('filter', { mode: 'expression', where: 'row.temperature > 10' }),
          double: node('code', step('  return { sensor: row.sensor, twice: row.temperature * 2 };')),
          table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
          file: node('csv-output', { path: 'rest.csv' }),
          look: node('inspect', { rows: 5 }),
        },
        ['source -> warm', 'warm.kept -> double', 'warm.rest -> file', 'double -> table', 'double -> look'],
      ),
      folder,
    );
    expect(run.states).toEqual(['starting', 'running', 'done']);
    const { source, warm, double, table } = summary.stats;
    expect(source!.out).toEqual({ rows: 20_000 });
    expect(warm!.in).toBe(20_000);
    expect(warm!.out['kept']! + warm!.out['rest']!).toBe(20_000);
    expect(double).toMatchObject({ in: warm!.out['kept'], failed: 0 });
    expect(table!.in).toBe(warm!.out['kept']);
    expect([...summary.outputs].sort((a, b) => (a.node < b.node ? 1 : -1))).toMatchObject([
      { node: 'table', kind: 'sqlite', path: join(folder, 'out.db'), table: 'readings', rows: table!.in, committed: true },
      { node: 'look', kind: 'memory', rows: table!.in, committed: true },
      { node: 'file', kind: 'file', path: join(folder, 'rest.csv'), rows: warm!.out['rest'], committed: true },
    ]);
    const rows = contents(join(folder, 'out.db'))['readings']!;
    expect(rows).toHaveLength(table!.in);
    expect(readFileSync(join(folder, 'rest.csv'), 'utf8').trim().split('\n')).toHaveLength(warm!.out['rest']! + 1);
    // The process stays, so that what a sink keeps can still be read.
    const kept = await run.client.request('inspect', { node: 'look', limit: 3 });
    expect(kept.rows).toEqual(rows.slice(-3).map((row) => Object.values(row as object)));
    await expect(run.client.request('inspect', { node: 'table', limit: 3 })).rejects.toThrow('keeps no rows');
  });

  test('shows kept rows while it runs, and stops soon while its source waits', async () => {
    const folder = newFolder();
    const run = trial();
    await run.start(
      pipeline(
        {
          source: node('generator', { count: 1_000_000, rate: 100 }),
          look: node('inspect'),
          table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
        },
        ['source -> look', 'source -> table'],
      ),
      folder,
    );
    await run.reached('look', 20);
    expect((await run.client.request('inspect', { node: 'look', limit: 10 })).rows).toHaveLength(10);
    const before = Date.now();
    await run.client.request('stop', { how: 'cancel' });
    const summary = await run.ended;
    expect(Date.now() - before).toBeLessThan(soon);
    expect(run.states).toEqual(['starting', 'running', 'stopping', 'stopped']);
    expect(summary.outputs.find((output) => output.node === 'table')).toMatchObject({ committed: false });
    expect(existsSync(join(folder, 'out.db'))).toBe(false);
    expect((await run.client.request('inspect', { node: 'look', limit: 10 })).rows).toHaveLength(10);
  });

  test('stops soon at full speed', async () => {
    const folder = newFolder();
    oldDatabase(join(folder, 'out.db'));
    const run = trial();
    await run.start(
      pipeline({ source: node('generator', { count: 100_000_000 }), table: node('sqlite-table', { path: 'out.db', table: 'readings' }) }, ['source -> table']),
      folder,
    );
    await run.reached('table', 50_000);
    const before = Date.now();
    await run.client.request('stop', { how: 'cancel' });
    expect((await run.ended).state).toBe('stopped');
    expect(Date.now() - before).toBeLessThan(soon);
    expect(contents(join(folder, 'out.db'))).toEqual(unchanged);
  });

  test('that is killed leaves its output as it was', async () => {
    const folder = newFolder();
    oldDatabase(join(folder, 'out.db'));
    writeFileSync(join(folder, 'out.csv'), 'old');
    const run = trial();
    await run.start(
      pipeline(
        {
          source: node('generator', { count: 100_000_000 }),
          table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
          file: node('csv-output', { path: 'out.csv' }),
        },
        ['source -> table', 'source -> file'],
      ),
      folder,
    );
    await run.reached('table', 50_000);
    run.kill();
    await expect(run.ended).rejects.toThrow('SIGKILL');
    expect(contents(join(folder, 'out.db'))).toEqual(unchanged);
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('old');
  });
});

describe('users’ code', () => {
  const bad = step('  if (row.sensor.endsWith("3") && row.humidity > 0) throw new Error(`bad ${row.sensor}`);\n  return row;');
  const nodes = (onError: 'stop' | 'skip' | 'route') => ({
    source: node('generator', { count: 1000, sensors: 10 }),
    code: node('code', bad, onError),
    table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
  });

  test('that throws stops the run under "stop", with node, place, row and message', async () => {
    const folder = newFolder();
    oldDatabase(join(folder, 'out.db'));
    const summary = await trial().run(pipeline(nodes('stop'), ['source -> code', 'code -> table']), folder);
    expect(summary.state).toBe('failed');
    expect(summary.problems[0]).toMatchObject({ code: 'code/threw', node: 'code', field: 'code', range: { line: 2, column: 59 } });
    expect(summary.problems[0]!.message).toMatch(/^bad \S+3\.$/);
    expect(summary.problems[0]!.row).toHaveProperty('sensor');
    expect(contents(join(folder, 'out.db'))).toEqual(unchanged);
  });

  test('that throws costs its row alone under "skip"', async () => {
    const folder = newFolder();
    const summary = await trial().run(pipeline(nodes('skip'), ['source -> code', 'code -> table']), folder);
    const { failed, out } = summary.stats['code']!;
    expect(summary.state).toBe('done');
    expect(failed).toBeGreaterThan(10);
    expect(out['rows']).toBe(1000 - failed);
    expect(summary.problems).toHaveLength(Math.min(100, failed));
    expect(contents(join(folder, 'out.db'))['readings']).toHaveLength(1000 - failed);
  });

  test('that throws sends its row to the error port under "route"', async () => {
    const folder = newFolder();
    const summary = await trial().run(
      pipeline({ ...nodes('route'), errors: node('sqlite-table', { path: 'out.db', table: 'errors' }) }, [
        'source -> code',
        'code -> table',
        'code.errors -> errors',
      ]),
      folder,
    );
    const { failed } = summary.stats['code']!;
    const { readings, errors } = contents(join(folder, 'out.db'));
    expect(readings).toHaveLength(1000 - failed);
    expect(errors).toHaveLength(failed);
    const [first] = errors as { error: string; code: string; node: string; field: string; row: string }[];
    expect(first).toMatchObject({ code: 'code/threw', node: 'code', field: 'code' });
    expect(JSON.parse(first!.row)).toHaveProperty('sensor');
  });

  test('that returns a promise fails its row, and what becomes of the promise harms nobody', async () => {
    const run = trial();
    const { code } = step('  return Promise.reject(new Error("later"));');
    const nodes = { source: node('generator', { count: 3 }), code: node('code', step('  return row;'), 'skip'), look: node('inspect') };
    const summary = await run.run(pipeline(nodes, ['source -> code', 'code -> look']), newFolder(), code);
    expect(summary).toMatchObject({ state: 'done', stats: { code: { in: 3, failed: 3 } } });
    expect(summary.problems[0]!.message).toContain('promise');
    expect(run.logs.map((line) => line.message)).toContain('A promise in the code failed: later.');
  });

  test('that never ends is named, and outputs are as they were', async () => {
    const folder = newFolder();
    oldDatabase(join(folder, 'out.db'));
    writeFileSync(join(folder, 'out.csv'), 'old');
    const run = trial({ MILLRACE_CALL_LIMIT_MS: '1000' });
    const summary = await run.run(
      pipeline(
        {
          source: node('generator', { count: 100_000 }),
          warm: node('filter', { mode: 'expression', where: 'row.humidity >= 0' }),
          code: node('code', { code: 'let n = 0;\nexport default function step(row: Row) {\n  while (++n >= 50000);\n  return row;\n}\n' }),
          table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
          file: node('csv-output', { path: 'out.csv' }),
        },
        ['source -> warm', 'warm.kept -> code', 'code -> table', 'code -> file'],
      ),
      folder,
    );
    expect(summary.state).toBe('failed');
    expect(summary.problems[0]).toMatchObject({ code: 'code/endless', node: 'code', field: 'code' });
    expect(summary.problems[0]!.message).toContain('in its 50,000th call');
    expect(summary.outputs.every((output) => !output.committed)).toBe(true);
    expect(contents(join(folder, 'out.db'))).toEqual(unchanged);
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('old');
    expect(readdirSync(folder).sort()).toEqual(['out.csv', 'out.db']);
  });

  test('that never ends before its first row is named too', async () => {
    const run = trial({ MILLRACE_CALL_LIMIT_MS: '300' });
    const summary = await run.run(
      pipeline(
        {
          source: node('generator'),
          code: node('code', { code: 'while (true);\nexport default function step(row: Row) { return row; }\n' }),
          look: node('inspect'),
        },
        ['source -> code', 'code -> look'],
      ),
      newFolder(),
    );
    expect(summary.problems[0]).toMatchObject({ code: 'code/endless', node: 'code', field: 'code' });
    expect(summary.problems[0]!.message).toContain('before its first call');
  });

  test.each([
    ['in a getter of the row that it returns', 'return { get a() { while (true); } };'],
    ['in what a promise does later', 'Promise.resolve().then(() => { while (true); });\n  return { a: 1 };'],
  ])('that never ends %s is named', async (_, body) => {
    const run = trial({ MILLRACE_CALL_LIMIT_MS: '300' });
    const code = { code: `export default function step(row: Row) {\n  ${body}\n}\n`, columns: [{ name: 'a', type: 'integer' }] };
    const summary = await run.run(
      pipeline({ source: node('generator'), code: node('code', code), look: node('inspect') }, ['source -> code', 'code -> look']),
      newFolder(),
    );
    expect(summary.problems[0]).toMatchObject({ code: 'code/endless', node: 'code', field: 'code' });
  });

  test('that never ends can be stopped soon', async () => {
    const run = trial();
    await run.start(
      pipeline(
        {
          source: node('generator', { rate: 1000, count: 100_000 }),
          code: node('code', step('  while (row.humidity >= 0);\n  return row;')),
          look: node('inspect'),
        },
        ['source -> code', 'code -> look'],
      ),
      newFolder(),
    );
    await expect.poll(() => run.states).toContain('running');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = Date.now();
    await run.client.request('stop', { how: 'cancel' });
    expect((await run.ended).state).toBe('stopped');
    expect(Date.now() - before).toBeLessThan(soon);
  });

  test.each([
    ['objects', 'new Array(1000).fill(row.sensor)'],
    ['buffers', 'new Uint8Array(1e6).fill(1)'],
  ])('that hoards %s is named', async (_, hoard) => {
    const folder = newFolder();
    oldDatabase(join(folder, 'out.db'));
    const run = trial({ MILLRACE_RUN_MEMORY_MB: '80' });
    const summary = await run.run(
      pipeline(
        {
          source: node('generator', { count: 10_000_000 }),
          code: node('code', {
            code: `const kept: any[] = [];\nexport default function step(row: Row) {\n  kept.push(${hoard});\n  return row;\n}\n`,
          }),
          table: node('sqlite-table', { path: 'out.db', table: 'readings' }),
        },
        ['source -> code', 'code -> table'],
      ),
      folder,
    );
    expect(summary.state).toBe('failed');
    expect(summary.problems[0]).toMatchObject({ code: 'run/memory', node: 'code' });
    expect(contents(join(folder, 'out.db'))).toEqual(unchanged);
  });

  test('reaches nothing outside, by any of twelve ways', async () => {
    const ways = [
      'typeof process !== "undefined" && process',
      'typeof require !== "undefined" && require',
      '(function () { return this })()',
      'this.constructor.constructor("return process")()',
      'row.constructor.constructor("return process")()',
      '[].constructor.constructor("return process")()',
      '({}).constructor.constructor("return process.getBuiltinModule(`fs`)")()',
      '(async () => {}).constructor("return process")()',
      '(function* () {}).constructor("return process")().next().value',
      '(() => { Error.prepareStackTrace = (_, frames) => frames; return new Error().stack[0].getThis() })()',
      '(() => { ({}).__proto__.polluted = 1; return ({}).polluted })()',
      '(0, eval)("im" + "port(\'node:fs\')")',
    ];
    const code = `function attempt(way: () => any) {
  try {
    const got = way();
    return got === undefined || got === false ? "nothing" : "got " + typeof got;
  } catch {
    return "refused";
  }
}
export default function step(row: Row) {
  return { ${ways.map((way, i) => `w${i}: attempt(() => ${way})`).join(',\n    ')} };
}
`;
    const columns = ways.map((_, i) => ({ name: `w${i}`, type: 'string' }));
    // The check refuses most of this before it runs: here the run itself must.
    const harmless = step(`  return { ${columns.map(({ name }) => `${name}: ""`).join(', ')} };`).code;
    const run = trial();
    const summary = await run.run(
      pipeline({ source: node('generator', { count: 1 }), code: node('code', { code: harmless, columns }), look: node('inspect') }, [
        'source -> code',
        'code -> look',
      ]),
      newFolder(),
      code,
    );
    expect(summary).toMatchObject({ state: 'done' });
    const { rows } = await run.client.request('inspect', { node: 'look', limit: 1 });
    for (const [i, got] of rows[0]!.entries()) expect(['nothing', 'refused'], ways[i]).toContain(got);
  });
});
