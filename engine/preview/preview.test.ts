import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { Preview, type PreviewJob } from './preview.ts';

/** A process that does what the job's node is called. */
const worker = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serveJobs } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '..', 'processes', 'serve.ts')))};
const monitor = new Int32Array(new SharedArrayBuffer(24));
let calls = 0;
const note = serveJobs(async (job) => {
  calls++;
  monitor[0] = job.node === 'sampling' ? 1 : 2;
  monitor[1] = 1;
  monitor[2] = 3;
  note({ code: 2, field: 'columns.1.expression' });
  if (job.node === 'endless') writeFileSync(join(job.folder, 'started'), '');
  if (job.node === 'endless' || job.node === 'sampling') for (;;);
  if (job.node === 'heap') { const all = []; for (;;) all.push(new Array(1e5).fill(calls + all.length)); }
  if (job.node === 'buffers') { const all = []; for (;;) all.push(new Uint8Array(4e6).fill(1)); }
  if (job.node === 'at once') { const all = []; for (;;) all.push(new Array(2e9).fill(0)); }
  if (job.node === 'busy') for (const end = Date.now() + job.limit; Date.now() < end;);
  if (job.node === 'waits') await wait(job.limit);
  if (job.node === 'crash') { setImmediate(() => { throw new Error('broken'); }); await wait(60_000); }
  if (job.node === 'problem') throw new Error('no');
  return { calls };
}, { monitor });
`;

let folder: string;
let file: string;
let preview: Preview;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-preview-'));
  file = join(folder, 'worker.mjs');
  writeFileSync(file, worker);
  preview = new Preview({ limitMs: 1000, file });
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
  preview
    .read(document, () => job(node, limit))
    .then(
      (result) => `call ${(result as unknown as { calls: number }).calls}`,
      (error) => (error instanceof MillraceError ? [error.problem.code, error.problem.node, error.problem.field].filter(Boolean).join(' ') : error),
    );

describe('Preview', () => {
  it('keeps its process, and tells problems as they are', async () => {
    expect([await read('ok'), await read('problem'), await read('ok')]).toEqual(['call 1', 'internal', 'call 3']);
  });

  it('lets the newest of a document win, and none of another document lose', async () => {
    await read('ok');
    const all = await Promise.all([read('busy', 60), read('ok'), read('ok'), read('ok', 1, 'other')]);
    expect(all).toEqual(['preview/superseded', 'preview/superseded', 'call 2', 'call 3']);
  });

  it('takes for the newest what was asked last, however long it takes to prepare', async () => {
    const slow = Promise.withResolvers<PreviewJob>();
    const older = preview.read('d', () => slow.promise);
    const newer = read('ok');
    slow.resolve(job('ok'));
    await expect(older).rejects.toMatchObject({ problem: { code: 'preview/superseded' } });
    expect(await newer).toBe('call 1');
  });

  it('is cancelled by a signal, at once where that has come already, and cancels no newer one', async () => {
    const superseded = { problem: { code: 'preview/superseded' } };
    await expect(preview.read('d', () => job('endless'), AbortSignal.abort())).rejects.toMatchObject(superseded);
    const first = new AbortController();
    const cancelled = preview.read('d', () => job('waits', 60_000), first.signal);
    const newer = read('ok');
    first.abort();
    await expect(cancelled).rejects.toMatchObject(superseded);
    expect(await newer).toMatch('call');
    const second = new AbortController();
    const endless = preview.read('d', () => job('endless'), second.signal);
    second.abort();
    await expect(endless).rejects.toMatchObject(superseded);
    expect(await read('ok')).toMatch('call');
  });

  it('ends a call that takes too long, names the node, and goes on with a new process', async () => {
    const [endless, other] = await Promise.all([read('endless'), read('ok', 1, 'other')]);
    expect(endless).toBe('code/endless first columns.1.expression');
    expect(other).toBe('call 1');
    expect(await read('sampling')).toBe('source/slow first columns.1.expression');
    expect(await read('ok')).toBe('call 1');
  });

  it('gives a call that nobody waits for any more no time of its own', async () => {
    preview.close();
    preview = new Preview({ limitMs: 120_000, file });
    await read('ok');
    const endless = read('endless');
    await expect.poll(() => existsSync(join(folder, 'started'))).toBe(true);
    expect(await read('ok')).toBe('call 1');
    expect(await endless).toBe('preview/superseded');
  });

  it('survives a crash', async () => {
    expect(await read('crash')).toBe('preview/crashed');
    expect(await read('ok')).toBe('call 1');
  });

  it.each(['heap', 'buffers'])('ends a call that takes more memory than it may: %s', async (what) => {
    preview.close();
    preview = new Preview({ limitMs: 60_000, memoryMb: 300, file });
    expect(await read(what)).toBe('code/memory first columns.1.expression');
    expect(await read('ok')).toBe('call 1');
  });

  it('tells of memory also where it was asked for all at once', async () => {
    preview.close();
    preview = new Preview({ limitMs: 60_000, memoryMb: 300, file });
    expect(await read('at once')).toMatch('code/memory');
    expect(await read('ok')).toBe('call 1');
  });

  it('does not try for ever to start a process that cannot start', async () => {
    writeFileSync(file, 'throw new Error("no start")');
    expect(await read('ok')).toBe('preview/crashed');
    expect(await read('ok')).toBe('preview/crashed');
  });
});
