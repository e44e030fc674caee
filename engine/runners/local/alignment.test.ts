import type { Reader, SourceBatch } from '@millrace/kit/node';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MillraceError } from '../../../model/problems/problem.ts';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import type { Json } from '../../../model/values/types.ts';
import type { Alignment } from '../../protocol/physical-plan.ts';
import type { Dataflow } from './dataflow.ts';
import { Pull, type PullOptions, Stopped } from './pull.ts';

interface Source {
  /** The times of its rows, a batch each. */
  readonly times: readonly number[];
  /** Turns of the event loop that a read of the batch takes; 0: it is there at once; infinity: it never comes. */
  readonly takes?: (at: number) => number;
  /** Behind its rows it waits without end. */
  readonly endless?: boolean;
  /** It says so while it waits. */
  readonly idle?: boolean;
  readonly failsAt?: number;
  /** Turns until it is open. */
  readonly opens?: number;
  /** See `Reader.backlog`. */
  readonly waiting?: () => number;
}
type Sources = { readonly [id: string]: Source };

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** All sources meet, unless said otherwise. */
function aligned(sources: Sources, meetings: readonly (readonly string[])[] = [Object.keys(sources)]): Alignment {
  return {
    clocks: Object.fromEntries(Object.keys(sources).map((id) => [id, [id]])),
    meetings: meetings.map((each) => ({ sources: each, held: each })),
    live: Object.keys(sources).filter((id) => sources[id]!.endless),
  };
}

/** Sources that are read by the real `Pull`, into a dataflow that notes what comes. */
function trial(sources: Sources, options: PullOptions = {}) {
  const pushed: [string, number][] = [];
  const watermarks = new Map(Object.keys(sources).map((id) => [id, beginningOfTime]));
  const idle = new Set<string>();
  /** Sources with a `read` under way, and since when. */
  const reading = new Map<string, number>();
  const { promise: never } = Promise.withResolvers<null>();
  const open = (id: string, start: number): Reader => {
    const { times, takes = () => 0, endless = false, failsAt, waiting } = sources[id]!;
    let at = start;
    const next = (): SourceBatch | null => {
      reading.delete(id);
      if (at === failsAt) throw new MillraceError({ code: 'file/gone', message: 'Gone.' });
      const time = times[at];
      if (time === undefined) return null;
      at++;
      return { rows: [{ time }], watermarks: [{ after: 1, watermark: time }] };
    };
    const later = async (turns: number) => {
      for (let i = 0; i < turns; i++) await turn();
      return next();
    };
    return {
      read() {
        onRead(id);
        if (endless && at === times.length) {
          reading.set(id, performance.now());
          return never;
        }
        const turns = takes(at);
        if (turns > 0) reading.set(id, performance.now());
        if (turns === Number.POSITIVE_INFINITY) return never;
        return turns === 0 ? next() : later(turns);
      },
      waiting: () => ({ idle: sources[id]!.idle === true }),
      ...(waiting && { backlog: () => ({ waiting: waiting(), unit: 'rows' as const }) }),
      position: (): Json => at,
      close: () => void reading.delete(id),
    };
  };
  let onRead: (id: string) => void = () => {};
  const flow = {
    async openReader(id: string, start: Json): Promise<Reader> {
      for (let i = 0; i < (sources[id]!.opens ?? 0); i++) await turn();
      return open(id, (start as number | null) ?? 0);
    },
    push(id: string, { rows, watermarks: steps }: SourceBatch) {
      pushed.push([id, rows[0]!['time'] as number]);
      watermarks.set(id, steps![0]!.watermark);
    },
    watermark: (id: string) => watermarks.get(id)!,
    isIdle: (id: string) => idle.has(id),
    idle: (id: string, isIdle: boolean) => void (isIdle ? idle.add(id) : idle.delete(id)),
    advance: () => {},
    end: async (id: string) => void watermarks.set(id, endOfTime),
    ticks: false,
    waited: () => {},
    failed: () => 0,
    dropFailures: () => {},
    isNeeded: () => true,
  } as unknown as Dataflow;
  const abort = new AbortController();
  const pull = new Pull(flow, abort, { alignment: aligned(sources), keepsMarks: true, ...options });
  const onReads = (then: typeof onRead) => {
    onRead = then;
  };
  return { pull, abort, pushed, watermarks, idle, reading, group: [Object.keys(sources)], onReads };
}

/** Time goes on by `ms` with each turn, until this holds. */
async function until(isSo: () => boolean, ms = 10): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    if (i > 5000) throw new Error('It does not go on');
    vi.advanceTimersByTime(ms);
    await turn();
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const order = (pushed: readonly [string, number][]) => pushed.map(([id, time]) => `${id}${time}`).join(' ');

test('rows come by event time, however many each source has', async () => {
  const { pull, pushed, group } = trial({ a: { times: [10, 20, 30] }, b: { times: [1, 2, 11, 12, 21, 22, 40] } });
  await pull.run(group);
  expect(order(pushed)).toBe('a10 b1 b2 b11 a20 b12 b21 a30 b22 b40');
});

test('sources that do not meet are read in turns as ever', async () => {
  const sources: Sources = { a: { times: [10, 20, 30] }, b: { times: [1, 2, 3] }, c: { times: [10, 20, 30] } };
  const { pull, pushed, group } = trial(sources, { alignment: aligned(sources, [['a', 'b']]) });
  await pull.run(group);
  expect(order(pushed)).toBe('a10 b1 c10 b2 c20 b3 c30 a20 a30');
});

test('a file is waited for while it is opened and read, though only for a moment', async () => {
  const slow: Source = { times: [1, 2, 3], takes: (at) => (at === 2 ? 200 : 2), opens: 5 };
  const { pull, pushed, group } = trial({ a: { times: [10, 20, 30] }, slow });
  const done = pull.run(group);
  await until(() => pushed.length === 4);
  expect(order(pushed)).toBe('a10 slow1 slow2 a20');
  await until(() => pushed.length === 6, 1);
  await done;
  expect(order(pushed)).toBe('a10 slow1 slow2 a20 a30 slow3');
});

test('an endless source is waited for only while it has something', async () => {
  let backlog = 0;
  const live: Source = { times: [1, 2, 3], takes: () => 3, endless: true, waiting: () => backlog };
  const { pull, pushed, group } = trial({ a: { times: [10, 20, 30] }, live });
  const done = pull.run(group);
  await until(() => pushed.some(([id]) => id === 'live'), 0);
  expect(order(pushed)).toBe('a10 a20 a30 live1');
  pull.drain();
  await done;
  // At once, not with the next look at the clock.
  const caughtUp = trial({ a: { times: [10, 20, 30] }, live: { times: [1, 2, 3], endless: true } });
  const over = caughtUp.pull.run(caughtUp.group);
  await until(() => caughtUp.pushed.length === 6, 0);
  expect(order(caughtUp.pushed)).toBe('a10 live1 live2 live3 a20 a30');
  caughtUp.pull.drain();
  await over;
  backlog = 7;
  const busy = trial({ a: { times: [10, 20, 30] }, live });
  const ended = busy.pull.run(busy.group);
  await until(() => busy.pushed.length === 4, 0);
  expect(order(busy.pushed)).toBe('a10 live1 live2 live3');
  // What is still said to be there does not come.
  await until(() => busy.pushed.length === 6);
  busy.pull.drain();
  await ended;
});

test('an idle source is not waited for', async () => {
  const sources: Sources = { a: { times: [10, 20] }, b: { times: [1] } };
  const { pull, pushed, idle, group, onReads } = trial({ ...sources, b: { times: [1, 2], takes: () => 1 } });
  idle.add('b');
  onReads((id) => id === 'b' && idle.delete('b'));
  await pull.run(group);
  expect(order(pushed)).toBe('a10 b1 b2 a20');
});

describe('while one waits for others', () => {
  /** `a` waits for `b`, whose read never comes back. */
  async function waiting() {
    const each = trial({ a: { times: [10, 20] }, b: { times: [1], takes: () => Number.POSITIVE_INFINITY } });
    const done = each.pull.run(each.group);
    await until(() => each.pushed.length === 1, 0);
    for (let i = 0; i < 5; i++) await turn();
    expect(order(each.pushed)).toBe('a10');
    return { ...each, done };
  }
  test('the run can be stopped', async () => {
    const { abort, done } = await waiting();
    abort.abort();
    await expect(done).rejects.toBeInstanceOf(Stopped);
  });
  test('the run can be drained, and goes on from there', async () => {
    const { pull, done } = await waiting();
    pull.drain();
    await done;
    const start = pull.marks();
    expect(start).toMatchObject({ a: { position: 1, hasEnded: false }, b: { position: 0, hasEnded: false } });
    const next = trial({ a: { times: [10, 20] }, b: { times: [1, 2] } }, { start });
    await next.pull.run(next.group);
    expect(order(next.pushed)).toBe('a20 b1 b2');
  });
  test('there is a cut', async () => {
    const { pull, pushed, done } = await waiting();
    await pull.hold();
    await until(() => true);
    vi.advanceTimersByTime(1000);
    await turn();
    expect(order(pushed)).toBe('a10');
    expect(pull.marks()).toMatchObject({ a: { position: 1 }, b: { position: 0 } });
    pull.release();
    await until(() => pushed.length === 2);
    pull.drain();
    await done;
  });
});

type Step = 'hold' | 'pause' | 'drain' | 'abort' | 'go';

const source = fc.record({
  steps: fc.array(fc.tuple(fc.integer({ min: -2, max: 9 }), fc.constantFrom(0, 0, 0, 1, 2, 5, 30)), { maxLength: 12 }),
  endless: fc.boolean(),
  idle: fc.boolean(),
  opens: fc.constantFrom(0, 0, 3),
  waiting: fc.option(fc.nat(1), { nil: undefined }),
});

/** Times rise, mostly. */
function sourceOf({ steps, endless, idle, opens, waiting }: typeof source extends fc.Arbitrary<infer V> ? V : never): Source {
  let time = 0;
  const times = steps.map(([step]) => (time += step));
  return { times, takes: (at) => steps[at]?.[1] ?? 0, endless, idle, opens, ...(waiting !== undefined && { waiting: () => waiting }) };
}

test('whatever sources do and people ask for, the run goes on, loses nothing, and no source is read while one that has rows is behind it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(source, { minLength: 1, maxLength: 4 }),
      fc.array(fc.subarray(['s0', 's1', 's2', 's3'], { minLength: 2 }), { maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom<Step[]>('hold', 'pause', 'go', 'go'), fc.nat(6)), { maxLength: 6 }),
      fc.constantFrom<Step[]>('drain', 'abort', 'go', 'go'),
      fc.option(fc.tuple(fc.nat(3), fc.nat(11)), { freq: 5 }),
      async (drawn, drawnMeetings, steps, last, failing) => {
        const sources: Sources = Object.fromEntries(
          drawn.map((each, i) => [`s${i}`, { ...sourceOf(each), ...(failing?.[0] === i && { failsAt: failing[1] }) }]),
        );
        const ids = Object.keys(sources);
        const meetings = drawnMeetings.map((each) => each.filter((id) => ids.includes(id)));
        const alignment = aligned(sources, meetings);
        const { pull, abort, pushed, watermarks, idle, reading, group, onReads } = trial(sources, { alignment });
        const tooEarly: string[] = [];
        const opened = new Set<string>();
        onReads((id) => {
          opened.add(id);
          for (const other of new Set(meetings.filter((each) => each.includes(id)).flat())) {
            const since = reading.get(other);
            const { endless, waiting = () => 0 } = sources[other]!;
            const rests = opened.has(other) ? since !== undefined && ((endless && waiting() === 0) || performance.now() - since >= 100) : endless;
            if (watermarks.get(other)! < watermarks.get(id)! && !rests && !idle.has(other)) tooEarly.push(`${id} before ${other}`);
          }
        });
        let outcome: unknown = 'going on';
        const done = pull.run(group).then(
          () => (outcome = 'done'),
          (error: unknown) => (outcome = error),
        );
        const go = async (turns: number) => {
          for (let i = 0; i < turns; i++) {
            vi.advanceTimersByTime(25);
            await turn();
          }
        };
        for (const [step, turns] of steps) {
          if (step === 'hold') {
            const held = await pull.hold().then(
              () => true,
              () => false,
            );
            const before = pushed.length;
            await go(turns);
            expect(pushed).toHaveLength(before);
            if (held) pull.release();
          } else if (step === 'pause') {
            pull.pause();
            await go(turns);
            pull.resume();
          } else await go(turns);
        }
        if (last === 'abort') abort.abort();
        if (last === 'drain') pull.drain();
        const all = () => ids.every((id) => pushed.filter(([from]) => from === id).length === sources[id]!.times.length);
        await until(() => outcome !== 'going on' || (last === 'go' && all() && ids.some((id) => sources[id]!.endless)), 25);
        pull.drain();
        await until(() => outcome !== 'going on');
        await done;
        expect(tooEarly).toEqual([]);
        const read = Object.fromEntries(ids.map((id) => [id, pushed.flatMap(([from, time]) => (from === id ? [time] : []))]));
        for (const id of ids) expect(read[id]).toEqual(sources[id]!.times.slice(0, read[id]!.length));
        if (outcome !== 'done') {
          expect(last === 'abort' ? Stopped : MillraceError).toSatisfy((type) => outcome instanceof (type as typeof MillraceError) || failing !== null);
          return;
        }
        if (last === 'go') expect(all()).toBe(true);
        // Another run takes the rest.
        const next = trial(Object.fromEntries(ids.map((id) => [id, { times: sources[id]!.times }])), { alignment, start: pull.marks() });
        await next.pull.run(next.group);
        for (const id of ids) expect([...read[id]!, ...next.pushed.flatMap(([from, time]) => (from === id ? [time] : []))]).toEqual(sources[id]!.times);
      },
    ),
    { numRuns: 200 },
  );
});
