/** Times that are wrong, clocks that jump and sources that fall silent, through the real command line. */
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryFile } from '../../engine/processes/entries.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import { type Nodes, StreamTrial } from './stream-trial.ts';
import { expectProblem } from './trial.ts';

let trial: StreamTrial;
beforeEach(() => {
  trial = new StreamTrial();
});
afterEach(() => trial.close());

const minute = 60_000;
const iso = (time: number): string => new Date(time).toISOString();
/** Some time ago, on the minute. */
const past = Math.floor(Date.now() / minute) * minute - 3600_000;
const timed = { eventTime: 'column', timeColumn: 'at' } as const;
const counts = ['aggregate', { window: 'tumbling', every: minute, aggregations: [{ function: 'count', column: null, name: 'n' }] }] as const;

describe('a time column', () => {
  const rows = (third: string) => `id,at\n1,${iso(past)}\n2,${iso(past + 1000)}\n3,${third}\n4,${iso(past + 2000)}\n`;
  const out: Nodes = { out: ['jsonl-output', { path: 'out.jsonl' }] };
  const source = (policy: 'stop' | 'skip' | 'route', params = {}): Nodes => ({ source: ['csv-file', { path: 'in.csv', ...timed, ...params }, policy] });
  const cases: readonly { readonly name: string; readonly third: string; readonly params?: object; readonly message: RegExp }[] = [
    { name: 'that does not parse', third: 'half past nine', message: /at "half past nine" does not fit ISO 8601, such as 2026-/ },
    { name: 'that is null', third: '', message: /at is null, but every row needs an event time/ },
    { name: 'of a day that there is not', third: '2026-02-30T00:00:00Z', message: /at "2026-02-30T00:00:00Z" does not fit ISO 8601/ },
  ];

  test.each(cases)('$name ends the run where it is told to stop, with the file and the line', async ({ third, params, message }) => {
    trial.write('in.csv', rows(third));
    trial.write('out.jsonl', 'from before\n');
    trial.pipeline({ ...source('stop', { ...params, sampleRows: 2 }), ...out }, ['source -> out']);
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([1, 'failed']);
    expectProblem(result.problems[0], { node: 'source', field: 'timeColumn', message });
    expect(result.problems[0]!.position).toMatchObject({ source: expect.stringContaining('in.csv'), line: 4 });
    expect(trial.lines('out.jsonl')).toEqual(['from before']);
  });

  test.each(cases)('$name is counted where such rows are skipped', async ({ third, params, message }) => {
    trial.write('in.csv', rows(third));
    trial.pipeline({ ...source('skip', params), ...out }, ['source -> out']);
    const { code, result } = await trial.runs();
    expect(code).toBe(0);
    expectProblem(result.problems[0], { node: 'source', message });
    expect((result as { stats: unknown }).stats).toMatchObject({ source: { failed: 1, out: { rows: 3 } } });
    expect(trial.json('out.jsonl').map(({ id }) => id)).toEqual([1, 2, 4]);
  });

  test.each(cases)('$name goes to the error port where such rows are routed', async ({ third, params, message }) => {
    trial.write('in.csv', rows(third));
    trial.pipeline({ ...source('route', params), ...out, wrong: ['jsonl-output', { path: 'wrong.jsonl' }] }, ['source -> out', 'source.errors -> wrong']);
    const { code, result } = await trial.runs();
    expect([code, (result as { stats: Record<string, { failed: number }> }).stats['source']!.failed]).toEqual([0, 1]);
    expect(trial.json('out.jsonl').map(({ id }) => id)).toEqual([1, 2, 4]);
    expect(trial.lines('wrong.jsonl')).toHaveLength(1);
    expect(trial.json('wrong.jsonl')[0]!['error']).toMatch(message);
  });

  test.each([
    ['a form that is none', { timeFormat: 'pattern', timePattern: 'dd/qq/yyyy' }, 'timePattern', /"dd\/qq\/yyyy" is not a time format/],
    ['a zone that is none', { timeFormat: 'pattern', timePattern: 'dd/MM/yyyy', timeZone: 'Moon' }, 'timeZone', /"Moon" is not a time zone/],
    ['a column that is not there', { timeColumn: 'then' }, 'timeColumn', /"then"/],
    ['a column of numbers that count nobody knows what', { timeColumn: 'id' }, 'timeFormat', /it is not known what it counts/],
  ] as const)('%s is told before anything runs', async (_, params, field, message) => {
    trial.write('in.csv', rows('31/01/2026'));
    trial.pipeline({ ...source('stop', params), ...out }, ['source -> out']);
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([2, 'refused']);
    expectProblem(result.problems[0], { node: 'source', field, message });
    expect(trial.lines('out.jsonl')).toEqual([]);
  });
});

describe('clocks', () => {
  const nodes = (outOfOrder = 0): Nodes => ({
    source: ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl', ...timed, outOfOrder }],
    counts,
    out: ['jsonl-output', { path: 'out.jsonl' }],
    late: ['jsonl-output', { path: 'late.jsonl' }],
  });
  const edges = ['source -> counts', 'counts -> out', 'counts.late -> late'];
  const line = (id: number, time: number) => `${JSON.stringify({ id, at: iso(time) })}\n`;

  test('that are a year ahead make no other row late, and are told once', async () => {
    const year = 365 * 24 * 3600_000;
    trial.write('in.jsonl', line(1, past));
    trial.pipeline(nodes(), edges);
    const run = trial.start();
    await run.until(() => trial.checkpoints().length > 0);
    trial.append('in.jsonl', line(2, Date.now() + year) + line(3, Date.now() + year + 1));
    trial.append('in.jsonl', line(4, past + 1000) + line(5, past + minute));
    await run.until(() => trial.lines('out.jsonl').length > 0);
    const summary = await run.stop('--drain');
    expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([2, 1, 2]);
    expect(trial.lines('late.jsonl')).toEqual([]);
    expect(summary.stats).toMatchObject({ source: { out: { rows: 5 } }, counts: { in: 5, late: 0 } });
    expect(run.words.match(/source: A row's time, \S+, is too far ahead of this machine's clock/g)).toHaveLength(1);
    expect(run.words).toMatch(/2 rows had times that were too far ahead/);
  });

  test('that go back make rows late, which are counted and leave by the port for them', async () => {
    trial.write('in.jsonl', line(1, past) + line(2, past + 5 * minute));
    trial.pipeline(nodes(), edges);
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length > 0);
    trial.append('in.jsonl', line(3, past - minute) + line(4, past + 1) + line(5, past + 6 * minute));
    await run.until(() => trial.lines('out.jsonl').length > 1);
    const summary = await run.stop('--drain');
    expect(trial.json('late.jsonl').map(({ id }) => id)).toEqual([3, 4]);
    expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([1, 1, 1]);
    expect(summary.stats).toMatchObject({ counts: { in: 5, late: 2, failed: 0 } });
    expect(summary.problems).toEqual([]);
  });

  test('that go back, with nobody who takes late rows: how many were left out is a warning', async () => {
    trial.write('in.jsonl', line(1, past) + line(2, past + 5 * minute));
    const { late: _, ...others } = nodes();
    trial.pipeline(others, edges.slice(0, 2));
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length > 0);
    trial.append('in.jsonl', line(3, past - minute) + line(4, past + 1) + line(5, past + 6 * minute));
    await run.until(() => trial.lines('out.jsonl').length > 1);
    const summary = await run.stop('--drain');
    expectProblem(summary.problems[0], { code: 'run/late-rows', node: 'counts', message: /^2 rows came too late to count, and were left out/ });
    expect(run.words).toMatch(/2 rows came too late/);
  });

  test('that go back in a file that ends lose no row', async () => {
    trial.write('in.csv', `id,at\n${[past, past + 5 * minute, past - minute, past + 1].map((time, id) => `${id},${iso(time)}\n`).join('')}`);
    const { late: _, ...others } = nodes();
    trial.pipeline({ ...others, source: ['csv-file', { path: 'in.csv', ...timed }] }, edges.slice(0, 2));
    const { code, result } = await trial.runs();
    expect([code, result.state, result.problems]).toEqual([0, 'done', []]);
    expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([1, 2, 1]);
  });
});

describe('a source that falls silent', () => {
  const nodes = (params = {}): Nodes => ({
    busy: ['file-tail', { path: 'busy.jsonl', from: 'beginning', format: 'jsonl', ...timed }],
    silent: ['file-tail', { path: 'silent.jsonl', from: 'beginning', format: 'jsonl', ...timed, ...params }],
    both: ['union'],
    counts,
    out: ['jsonl-output', { path: 'out.jsonl' }],
  });
  const edges = ['busy -> both', 'silent -> both', 'both -> counts', 'counts -> out'];
  const feed = () => {
    trial.write('silent.jsonl', `${JSON.stringify({ at: iso(past) })}\n`);
    trial.write('busy.jsonl', Array.from({ length: 10 }, (_, i) => `${JSON.stringify({ at: iso(past + i * minute) })}\n`).join(''));
  };

  test('is named as what the others wait for', async () => {
    feed();
    trial.pipeline(nodes(), edges);
    const run = trial.start([], { MILLRACE_STALLED_AFTER_MS: '1500' });
    await run.says(/counts: The watermark of "counts" has not moved for \d+ s: it waits for "silent"\. .*idle timeout at that source/);
    // Told before it ran, too.
    expect(run.words).toMatch(/silent[^\n]*: info: While no rows come from here, "counts" holds back those of "busy"/);
    const holder = async () => {
      const { code, output } = await trial.millrace(['runs', 'show', trial.at('stream.millrace.json'), '--json']);
      return [code, JSON.parse(output).stats.counts.heldBy];
    };
    // The figures follow the message.
    await expect.poll(holder).toEqual([0, 'silent']);
    await run.stop('--drain');
    expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([2, ...Array(9).fill(1)]);
  });

  test('holds nothing back any more once it counts as idle', async () => {
    feed();
    trial.pipeline(nodes({ idleAfter: 1000 }), edges);
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length === 9);
    expect(run.words).not.toMatch(/has not moved|holds back those of "busy"/);
    await run.stop('--drain');
    expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([2, ...Array(9).fill(1)]);
  });

  test('without an event time at all is told before anything runs', async () => {
    feed();
    trial.pipeline(nodes({ eventTime: 'none' }), edges);
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([2, 'refused']);
    const errors = result.problems.filter((problem: Problem) => problem.severity === 'error');
    expectProblem(errors[0], { node: 'counts', message: /event time/ });
  });
});

describe('keys', () => {
  const rows = `${JSON.stringify({ id: 1, tags: ['a'], name: 'x', at: iso(past) })}\n`;
  const source: Nodes[string] = ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl', ...timed }];
  const out: Nodes[string] = ['jsonl-output', { path: 'out.jsonl' }];
  const keyed: readonly (readonly [type: string, params: Record<string, Json>, field: string])[] = [
    ['aggregate', { ...counts[1], groupBy: ['tags'] }, 'groupBy'],
    ['running-aggregate', { keys: ['tags'], aggregations: [{ function: 'count', column: null, name: 'n' }] }, 'keys'],
    ['top-n', { keys: ['tags'], column: 'id', count: 1, over: 'tumbling', every: minute }, 'keys'],
    ['dedupe', { keys: ['tags'], within: minute }, 'keys'],
    ['previous-row', { keys: ['tags'], columns: ['id'] }, 'keys'],
    [
      'keyed-code',
      { keys: ['tags'], code: 'export const initial = 0;\nexport function onRow(row: Row, state: number) {\n  return { id: row.id };\n}\n' },
      'keys',
    ],
  ];

  test.each(keyed)('that are lists are refused by %s, at its param', async (type, params, field) => {
    trial.write('in.jsonl', rows);
    trial.pipeline({ source, step: [type, params], out }, ['source -> step', 'step -> out']);
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([2, 'refused']);
    expectProblem(
      result.problems.find(({ severity }) => severity === 'error'),
      { node: 'step', field: `${field}.0`, message: /"tags".*json|json.*"tags"/ },
    );
  });

  test('of two types are refused where streams are joined', async () => {
    trial.write('in.jsonl', rows);
    trial.pipeline({ left: source, right: source, step: ['stream-join', { keys: [{ left: 'id', right: 'name' }] }], out }, [
      'left -> step.left',
      'right -> step.right',
      'step -> out',
    ]);
    const { code, result } = await trial.runs();
    expect([code, result.state]).toEqual([2, 'refused']);
    expectProblem(
      result.problems.find(({ severity }) => severity === 'error'),
      { node: 'step', message: /integer.*string|string.*integer/ },
    );
  });
});

describe('a reader that leaves', () => {
  /** Runs a command whose output nobody reads any more after its first bytes, as `| head` does. */
  const abandoned = async (args: readonly string[], stream: 'stdout' | 'stderr'): Promise<{ readonly code: number | null; readonly errors: string }> => {
    const child = spawn(process.execPath, [entryFile('cli'), ...args], { cwd: trial.folder, env: { ...process.env, MILLRACE_DATA: trial.data } });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.stdout.resume();
    if (stream === 'stdout') child.stdout.once('data', () => child.stdout.destroy());
    else child.stderr.destroy();
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, errors })));
  };

  test('ends a command quietly, with the code that it would have had', async () => {
    expect(await abandoned(['nodes', '--json'], 'stdout')).toEqual({ code: 0, errors: '' });
    expect((await abandoned(['run', 'missing.millrace.json'], 'stderr')).code).toBe(2);
  });

  test('leaves a run alone', async () => {
    trial.write('in.jsonl', `${JSON.stringify({ id: 1 })}\n`);
    trial.pipeline({ source: ['jsonl-file', { path: 'in.jsonl' }], out: ['jsonl-output', { path: 'out.jsonl' }] }, ['source -> out']);
    expect((await abandoned(['run', 'stream.millrace.json'], 'stderr')).code).toBe(0);
    expect(trial.json('out.jsonl')).toEqual([{ id: 1 }]);
  });
});
