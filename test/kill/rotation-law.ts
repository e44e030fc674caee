/** Follows files that are rotated in every way, with and without kills: each line once, but for those that were taken away before. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { DisturbedRun, until } from './disturbed-run.ts';
import { Rotations } from './rotations.ts';
import { mulberry32 } from './seed.ts';

/** `kills`: the share of rounds in which the run, or all of its processes, are killed. */
export async function rotationLaw(seed: number, rounds: number, kills: number): Promise<void> {
  const random = mulberry32(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rotation-'));
  const output = join(folder, 'out.jsonl');
  const file = join(folder, 'rotation.millrace.json');
  writeFileSync(file, pipeline);
  const run = new DisturbedRun(file, join(folder, 'data'), ['--checkpoint-every', '100ms']);
  // The last line may be on its way.
  const ids = () =>
    (existsSync(output) ? readFileSync(output, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { id: number }).id);
  const logs = new Rotations(
    join(folder, 'logs'),
    random,
    (id) => `${JSON.stringify({ id, text: 'x'.repeat(id % 50) })}\n`,
    () => new Set(ids()),
  );
  const done: string[] = [];
  const story = () => `seed ${seed}, ${done.join(', ')}. ${run.words}`;
  try {
    run.start();
    await until(() => ids().length > 0, story);
    for (let round = 0; round < rounds; round++) {
      logs.append(1 + Math.floor(random() * 30));
      done.push(logs.rotate(random() < 0.3));
      if (random() < 0.2) done.push(logs.rotate(false));
      await sleep(random() * 150);
      if (random() >= kills) continue;
      done.push('kill');
      await run.killGroup();
      if (random() < 0.5) done.push(logs.rotate(true));
      run.start();
      await until(() => run.runPid() !== null, story);
    }
    logs.end();
    const missing = () => {
      const found = new Set(ids());
      return Array.from({ length: logs.lines }, (_, id) => id).filter((id) => !found.has(id) && !logs.doubtful.has(id));
    };
    await until(
      () => missing().length === 0,
      () => `${missing().length} of ${logs.lines} lines are missing: ${missing().slice(0, 20)}; ${story()}`,
      60_000,
    );
    await run.stop('--drain');
    expect(await run.ended(), story()).toBe(0);
    const seen = new Set<number>();
    const twice = ids().filter((id) => seen.has(id) || !seen.add(id));
    expect(twice, story()).toEqual([]);
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
    logs: node('file-tail', { path: 'logs/*.jsonl*', types: [{ column: 'id', type: 'integer' }] }),
    out: node('jsonl-output', { path: 'out.jsonl' }),
  },
  edges: ['logs.rows -> out.rows'],
  layout: {},
});
