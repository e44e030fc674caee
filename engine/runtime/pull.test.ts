import { expect, test } from 'vitest';
import type { Reader, SourceBatch } from '../../nodes/kit/node.ts';
import { MillraceError } from '../schema/problem.ts';
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
