import type { Reader, SourceBatch } from '@millrace/kit/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Dataflow } from './dataflow.ts';
import { Pull, Stopped } from './pull.ts';

type Read = () => SourceBatch | null | Promise<SourceBatch | null>;

/** A dataflow that notes what is asked of it; sources by what their `read` gives. */
function trial(
  sources: { readonly [id: string]: Read },
  options: { readonly needed?: (source: string) => boolean; readonly push?: () => void | Promise<void> } = {},
) {
  const calls: string[] = [];
  const flow = {
    async openReader(source: string): Promise<Reader> {
      calls.push(`open ${source}`);
      return { read: sources[source]!, position: () => null, close: () => void calls.push(`close ${source}`) };
    },
    push(source: string, batch: SourceBatch) {
      calls.push(`${source}${batch.rows[0]!['n']}`);
      return options.push?.();
    },
    end: async (source: string) => void calls.push(`end ${source}`),
    waited: () => {},
    isNeeded: options.needed ?? (() => true),
  } as unknown as Dataflow;
  const abort = new AbortController();
  return { calls, abort, pull: new Pull(flow, abort) };
}
function counting(last: number): Read {
  let n = 0;
  return () => (n < last ? { rows: [{ n: ++n }] } : null);
}

test('groups one after the other, the sources of a group in turns', async () => {
  const { calls, pull } = trial({ lookup: counting(2), a: counting(3), b: counting(3) });
  await pull.run([['lookup'], ['a', 'b']]);
  expect(calls.slice(0, 5)).toEqual(['open lookup', 'lookup1', 'lookup2', 'close lookup', 'end lookup']);
  expect(calls.filter((call) => /^[ab]\d$/.test(call))).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  expect(calls.slice(-4).sort()).toEqual(['close a', 'close b', 'end a', 'end b']);
});

test('a source that waits does not hold the others up', async () => {
  const batches: (SourceBatch | null)[] = [{ rows: [{ n: 9 }] }, null];
  const slow: Read = () => new Promise((resolve) => setTimeout(() => resolve(batches.shift()!), 20));
  const { calls, pull } = trial({ slow, fast: counting(5) });
  await pull.run([['slow', 'fast']]);
  expect(calls.indexOf('fast5')).toBeLessThan(calls.indexOf('slow9'));
});

test('the next batch is read when the sinks have taken the last', async () => {
  let busy = false;
  const push = async () => {
    expect(busy).toBe(false);
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 2));
    busy = false;
  };
  const { pull } = trial({ a: counting(4) }, { push });
  await pull.run([['a']]);
});

test('a source that nobody needs any more is closed and ended', async () => {
  let asked = 0;
  const { calls, pull } = trial({ a: counting(100) }, { needed: () => ++asked <= 2 });
  await pull.run([['a']]);
  expect(calls).toEqual(['open a', 'a1', 'a2', 'close a', 'end a']);
});

test('an error ends the others and is the one that is told', async () => {
  const waiting: Read = () => new Promise(() => {});
  const failing: Read = () => Promise.reject(new MillraceError({ code: 'file/gone', message: 'Gone.' }));
  const { calls, pull, abort } = trial({ waiting, failing });
  await expect(pull.run([['waiting', 'failing']])).rejects.toThrow('Gone.');
  expect(abort.signal.aborted).toBe(true);
  expect(calls).toContain('close waiting');
  expect(calls).not.toContain('end waiting');
});

test('stopping ends a source that never answers', async () => {
  const { calls, pull, abort } = trial({ waiting: () => new Promise(() => {}) });
  setTimeout(() => abort.abort(), 5);
  await expect(pull.run([['waiting']])).rejects.toBeInstanceOf(Stopped);
  expect(calls).toEqual(['open waiting', 'close waiting']);
});

test('timers and messages get their turn while sources are busy', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  // Ends as soon as three turns were had, and without any after ten seconds.
  const until = performance.now() + 10_000;
  const { pull } = trial({ busy: () => (ticks < 3 && performance.now() < until ? { rows: [{ n: 1 }] } : null) });
  await pull.run([['busy']]);
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(3);
});

/** A dataflow whose clock is the test's, before one source that waits. */
function waiting(tells: () => ReturnType<NonNullable<Reader['waiting']>>) {
  const calls: string[] = [];
  let give: (batch: SourceBatch | null) => void = () => {};
  const flow = {
    openReader: async (): Promise<Reader> => ({
      read: () => new Promise((resolve) => (give = resolve)),
      waiting: tells,
      position: () => null,
      close: () => {},
    }),
    push: (_: string, { rows }: SourceBatch) => void calls.push(`push ${rows[0]!['n']}`),
    advance: (_: string, watermark: number) => void calls.push(`advance ${watermark}`),
    idle: (_: string, isIdle: boolean) => void calls.push(isIdle ? 'idle' : 'awake'),
    tick: () => void calls.push('tick'),
    end: async () => void calls.push('end'),
    ticks: false,
    failed: () => 0,
    dropFailures: () => {},
    waited: () => {},
    isNeeded: () => true,
  } as unknown as Dataflow;
  const abort = new AbortController();
  return { calls, abort, flow, pull: new Pull(flow, abort), give: (batch: SourceBatch | null) => give(batch) };
}

describe('a source that waits', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());
  /** Until the source waits once more, a yield included. */
  const settle = async () => {
    for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (ms: number) => {
    for (let i = 0; i < ms; i += 100) {
      vi.advanceTimersByTime(100);
      await settle();
    }
  };

  test('is asked what time does without rows, and is awake again before its next one', async () => {
    let told: ReturnType<NonNullable<Reader['waiting']>> = {};
    const { calls, pull, give } = waiting(() => told);
    const done = pull.run([['a']]);
    await settle();
    told = { watermark: 5 };
    await pass(200);
    told = { watermark: 6, idle: true };
    await pass(100);
    told = { idle: true };
    await pass(200);
    give({ rows: [{ n: 1 }] });
    await settle();
    expect(calls).toEqual(['advance 5', 'advance 5', 'advance 6', 'idle', 'awake', 'push 1']);
    give(null);
    await done;
  });

  test('is not asked while the run is paused, held or has only just begun to wait', async () => {
    let asked = 0;
    const { calls, pull, give } = waiting(() => {
      asked++;
      return {};
    });
    const done = pull.run([['a']]);
    await settle();
    pull.pause();
    await pass(300);
    expect(asked).toBe(0);
    give({ rows: [{ n: 1 }] });
    await settle();
    expect(calls).toEqual([]);
    pull.resume();
    await settle();
    expect(calls).toEqual(['push 1']);
    await pull.hold();
    await pass(300);
    expect(asked).toBe(0);
    pull.release();
    await pass(100);
    expect(asked).toBe(1);
    give(null);
    await done;
  });

  test('is dropped when the run drains: neither its rows nor those that failed are in the mark', async () => {
    const { calls, abort, flow, give } = waiting(() => ({}));
    // Two of them failed.
    const failures = [0, 2];
    Object.assign(flow, {
      failed: () => failures.shift()!,
      dropFailures: (source: string, failed: number) => calls.push(`only ${failed} of ${source} failed`),
    });
    const pull = new Pull(flow, abort, { keepsMarks: true });
    const done = pull.run([['a']]);
    await settle();
    pull.pause();
    give({ rows: [{ n: 1 }] });
    await settle();
    pull.drain();
    await done;
    expect(calls).toEqual(['only 0 of a failed', 'end']);
    expect(pull.marks()).toEqual({ a: { position: null, hasEnded: false, failed: 0 } });
  });

  test('wall-clock time goes on while it is paused, but not while it is held; an error in it ends the run', async () => {
    const { calls, flow, pull } = waiting(() => ({}));
    Object.assign(flow, { ticks: true });
    const done = pull.run([['a']]);
    await settle();
    pull.pause();
    await pass(200);
    await pull.hold();
    await pass(200);
    expect(calls).toEqual(['tick', 'tick']);
    pull.release();
    const failing = () => {
      throw new MillraceError({ code: 'x/y' as ProblemCode, message: 'No more time.' });
    };
    Object.assign(flow, { tick: failing });
    const failed = expect(done).rejects.toThrow('No more time.');
    await pass(100);
    await failed;
  });
});
