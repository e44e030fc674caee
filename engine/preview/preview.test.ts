import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PhysicalPlan, PlannedNode } from '../plan/physical.ts';
import { MillraceError } from '../schema/problem.ts';
import { Preview, type PreviewJob } from './preview.ts';

/** A thread that does what the job's node is called. */
const thread = `
const { parentPort, workerData } = require('node:worker_threads');
let calls = 0;
parentPort.on('message', ({ id, job }) => {
  calls++;
  workerData.monitor[0] = job.node === 'sampling' ? 1 : 2;
  workerData.monitor[1] = 1;
  workerData.monitor[2] = job.node === 'endless' ? 3 : 0;
  parentPort.postMessage({ code: 2, field: 'columns.1.expression' });
  if (job.node === 'endless' || job.node === 'sampling') for (;;);
  if (job.node === 'hog') { const all = []; for (;;) all.push(new Array(1e5).fill(calls + all.length)); }
  if (job.node === 'busy') for (const end = Date.now() + job.limit; Date.now() < end;);
  if (job.node === 'crash') throw new Error('broken');
  if (job.node === 'problem') return parentPort.postMessage({ id, problem: { code: 'a/b', severity: 'error', message: 'no' } });
  parentPort.postMessage({ id, result: { calls } });
});
parentPort.postMessage({ ready: true });
`;

let folder: string;
let preview: Preview;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-preview-'));
  writeFileSync(join(folder, 'thread.cjs'), thread);
  preview = new Preview({ limitMs: 1000, threadFile: join(folder, 'thread.cjs') });
});
afterEach(() => {
  preview.close();
  rmSync(folder, { recursive: true, force: true });
});

const job = (node: string, limit = 1): PreviewJob => {
  const plan: PhysicalPlan = { nodes: [{ id: 'first' } as PlannedNode], edges: [], sourceGroups: [], chains: [], bounded: true };
  return { plan, folder, node, port: 'rows', limit, sampleKeys: {} };
};
const read = (node: string, limit?: number, document = 'd') =>
  preview.read(document, job(node, limit)).then(
    (result) => `call ${(result as unknown as { calls: number }).calls}`,
    (error) => (error instanceof MillraceError ? [error.problem.code, error.problem.node, error.problem.field].filter(Boolean).join(' ') : error),
  );

describe('Preview', () => {
  it('keeps its thread, and tells problems as they are', async () => {
    expect([await read('ok'), await read('problem'), await read('ok')]).toEqual(['call 1', 'a/b', 'call 3']);
  });

  it('lets the newest of a document win, and none of another document lose', async () => {
    await read('ok');
    const all = await Promise.all([read('busy', 60), read('ok'), read('ok'), read('ok', 1, 'other')]);
    expect(all).toEqual(['preview/superseded', 'preview/superseded', 'call 3', 'call 4']);
  });

  it('ends a call that takes too long, names the node, and goes on with a new thread', async () => {
    const [endless, other] = await Promise.all([read('endless'), read('ok', 1, 'other')]);
    expect(endless).toBe('code/endless first columns.1.expression');
    expect(other).toBe('call 1');
    expect(await read('sampling')).toBe('source/slow first');
    expect(await read('ok')).toBe('call 1');
  });

  it('gives a call that nobody waits for any more no time of its own', async () => {
    await read('ok');
    const startedAt = Date.now();
    const endless = read('endless');
    await new Promise((done) => setTimeout(done, 20));
    expect(await read('ok')).toBe('call 1');
    expect(await endless).toBe('preview/superseded');
    expect(Date.now() - startedAt).toBeLessThan(20_000);
  });

  it('survives a crash and a lack of memory', async () => {
    expect(await read('crash')).toBe('preview/crashed first');
    preview.close();
    preview = new Preview({ threadFile: join(folder, 'thread.cjs') });
    expect(await read('hog')).toBe('code/memory first');
    expect(await read('ok')).toBe('call 1');
  });

  it('does not try for ever to start a thread that cannot start', async () => {
    writeFileSync(join(folder, 'broken.cjs'), 'throw new Error("no start")');
    preview = new Preview({ threadFile: join(folder, 'broken.cjs') });
    expect(await read('ok')).toBe('preview/crashed');
    expect(await read('ok')).toBe('preview/crashed');
  });
});
