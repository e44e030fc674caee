/** Follows files that are rotated in every way, with and without kills: each line once, but for those that were taken away before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { DisturbedRun, until } from './disturbed-run.ts';
import { idsIn, logColumns, Rotations } from './rotations.ts';
import { mulberry32 } from './seed.ts';

/** `kills`: the share of rounds in which the run, or all of its processes, are killed. */
export async function rotationLaw(seed: number, rounds: number, kills: number): Promise<void> {
  const random = mulberry32(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rotation-'));
  const output = join(folder, 'out.jsonl');
  const file = join(folder, 'rotation.millrace.json');
  writeFileSync(file, pipeline);
  const run = new DisturbedRun(file, join(folder, 'data'), ['--checkpoint-every', '100ms']);
  const ids = () => idsIn(output);
  const logs = new Rotations(join(folder, 'logs'), random, () => new Set(ids()));
  const done: string[] = [];
  const story = () => `seed ${seed}, ${done.join(', ')}. ${run.words}`;
  try {
    run.start();
    await until(() => ids().length > 0, story);
    for (let round = 0; round < rounds; round++) {
      done.push(...logs.round());
      await sleep(random() * 150);
      if (random() >= kills) continue;
      done.push('kill');
      await run.killGroup();
      if (random() < 0.5) done.push(logs.rotate(true));
      run.start();
      await until(() => run.runPid() !== null, story);
    }
    logs.end();
    const missing = () => logs.faults(ids()).missing;
    await until(
      () => missing().length === 0,
      () => `${missing().length} of ${logs.lines} lines are missing: ${missing().slice(0, 20)}; ${story()}`,
      60_000,
    );
    await run.stop('--drain');
    expect(await run.ended(), story()).toBe(0);
    expect(logs.faults(ids()).twice, story()).toEqual([]);
  } finally {
    await run.killGroup();
    if (!process.env['MILLRACE_KEEP']) rmSync(folder, { recursive: true, force: true });
  }
}

const node = (type: string, params: object) => ({ type, typeVersion: 1, params });
const pipeline = JSON.stringify({
  format: 'millrace/pipeline',
  formatVersion: 1,
  name: 'Rotation',
  parameters: {},
  nodes: {
    logs: node('file-tail', { path: 'logs/*.jsonl*', types: logColumns }),
    out: node('jsonl-output', { path: 'out.jsonl' }),
  },
  edges: ['logs.rows -> out.rows'],
  layout: {},
});
