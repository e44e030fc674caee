import { MemoryState } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfTime } from '../../model/schema/event-time.ts';
import type { State } from '../../model/values/types.ts';
import keyedCode from '../../nodes/code/keyed-code.ts';
import { prepareTransform, schema } from '../transform-trial.ts';
import { at, playStream, restart, rows, type StreamCase, type StreamEvent, streamTable, timed, watermark } from './stream.ts';

const input = timed(schema({ user: 'string?', time: 'timestamp?', n: 'integer?' }), 'time');
const untimed = schema({ user: 'string?', time: 'timestamp?', n: 'integer?' });
const row = (user: string | null, time: string | null, n: number | null = 1) => ({ user, time: time === null ? null : at(time), n });
/** What the code says, with who and when it was. */
const said = (user: string | null, what: string, time: string | null = null) => ({ user, what, time: time === null ? null : at(time) });

const columns = [
  { name: 'user', type: 'string' },
  { name: 'what', type: 'string' },
  { name: 'time', type: 'timestamp' },
];
const say = 'const say = (context: Context, what: string, time: number = null) => ({ user: context.key.user, what, time });\n';
const params = (code: string, more: object = {}) => ({ keys: ['user'], code: say + code, columns, ...more });

const counting = params(`
interface State { count: number }
export const initial: State = { count: 0 };
export function onRow(row: Row, state: State, context: Context) {
  if (row.n < 0) { state.count = 99; context.setTimer(0); throw new Error('negative'); }
  return say(context, String(++state.count));
}
export function onTimer(timer: Timer, state: State, context: Context) {
  return say(context, 'never');
}`);
/** A timeout 10 minutes after the latest row. */
const timeout = params(`
interface State { rows: number }
export const initial: State = { rows: 0 };
export function onRow(row: Row, state: State, context: Context) {
  state.rows += 1;
  if (row.n === 0) context.clearTimer();
  else if (row.n === -1) context.forget();
  else context.setTimer(row.time + 600_000);
  return null;
}
export function onTimer(timer: Timer, state: State, context: Context) {
  const { rows } = state;
  state.rows = 0;
  return say(context, timer.name + ' ' + rows + (context.ended ? ' at the end' : ''), timer.time);
}`);
const named = (onTimer: string) =>
  params(`
export function onRow(row: Row, state: any, context: Context) {
  context.setTimer(row.time + 60_000 * row.n, 'a' + row.n);
  return null;
}
export function onTimer(timer: Timer, state: any, context: Context) {
${onTimer}
}`);
const saying = '  return say(context, timer.name, timer.time);';

const cases: readonly StreamCase[] = [
  {
    name: 'a state for each key, null being one',
    params: counting,
    inputs: { rows: input },
    events: [rows(row('a', '00:00'), row('b', '00:01'), row('a', '00:02')), rows(row(null, '00:03'), row(null, '00:04'), row('a', '00:05'))],
    expect: [
      { after: 0, rows: [said('a', '1'), said('b', '1'), said('a', '2')] },
      { after: 1, rows: [said(null, '1'), said(null, '2'), said('a', '3')] },
    ],
  },
  {
    name: 'rows without event time have states as well',
    params: counting,
    inputs: { rows: untimed },
    events: [rows(row('a', null), row('a', null))],
    expect: [{ after: 0, rows: [said('a', '1'), said('a', '2')] }],
  },
  {
    name: 'a row that fails leaves state and timers as they were',
    params: counting,
    inputs: { rows: input },
    events: [rows(row('a', '00:00')), rows(row('a', '00:01', -1), row('a', '00:02'))],
    expect: [
      { after: 0, rows: [said('a', '1')] },
      { after: 1, rows: [said('a', '2')] },
    ],
    failures: ['negative'],
  },
  {
    name: 'a timer fires once the watermark has passed, and setting it again moves it',
    params: timeout,
    inputs: { rows: input },
    events: [rows(row('a', '00:00')), watermark('00:05'), rows(row('a', '00:06')), watermark('00:15:59.999'), watermark('00:16'), watermark('01:00')],
    expect: [{ after: 4, rows: [said('a', 'timer 2', '00:16')] }],
  },
  {
    name: 'a timer can be moved to an earlier time',
    params: timeout,
    inputs: { rows: input },
    events: [rows(row('a', '00:20'), row('a', '00:00')), watermark('00:10'), watermark('00:40')],
    expect: [{ after: 1, rows: [said('a', 'timer 2', '00:10')] }],
  },
  {
    name: 'a timer that was taken back does not fire; nor does one of a key that was forgotten',
    params: timeout,
    inputs: { rows: input },
    events: [rows(row('a', '00:00'), row('b', '00:00'), row('c', '00:00')), rows(row('a', '00:01', 0), row('b', '00:01', -1)), watermark('02:00')],
    expect: [{ after: 2, rows: [said('c', 'timer 1', '00:10')] }],
  },
  {
    name: 'a key that was forgotten begins anew',
    params: timeout,
    inputs: { rows: input },
    events: [rows(row('a', '00:00'), row('a', '00:01', -1)), rows(row('a', '00:02')), watermark('00:12')],
    expect: [{ after: 2, rows: [said('a', 'timer 1', '00:12')] }],
  },
  {
    name: 'at the end all timers fire, in the order of time and key',
    params: timeout,
    inputs: { rows: input },
    events: [rows(row('c', '00:02'), row('b', '00:01'), row('a', '00:02'), row('d', '00:00'))],
    expect: [
      {
        after: 'end',
        rows: [
          said('d', 'timer 1 at the end', '00:10'),
          said('b', 'timer 1 at the end', '00:11'),
          said('a', 'timer 1 at the end', '00:12'),
          said('c', 'timer 1 at the end', '00:12'),
        ],
      },
    ],
  },
  {
    name: 'several timers of one key have names',
    params: named(saying),
    inputs: { rows: input },
    events: [rows(row('a', '00:00', 3), row('a', '00:00', 1), row('a', '00:00', 2)), watermark('00:02'), watermark('00:03')],
    expect: [
      { after: 1, rows: [said('a', 'a1', '00:01'), said('a', 'a2', '00:02')] },
      { after: 2, rows: [said('a', 'a3', '00:03')] },
    ],
  },
  {
    name: 'a timer that is set while others fire takes its place among them',
    params: named(`  if (timer.name === 'a1') { context.setTimer(timer.time + 30_000, 'next'); context.clearTimer('a3'); }\n${saying}`),
    inputs: { rows: input },
    events: [rows(row('a', '00:00', 1), row('a', '00:00', 2), row('a', '00:00', 3)), watermark('00:10')],
    expect: [{ after: 1, rows: [said('a', 'a1', '00:01'), said('a', 'next', '00:01:30'), said('a', 'a2', '00:02')] }],
  },
  {
    name: 'a late row is a row like any other, and a timer for the past is due at once',
    params: params(`
export function onRow(row: Row, state: any, context: Context) {
  context.setTimer(row.time);
  return say(context, context.time <= context.watermark ? 'late' : 'in time', row.time);
}
export function onTimer(timer: Timer, state: any, context: Context) {
  return say(context, 'due', timer.time);
}`),
    inputs: { rows: input },
    events: [watermark('01:00'), rows(row('a', '00:30'), row('a', '01:30')), watermark('02:00')],
    expect: [
      { after: 1, rows: [said('a', 'late', '00:30'), said('a', 'due', '00:30'), said('a', 'in time', '01:30')] },
      { after: 2, rows: [said('a', 'due', '01:30')] },
    ],
  },
  {
    name: 'what a timer throws names key, time and place, and spends the timer',
    params: named(`  if (timer.name === 'a1') { state.x = 1; throw new Error('not now'); }\n  return say(context, timer.name + ' ' + state.x, timer.time);`),
    inputs: { rows: input },
    events: [rows(row('a', '00:00', 1), row('a', '00:00', 2)), watermark('00:10')],
    expect: [{ after: 1, rows: [said('a', 'a2 undefined', '00:02')] }],
    failures: ['not now (in the timer "a1" of user "a" at 1970-01-01T00:01:00.000Z)'],
  },
  {
    name: 'timers that set each other for ever end with an error of their key, and harm no other',
    params: named(`  if (timer.name !== 'a1') return ${saying.trim().slice(7, -1)};\n  context.setTimer(timer.time + 1, timer.name);\n  return null;`),
    inputs: { rows: input },
    events: [rows(row('a', '00:00', 1), row('b', '00:00', 5))],
    expect: [{ after: 'end', rows: [said('b', 'a5', '00:05')] }],
    failures: ['The timers of this key set each other without end'],
  },
  {
    name: 'so do timers that set themselves for a time that has come',
    params: named("  if (timer.name === 'a1') context.setTimer(timer.time, 'a1');\n  return null;"),
    inputs: { rows: input },
    events: [rows(row('a', '00:00', 1))],
    expect: [],
    failures: ['The timers of this key set each other without end'],
  },
  {
    name: 'a key without rows is forgotten after its time',
    params: { ...counting, ttl: 600_000 },
    inputs: { rows: input },
    events: [
      rows(row('a', '00:00'), row('b', '00:05')),
      watermark('00:09'),
      rows(row('a', '00:09')),
      watermark('00:15'),
      rows(row('a', '00:16'), row('b', '00:16')),
    ],
    expect: [
      { after: 0, rows: [said('a', '1'), said('b', '1')] },
      { after: 2, rows: [said('a', '2')] },
      { after: 4, rows: [said('a', '3'), said('b', '1')] },
    ],
  },
  {
    name: 'a timer sees the state until it is forgotten, however far the watermark moves at once',
    params: {
      ...params(`
export const initial = { n: 0 };
export function onRow(row: Row, state: any, context: Context) {
  state.n++;
  context.setTimer(row.time + 599_999, 'before');
  context.setTimer(row.time + 600_000, 'after');
  return null;
}
export const onTimer = (timer: Timer, state: any, context: Context) => say(context, timer.name + state.n, timer.time);`),
      ttl: 600_000,
    },
    inputs: { rows: input },
    events: [rows(row('a', '00:00')), watermark('03:00')],
    expect: [{ after: 1, rows: [said('a', 'before1', '00:09:59.999'), said('a', 'after0', '00:10')] }],
  },
  {
    name: 'a row without event time fails where keys are forgotten by it',
    params: { ...counting, ttl: 600_000 },
    inputs: { rows: input },
    events: [rows(row('a', null), row('a', '00:00'))],
    expect: [{ after: 0, rows: [said('a', '1')] }],
    failures: ['no event time'],
  },
  {
    name: 'keys cannot be forgotten by a time that rows do not have',
    params: { ...counting, ttl: 600_000 },
    inputs: { rows: untimed },
    events: [],
    expect: [],
    problems: ['Keys are forgotten by event time'],
  },
];

describe('keyed code', () => {
  streamTable(keyedCode, cases);

  it('gives a function that makes the initial state the key', () => {
    const code =
      "export const initial = (key: Key) => ({ name: key.user + '!' });\nexport const onRow = (row: Row, state: any, context: Context) => say(context, state.name);";
    expect(playStream(keyedCode, { params: params(code), inputs: { rows: input }, events: [rows(row('a', '00:00'))] }).emitted[0]?.rows).toEqual([
      said('a', 'a!'),
    ]);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['a function', 'state.a = { f: () => 1 };', 'state.a.f is a function'],
    ['an object of a class', 'state.list = [0, new (class Point { x = 1 })()];', 'state.list[1] is an object of a class'],
    ['a Map', 'state.seen = new Map();', 'state.seen is a Map'],
    ['a Date', 'state.at = new Date(0);', 'state.at is a Date'],
    ['a big integer', 'state.n = 1n;', 'state.n is a big integer'],
    ['itself', 'state.self = state;', 'holds itself'],
    ['a symbol', 'state.s = Symbol.iterator;', 'state.s is a symbol'],
    ['too much', "state.text = 'x'.repeat(1_000_000);", 'state.text takes more than 1 MiB'],
    ['a getter that throws', "Object.defineProperty(state, 'x', { get() { throw new Error('no x'); }, enumerable: true });", 'no x'],
  ];
  it.each(refused)('fails the row whose state would hold %s', (_, change, message) => {
    const code = `export const initial: any = { n: 0 };\nexport function onRow(row: Row, state: any, context: Context) {\n  state.n++;\n  if (row.n === 2) { ${change} }\n  return say(context, String(state.n));\n}`;
    const played = playStream(keyedCode, {
      params: params(code),
      inputs: { rows: input },
      events: [rows(row('a', '00:00'), row('a', '00:01', 2), row('a', '00:02'))],
    });
    expect(played.failures).toMatchObject([{ message: expect.stringContaining(message), row: row('a', '00:01', 2) }]);
    expect(played.emitted.flatMap((each) => each.rows)).toEqual([said('a', '1'), said('a', '2')]);
  });

  it('keeps a copy: what the code holds on to changes no state', () => {
    const code =
      'let last: any = null;\nexport const initial: any = { list: [] };\nexport function onRow(row: Row, state: any, context: Context) {\n  if (last) last.push(9);\n  last = state.list;\n  state.list.push(row.n);\n  return say(context, JSON.stringify(state.list));\n}';
    const events = [rows(row('a', '00:00', 1), row('a', '00:00', 2), row('a', '00:00', 3))];
    expect(playStream(keyedCode, { params: params(code), inputs: { rows: input }, events }).emitted[0]?.rows.map(({ what }) => what)).toEqual([
      '[1]',
      '[1,2]',
      '[1,2,3]',
    ]);
  });

  it.each([
    [
      'a time that is none',
      'export function onRow(row: Row, state: any, context: Context) { context.setTimer(NaN); return null; }\nexport function onTimer() {}',
      'setTimer: the time must be a number',
    ],
    [
      'a timer without onTimer',
      'export function onRow(row: Row, state: any, context: Context) { context.setTimer(5); return null; }',
      'exports no function onTimer',
    ],
    [
      'an initial state that is none',
      'export const initial = () => 5 as any;\nexport function onRow(row: Row, state: any, context: Context) { return null; }',
      '"initial" is a number',
    ],
    ['no row', 'export function onRow(row: Row, state: any, context: Context): any { return JSON.parse("5"); }', 'which is not a row'],
  ])('fails the row for %s', (_, code, message) => {
    const { failures } = playStream(keyedCode, { params: params(code), inputs: { rows: input }, events: [rows(row('a', '00:00'))] });
    expect(failures.map((failure) => failure.message)).toEqual([expect.stringContaining(message)]);
  });

  it('keeps nothing of keys that are forgotten, or as at the beginning, and of timers that have fired', () => {
    const states = new Map<string, MemoryState<State>>();
    const state = (name: string) => states.get(name) ?? states.set(name, new MemoryState()).get(name)!;
    const surroundings = { now: () => 0, fail: () => {}, emit: () => {}, state } as Parameters<typeof prepareTransform>[3];
    const operator = prepareTransform(keyedCode, timeout, { rows: [input] }, surroundings).start() as StatefulOperator;
    const sizes = () => [states.get('state')!.size, states.get('timers')!.size];
    operator.process([row('a', '00:00'), row('b', '00:00'), row('c', '00:00')], 'rows');
    expect(sizes()).toEqual([3, 3]);
    expect(operator.stateSize!().bytes).toBeGreaterThan(0);
    operator.process([row('a', '00:01', -1), row('b', '00:01', 0)], 'rows');
    expect(sizes()).toEqual([2, 1]);
    operator.advance!(at('01:00'));
    expect(sizes()).toEqual([2, 0]);
    expect(operator.stateSize!().bytes).toBe(0);
    // A timer that is moved with each row takes one place in the queue, not one for each row.
    for (let minute = 0; minute < 2000; minute++) operator.process([{ user: 'a', time: at('01:00') + minute * 60_000, n: 1 }], 'rows');
    expect(operator.stateSize!().bytes).toBeLessThan(1000);
  });

  describe('whatever comes', () => {
    /** What the rows say: `n` is what to do. */
    const deeds = params(`
interface State { seen: number }
export const initial: State = { seen: 0 };
export function onRow(row: Row, state: State, context: Context) {
  state.seen++;
  if (row.n === 0) throw new Error('no');
  if (row.n === 1) context.setTimer(row.time + 5);
  if (row.n === 2) context.setTimer(row.time - 3, 'early');
  if (row.n === 3) context.clearTimer();
  if (row.n === 4) context.forget();
  return say(context, 'row ' + state.seen, row.time);
}
export function onTimer(timer: Timer, state: State, context: Context) {
  if (timer.name === 'timer' && state.seen % 2 === 0) { state.seen++; context.setTimer(timer.time + 4, 'again'); }
  return say(context, timer.name + ' ' + state.seen, timer.time);
}`);
    /** The same, as slowly and plainly as can be. */
    function model(events: readonly Event[]): (string | number | null)[][] {
      const out: (string | number | null)[][] = [];
      const seen = new Map<string, number>();
      let timers: { time: number; user: string; name: string }[] = [];
      let now = Number.NEGATIVE_INFINITY;
      const clear = (user: string, name?: string) => {
        timers = timers.filter((timer) => timer.user !== user || (name !== undefined && timer.name !== name));
      };
      const set = (user: string, name: string, time: number) => {
        clear(user, name);
        timers.push({ time, user, name });
      };
      const fire = () => {
        for (;;) {
          const [next] = timers.toSorted((a, b) => a.time - b.time || (a.user < b.user ? -1 : a.user > b.user ? 1 : 0) || (a.name < b.name ? -1 : 1));
          if (!next || next.time > now) return;
          const { user, name, time } = next;
          clear(user, name);
          if (name === 'timer' && (seen.get(user) ?? 0) % 2 === 0) {
            seen.set(user, (seen.get(user) ?? 0) + 1);
            set(user, 'again', time + 4);
          }
          out.push([user, `${name} ${seen.get(user) ?? 0}`, time]);
        }
      };
      for (const event of [...events, endOfTime]) {
        if (typeof event === 'number') now = Math.max(now, event);
        else if (event.n !== 0) {
          const { user, n, time } = event;
          const count = (seen.get(user) ?? 0) + 1;
          seen.set(user, count);
          if (n === 1) set(user, 'timer', time + 5);
          if (n === 2) set(user, 'early', time - 3);
          if (n === 3) clear(user, 'timer');
          if (n === 4) {
            clear(user);
            seen.delete(user);
          }
          out.push([user, `row ${count}`, time]);
        }
        fire();
      }
      return out;
    }

    /** A row, or where the watermark goes. */
    type Event = { readonly user: string; readonly time: number; readonly n: number } | number;
    const event: fc.Arbitrary<Event> = fc.oneof(
      { weight: 3, arbitrary: fc.record({ user: fc.constantFrom('a', 'b', 'c'), time: fc.integer({ min: 0, max: 60 }), n: fc.integer({ min: 0, max: 6 }) }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 70 }) },
    );
    const play = (events: readonly StreamEvent[]) => {
      const played = playStream(keyedCode, { params: deeds, inputs: { rows: input }, events });
      const out = played.emitted.flatMap((each) => each.rows.map(({ user, what, time }) => [user, what, time]));
      return { out, failed: played.failures.length, schemas: played.schemas };
    };

    it('states and timers are those of a plain model', () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 40 }), (events) => {
          const { out, failed } = play(events.map((each) => (typeof each === 'number' ? { watermark: each } : rows(each))));
          expect(out).toEqual(model(events));
          expect(failed).toBe(events.filter((each) => typeof each !== 'number' && each.n === 0).length);
        }),
        { numRuns: 150 },
      );
    });

    it('batches of any size, and restarts between them, change nothing', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(event, fc.constantFrom('on', 'on', 'cut', 'restart')), { maxLength: 40 }), (steps) => {
          const events: StreamEvent[] = [];
          let batch: Event[] = [];
          const cut = () => {
            if (batch.length > 0) events.push(rows(...(batch as Exclude<Event, number>[])));
            batch = [];
          };
          for (const [each, then] of steps) {
            if (typeof each === 'number') {
              cut();
              events.push({ watermark: each });
            } else batch.push(each);
            if (then !== 'on') cut();
            if (then === 'restart') events.push(restart);
          }
          cut();
          expect(play(events).out).toEqual(model(steps.map(([each]) => each)));
        }),
        { numRuns: 150 },
      );
    });
  });
});
