import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { NodeStats, RunSummary } from '../protocol/messages.ts';
import { type HistoryPart, RunHistoryStore, usualRetention } from './run-history.ts';

let folder: string;
let store: RunHistoryStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-history-'));
  store = RunHistoryStore.open(folder);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const stats = (rows: number): NodeStats => ({
  in: rows,
  out: { rows, late: 1 },
  dropped: 0,
  failed: 0,
  rate: 0,
  busyMs: 1.6,
  watermark: -8.64e15,
  late: 1,
  idleMs: 0,
  blockedMs: 0,
});
const summary = (id: string, startedAt: number, change: Partial<RunSummary> = {}): RunSummary => ({
  id,
  pipeline: 'p',
  path: null,
  state: 'done',
  startedAt,
  endedAt: startedAt + 1,
  stats: { a: stats(startedAt) },
  problems: [],
  outputs: [],
  bounded: true,
  checkpoint: null,
  resumedFrom: null,
  restarts: 0,
  ...change,
});
const part = (run: RunSummary, more: Partial<HistoryPart> = {}): HistoryPart => ({
  summary: run,
  states: [],
  errors: [],
  logs: [],
  checkpoints: [],
  sampleAt: null,
  ...more,
});

describe('the history of runs', () => {
  it('gives back what was written, from another process as well', () => {
    const problem = { code: 'x/y' as ProblemCode, severity: 'error' as const, message: 'Wrong.', row: { a: 1, when: null } };
    store.write(part(summary('one', 1, { state: 'running', endedAt: null }), { states: [{ at: 1, state: 'running', reason: null }], sampleAt: 1000 }));
    store.write(
      part(summary('one', 1, { state: 'failed' }), {
        states: [{ at: 2, state: 'failed', reason: 'Wrong.' }],
        errors: [{ at: 2, problem }],
        logs: [
          { at: 2, level: 'info', message: 'hello', node: 'a' },
          { at: 3, level: 'error', message: 'oh' },
        ],
        checkpoints: [{ id: 4, at: 2, bytes: 10, tookMs: 1.5 }],
        sampleAt: 2000,
      }),
    );
    const other = RunHistoryStore.open(folder);
    expect(other.runs()).toMatchObject([{ id: 'one', state: 'failed' }]);
    expect(other.run('one')).toMatchObject({ state: 'failed', endedAt: 2 });
    expect(other.run('two')).toBeNull();
    expect(other.logs('one')).toEqual([
      { at: 2, level: 'info', message: 'hello', node: 'a' },
      { at: 3, level: 'error', message: 'oh' },
    ]);
    const history = other.history('one');
    expect(history.states.map(({ state, reason }) => [state, reason])).toEqual([
      ['running', null],
      ['failed', 'Wrong.'],
    ]);
    expect(history.errors).toEqual([{ at: 2, problem }]);
    expect(history.checkpoints).toEqual([{ id: 4, at: 2, bytes: 10, tookMs: 1.5 }]);
    expect(history.samples.map(({ at }) => at)).toEqual([1000, 2000]);
    expect(history.samples[0]!.nodes['a']).toEqual({
      in: 1,
      out: 2,
      failed: 0,
      late: 1,
      busyMs: 2,
      idleMs: 0,
      blockedMs: 0,
      watermark: -8.64e15,
      stateBytes: 0,
    });
    other.close();
  });

  it('thins the counters of more than an hour ago to one a minute', () => {
    const start = 1_000 * 60_000;
    for (let second = 0; second < 300; second++) store.write(part(summary('one', start, { endedAt: null }), { sampleAt: start + second * 1000 }));
    expect(store.history('one').samples).toHaveLength(300);
    store.prune(usualRetention, start + 3_600_000 + 120_000);
    const times = store.history('one').samples.map(({ at }) => (at - start) / 1000);
    expect(times.slice(0, 4)).toEqual([0, 60, 120, 121]);
    expect(times.at(-1)).toBe(299);
    store.prune(usualRetention, start + 10 * 3_600_000);
    expect(store.history('one').samples.map(({ at }) => (at - start) / 60_000)).toEqual([0, 1, 2, 3, 4]);
  });

  it('forgets runs by their number and age, with all that belongs to them, but none that goes on', () => {
    const now = 100 * 24 * 3_600_000;
    store.write(part(summary('endless', 5, { endedAt: null, state: 'running' })));
    for (let i = 0; i < 10; i++) store.write(part(summary(`run ${i}`, now + i), { sampleAt: now, states: [{ at: now, state: 'done', reason: null }] }));
    store.write(part(summary('old', 10)));
    store.prune({ ...usualRetention, runs: 3 }, now);
    expect(store.runs().map(({ id }) => id)).toEqual(['run 9', 'run 8', 'run 7', 'endless']);
    expect(store.history('run 1').samples).toEqual([]);
    expect(store.history('run 1').states).toEqual([]);
  });

  it('stays below a size', () => {
    const logs = Array.from({ length: 1000 }, (_, at) => ({ at, level: 'info' as const, message: 'x'.repeat(500) }));
    for (let i = 0; i < 8; i++) store.write(part(summary(`run ${i}`, Date.now() + i), { logs }));
    store.prune({ ...usualRetention, bytes: 2_000_000 });
    const left = store.runs().map(({ id }) => id);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(5);
    expect(left[0]).toBe('run 7');
  });

  it('keeps a bounded part of what a run says', () => {
    const many = <T>(count: number, make: (at: number) => T) => Array.from({ length: count }, (_, at) => make(at));
    store.write(
      part(summary('one', 1), {
        logs: many(2500, (at) => ({ at, level: 'info' as const, message: 'm' })),
        errors: many(300, (at) => ({ at, problem: { code: 'a/b' as ProblemCode, severity: 'error' as const, message: String(at) } })),
      }),
    );
    expect(
      store
        .logs('one')
        .map(({ at }) => at)
        .slice(0, 1),
    ).toEqual([500]);
    expect(store.history('one').errors).toHaveLength(200);
    expect(store.history('one').errors[0]!.at).toBe(0);
  });

  it('puts a damaged file aside and starts anew', () => {
    store.close();
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(join(folder, 'runs.db'), 'this is no database, however long it may be'.repeat(100));
    store = RunHistoryStore.open(folder);
    store.write(part(summary('one', 1)));
    expect(store.runs()).toHaveLength(1);
    expect(readdirSync(folder).some((name) => name.startsWith('runs.db.broken-'))).toBe(true);
  });
});
