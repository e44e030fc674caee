/** Checkpoints of real run processes: what a kill leaves behind, and what the next process makes of it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunOptions } from '../../engine/protocol/run-api.ts';
import { CheckpointStore } from '../../engine/store/checkpoints.ts';
import { contents, newFolder, node, pipeline, RunTrial } from './run-trial.ts';

const count = 12_000;
let folder: string;
const trials: RunTrial[] = [];
beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  for (const trial of trials.splice(0)) trial.kill();
  rmSync(folder, { recursive: true, force: true });
});
function newTrial(): RunTrial {
  const trial = new RunTrial();
  trials.push(trial);
  return trial;
}

const generator = { endless: false, count, rate: 4000, sensors: 5, times: 'steps', eventTime: 'column', timeColumn: 'time' } as const;
const source = (params: Record<string, string | number | boolean> = {}) => node('generator', { ...generator, ...params });
const csv = () => node('csv-output', { path: 'rows.csv', mode: 'append' });
const table = (path: string) => node('sqlite-table', { path, table: 'rows', mode: 'append' });
/** One source into a file, two databases and, by windows, another file. */
const wide = pipeline(
  {
    readings: source(),
    sums: node('aggregate', {
      groupBy: ['sensor'],
      aggregations: [{ function: 'count' }, { function: 'sum', column: 'humidity' }],
      window: 'tumbling',
      every: 60_000,
    }),
    file: csv(),
    windows: node('csv-output', { path: 'windows.csv', mode: 'append' }),
    first: table('first.db'),
    second: table('second.db'),
  },
  ['readings -> file', 'readings -> sums', 'sums -> windows', 'readings -> first', 'readings -> second'],
);
const often: Partial<RunOptions> = { commits: 'checkpoint', checkpointEveryMs: 50, from: 'latest' };
const lines = (place: string, name: string) => readFileSync(join(place, name), 'utf8').split('\n');
const rowsOf = (place: string, name: string) => contents(join(place, name))['rows'];

describe('a run process', () => {
  it('that is killed again and again writes every row once, to files and databases', async () => {
    const calm = newFolder();
    const undisturbed = await newTrial().run(wide, calm);
    expect([undisturbed.state, undisturbed.problems]).toEqual(['done', []]);

    const stateFolder = join(folder, 'state');
    const seed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 1e6));
    const moments = [0, 1, 2, 3].map((i) => 50 + ((seed * (i + 7) * 7919) % 400));
    let resumed = 0;
    for (const [round, moment] of [...moments, null].entries()) {
      const trial = newTrial();
      await trial.start(wide, folder, undefined, { ...often, stateFolder });
      if (moment !== null) {
        // The first time perhaps before there is a checkpoint.
        await trial.reached('file', 1, round > 0);
        await sleep(moment);
        trial.kill();
        await trial.ended.catch(() => {});
        continue;
      }
      const summary = await trial.ended;
      expect([summary.state, summary.problems]).toEqual(['done', []]);
      expect(summary.stats['file']!.in).toBe(count);
      resumed = summary.resumedFrom ?? 0;
    }
    expect(resumed, `seed ${seed}`).toBeGreaterThan(0);
    for (const name of ['rows.csv', 'windows.csv']) expect(lines(folder, name), `seed ${seed}`).toEqual(lines(calm, name));
    for (const name of ['first.db', 'second.db']) expect(rowsOf(folder, name), `seed ${seed}`).toEqual(rowsOf(calm, name));
    expect(new CheckpointStore(stateFolder).list()).toEqual([]);
    // Nor in the databases, which told of checkpoints on the way.
    for (const name of ['first.db', 'second.db']) expect(Object.keys(contents(join(folder, name)))).toEqual(['rows']);
    rmSync(calm, { recursive: true, force: true });
  });

  const narrow = (params: Record<string, string | number | boolean>) =>
    pipeline({ readings: source({ endless: true, ...params }), file: csv() }, ['readings -> file']);

  it('pauses, makes checkpoints when asked to, stops with one, and is gone on from', async () => {
    const options = { checkpointEveryMs: 600_000, stateFolder: join(folder, 'state'), from: 'latest' } as const;
    const first = newTrial();
    await first.start(narrow({ rate: 1000 }), folder, undefined, options);
    await first.reached('file', 100);
    await first.client.request('pause', {});
    const asked = await first.client.request('checkpoint', {});
    expect(asked).toEqual({ id: 1 });
    const visible = lines(folder, 'rows.csv').length;
    expect(visible).toBeGreaterThan(100);
    expect(await first.client.request('checkpoint', {})).toEqual({ id: 2 });
    expect(lines(folder, 'rows.csv').length).toBe(visible);
    await first.client.request('resume', {});
    await first.reached('file', visible + 100);
    await first.client.request('stop', { how: 'checkpoint' });
    const stopped = await first.ended;
    expect(stopped).toMatchObject({ state: 'stopped', checkpoint: { id: 3 }, resumedFrom: null, problems: [] });
    expect(first.states).toEqual(['starting', 'running', 'paused', 'running', 'stopping', 'stopped']);
    const before = lines(folder, 'rows.csv');
    expect(before.length).toBe(stopped.stats['file']!.in + 2);

    const second = newTrial();
    await second.start(narrow({ rate: 1000 }), folder, undefined, options);
    await second.reached('file', before.length + 100);
    await second.client.request('stop', { how: 'drain' });
    const drained = await second.ended;
    expect(drained).toMatchObject({ state: 'done', resumedFrom: 3, checkpoint: { id: 4 } });
    const after = lines(folder, 'rows.csv');
    expect(after.length).toBe(drained.stats['file']!.in + 2);
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(new Set(after).size).toBe(after.length);
  });

  it('has its state folder to itself', async () => {
    const options = { stateFolder: join(folder, 'state') };
    const [first, second] = [newTrial(), newTrial()];
    await first.start(narrow({ rate: 100 }), folder, undefined, options);
    await first.reached('file', 1);
    await second.start(narrow({ rate: 100 }), folder, undefined, options);
    expect(await second.ended).toMatchObject({
      state: 'failed',
      problems: [{ code: 'run/already-running', message: expect.stringMatching(/in process \d+\.$/) }],
    });
    await first.client.request('stop', { how: 'cancel' });
    expect((await first.ended).state).toBe('stopped');
    // Not the process but the run has it: the next one need not wait for the process to end.
    const third = newTrial();
    await third.start(narrow({ rate: 100 }), folder, undefined, options);
    await third.reached('file', 1);
  });

  it('that is ended by force leaves its outputs at the last commit, to be gone on from', async () => {
    const stuck = (code: string) =>
      pipeline({ readings: source(), code: node('code', { code }), file: csv(), first: table('first.db') }, [
        'readings -> code',
        'code -> file',
        'code -> first',
      ]);
    const whole = 'export default (row) => row;';
    const code = 'let n = 0; export default (row) => { n++; while (n > 6000); return row; };';
    const options = { ...often, checkpointEveryMs: 20, stateFolder: join(folder, 'state') };
    process.env['MILLRACE_CALL_LIMIT_MS'] = '1500';
    const first = newTrial();
    delete process.env['MILLRACE_CALL_LIMIT_MS'];
    await first.start(stuck(whole), folder, code, options);
    const failed = await first.ended;
    expect(failed).toMatchObject({ state: 'failed', problems: [{ code: 'code/endless', node: 'code' }] });
    const written = (contents(join(folder, 'first.db'))['rows'] ?? []).length;
    expect(written).toBeGreaterThan(0);
    expect(lines(folder, 'rows.csv').length - 2).toBe(written);

    const second = newTrial();
    await second.start(stuck(whole), folder, whole, options);
    expect(await second.ended).toMatchObject({ state: 'done', resumedFrom: failed.checkpoint!.id });
    expect([lines(folder, 'rows.csv').length - 2, rowsOf(folder, 'first.db')!.length]).toEqual([count, count]);
  });
});
