/** What is kept of pipelines, and what becomes of it when their files are moved or deleted. */
import { existsSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StreamTrial } from './stream-trial.ts';

let trial: StreamTrial;
beforeEach(() => {
  trial = new StreamTrial();
});
afterEach(() => trial.close());

const file = 'stream.millrace.json';
const moved = 'moved.millrace.json';
const row = (id: number) => `{"id":${id}}\n`;

/** Has written one row, and was stopped with a checkpoint. */
async function stopped(): Promise<void> {
  trial.write('in.jsonl', row(1));
  trial.pipeline({ source: ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl' }], out: ['jsonl-output', { path: 'out.jsonl' }] }, [
    'source -> out',
  ]);
  const run = trial.start();
  await run.until(() => trial.lines('out.jsonl').length === 1);
  await run.stop();
}
const states = async () => JSON.parse((await trial.millrace(['runs', 'states', '--json'])).output);

test('is listed with its pipeline, and not removed while that is there or runs, unless by force', async () => {
  expect((await trial.millrace(['runs', 'states'])).output).toMatch(/^Nothing is kept/);
  await stopped();
  const [state, ...others] = await states();
  expect(others).toEqual([]);
  expect(state).toMatchObject({
    folder: trial.state(),
    owner: { pipeline: 'stream', path: trial.at(file) },
    isThere: true,
    checkpoint: { id: expect.any(Number) },
  });
  expect(state.bytes).toBeGreaterThan(100);
  const shown = (await trial.millrace(['runs', 'states'])).output;
  expect(shown).toContain(state.id.slice(0, 8));
  expect(shown).toContain(trial.at(file));
  expect(shown).not.toContain('missing');

  for (const name of [file, 'stream', state.id.slice(0, 8)]) {
    const { code, errors } = await trial.millrace(['runs', 'forget', name]);
    expect([code, errors]).toEqual([2, expect.stringMatching(/is still there: .*\n.*reads everything again.*--force/)]);
  }
  expect((await trial.millrace(['runs', 'forget', '--missing'])).output).toBe('There was nothing to remove.\n');
  expect((await trial.millrace(['runs', 'forget', 'other'])).errors).toMatch(/Nothing is kept of "other"/);
  expect((await trial.millrace(['runs', 'forget'])).code).toBe(2);

  trial.append('in.jsonl', row(2));
  const run = trial.start();
  await run.until(() => trial.lines('out.jsonl').length === 2);
  expect((await trial.millrace(['runs', 'forget', file, '--force'])).errors).toMatch(/Another run of this pipeline is under way/);
  await run.stop();
  expect((await trial.millrace(['runs', 'forget', file, '--force'])).output).toMatch(/^Removed \w{8} of stream\.\n.* are free\.\n$/);
  expect([await states(), existsSync(trial.state())]).toEqual([[], false]);
});

test('stays when the file is moved, which the next run there says, and can be removed then', async () => {
  await stopped();
  renameSync(trial.at(file), trial.at(moved));
  expect((await trial.millrace(['runs', 'states'])).output).toMatch(/stream\.millrace\.json \(missing\)\n\n"millrace runs forget --missing"/);

  const run = trial.start([], {}, moved);
  await run.says(/starts from scratch\. It is the same as that of .*stream\.millrace\.json, which is gone.*move the file back there/);
  await run.until(() => trial.checkpoints(moved).length > 0);
  await run.stop();

  expect((await trial.millrace(['runs', 'forget', '--missing'])).code).toBe(0);
  const left = await states();
  expect(left.map(({ owner }: { owner: { path: string } }) => owner.path)).toEqual([trial.at(moved)]);
  const again = trial.start([], {}, moved);
  await again.says(/Resuming from checkpoint/);
  expect(again.words).not.toMatch(/starts from scratch. It is the same/);
  await again.stop();
});

test('a run is stopped by a command that comes right after its start', async () => {
  await stopped();
  const run = trial.start();
  expect(await run.stopByCommand()).toMatchObject({ state: 'stopped' });
  const { id } = trial.summary();
  const { code, errors } = await trial.millrace(['runs', 'stop', id.slice(0, 8)]);
  expect([code, errors]).toEqual([2, expect.stringMatching(/^millrace: Run \w{8} of stream has ended: stopped, \d+ s ago\.\n.*runs show/)]);
});
