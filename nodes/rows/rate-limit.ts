import { KeyedRows, keyReader } from '../../engine/operators/keyed/keyed-rows.ts';
import { noTime } from '../../engine/operators/rows/row-failures.ts';
import { f, type ParamsOf } from '../../kit/fields.ts';
import { keysField, ttlDocs, ttlField } from '../../kit/keys.ts';
import { defineNode, type StatefulOperator, type TransformContext } from '../../kit/node.ts';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../model/schema/event-time.ts';
import { durationText } from '../../model/time/duration.ts';
import type { Row } from '../../model/values/types.ts';

const params = {
  mode: f.choice({
    label: 'Let through',
    default: 'rate',
    options: [
      { value: 'rate', label: 'So many in a time' },
      { value: 'every', label: 'One of so many', help: 'The first row, and then every so many-th one.' },
      { value: 'share', label: 'A random share' },
    ],
  }),
  keys: keysField,
  count: f.number({ label: 'Rows', default: 100, min: 1, integer: true, when: { param: 'mode', is: ['rate'] } }),
  per: f.duration({ label: 'In', default: 60_000, min: 1, when: { param: 'mode', is: ['rate'] } }),
  every: f.number({ label: 'One of', default: 10, min: 1, integer: true, unit: 'rows', when: { param: 'mode', is: ['every'] } }),
  share: f.number({ label: 'Share', default: 10, min: 0, max: 100, unit: '%', when: { param: 'mode', is: ['share'] } }),
  seed: f.number({
    label: 'Seed',
    help: 'Another seed draws other rows; the same one the same.',
    default: 1,
    integer: true,
    when: { param: 'mode', is: ['share'] },
  }),
  ttl: { ...ttlField, when: { param: 'mode', is: ['every'] } } as typeof ttlField,
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'rate-limit',
  kind: 'transform',
  title: 'Limit or sample',
  summary: 'Lets a number of rows through in a time, one of so many, or a random share; the rest goes elsewhere.',
  category: 'Rows',
  icon: 'gauge',
  version: 1,
  keywords: ['throttle', 'rate', 'sample', 'sampling', 'random', 'every nth', 'downsample', 'quota'],
  docs: `
Rows that are let through leave by *rows*, all others by *rest*. No row waits: connect *rest*, or do without those rows.

- **So many in a time**: time is cut into stretches of one length, aligned to 1970-01-01T00:00Z, and the first so many rows of each key and stretch are let through. Time is the rows' event time where they have one (a row without fails), and the wall clock otherwise. A row that comes when its stretch is over for good, as the watermark has passed it, is not let through.
- **One of so many**: the first row of each key, then every so many-th one. With 10 that is the 1st, the 11th, the 21st.
- **A random share**: without *By*, each row is drawn on its own. With *By* it is the keys that are drawn: all rows of a key go the same way, so that what is sampled is complete for the keys that it has. The draw depends on the seed and the row's number (or its key) alone: it is the same again in a second run over the same rows, and goes on after a restart as if there had been none. A smaller share is part of a larger one with the same seed.

*So many in a time* keeps a number for each key until its stretch is over. ${ttlDocs.replace('Kept is the state', '*One of so many* keeps a number for each key: kept is the state')}
`,
  inputs: [{ name: 'rows' }],
  stateful: true,
  outputs: [{ name: 'rows' }, { name: 'rest' }],
  params,
  card: ({ mode, keys, count, per, every, share }) => {
    const what = mode === 'rate' ? `${count} rows per ${durationText(per)}` : mode === 'every' ? `1 of ${every} rows` : `${share} %`;
    return keys.length > 0 ? `${what}\nby ${keys.join(', ')}` : what;
  },
  looksAt: ({ keys }) => keys,
  infer: ({ inputs }) => {
    const rows = inputs['rows'] ?? null;
    return { outputs: { rows, rest: rows } };
  },
  run: (context) => {
    const { mode } = context.params;
    return mode === 'rate' ? limiting(context) : mode === 'every' ? thinning(context) : sampling(context);
  },
  examples: [
    {
      title: 'Two rows a minute for each user',
      params: { mode: 'rate', keys: ['user'], count: 2, per: 60_000 },
      inputs: {
        rows: [
          { time: 0, user: 'a' },
          { time: 1000, user: 'a' },
          { time: 60_000, user: 'a' },
          { time: 59_999, user: 'a' },
          { time: 59_999, user: 'b' },
          { time: null, user: 'b' },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: true },
            { name: 'user', type: 'string', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { time: 0, user: 'a' },
          { time: 1000, user: 'a' },
          { time: 60_000, user: 'a' },
          { time: 59_999, user: 'b' },
        ],
        rest: [{ time: 59_999, user: 'a' }],
      },
      failures: ['no time'],
    },
    {
      title: 'One of three',
      params: { mode: 'every', every: 3 },
      inputs: { rows: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }] },
      outputs: { rows: [{ n: 1 }, { n: 4 }], rest: [{ n: 2 }, { n: 3 }, { n: 5 }] },
    },
    {
      title: 'All, by a share',
      params: { mode: 'share', share: 100 },
      inputs: { rows: [{ n: 1 }, { n: 2 }] },
      outputs: { rows: [{ n: 1 }, { n: 2 }], rest: [] },
    },
  ],
});

/** Rows by the port that they leave by. */
class Sorted {
  readonly #emit: TransformContext<Params>['emit'];
  #rows: Row[] = [];
  #rest: Row[] = [];
  constructor(emit: TransformContext<Params>['emit']) {
    this.#emit = emit;
  }
  add(row: Row, isLetThrough: boolean): void {
    (isLetThrough ? this.#rows : this.#rest).push(row);
  }
  send(): void {
    const [rows, rest] = [this.#rows, this.#rest];
    this.#rows = [];
    this.#rest = [];
    if (rows.length > 0) this.#emit('rows', rows);
    if (rest.length > 0) this.#emit('rest', rest);
  }
}

/** Counts by key and stretch of time, so that a row counts in its own stretch in whatever order rows come. */
function limiting({ params, inputs, state, now, emit, fail }: TransformContext<Params>): StatefulOperator {
  const { count, per, keys } = params;
  const { eventTime } = inputs['rows']!;
  const timeOf = eventTimeReader(inputs['rows']!);
  const keyOf = keyReader(inputs['rows']!, keys);
  const counts = state<number>('counts');
  const sorted = new Sorted(emit);
  let passed = beginningOfTime;
  return {
    process(rows) {
      const present = timeOf === null ? now() : 0;
      for (const row of rows) {
        const time = timeOf === null ? present : timeOf(row);
        if (time === null) {
          fail(noTime(eventTime!.column, row));
          continue;
        }
        const stretch = Math.floor(time / per);
        const last = (stretch + 1) * per - 1;
        if (timeOf !== null && last <= passed) {
          sorted.add(row, false);
          continue;
        }
        const key = `${stretch} ${keyOf(row)}`;
        const before = counts.get(key) ?? 0;
        if (before < count) counts.set(key, before + 1, last);
        sorted.add(row, before < count);
      }
      sorted.send();
    },
    advance: (watermark) => {
      passed = watermark;
      if (timeOf !== null && watermark < endOfTime) counts.expire(watermark);
    },
    tick: (time) => {
      if (timeOf === null) counts.expire(time - 1);
    },
    snapshot: () => passed,
    restore: (state) => {
      passed = state as number;
    },
  };
}

function thinning(context: TransformContext<Params>): StatefulOperator {
  const { every } = context.params;
  const keyed = new KeyedRows<number>(context, context.params);
  const sorted = new Sorted(context.emit);
  const step = (row: Row, before: number | undefined): number => {
    const place = before ?? 0;
    sorted.add(row, place === 0);
    return (place + 1) % every;
  };
  return {
    process(rows) {
      keyed.each(rows, step);
      sorted.send();
    },
    advance: keyed.advance,
    tick: keyed.tick,
  };
}

function sampling({ params: { share, seed, keys }, inputs, emit }: TransformContext<Params>): StatefulOperator {
  const limit = (share / 100) * 2 ** 32;
  const keyOf = keyReader(inputs['rows']!, keys);
  const sorted = new Sorted(emit);
  let seen = 0;
  return {
    process(rows) {
      for (const row of rows) sorted.add(row, drawOf(keys.length > 0 ? keyOf(row) : `${seen++}`, seed) < limit);
      sorted.send();
    },
    snapshot: () => seen,
    restore: (state) => {
      seen = state as number;
    },
  };
}

/** A number from 0 up to 2^32 that looks random, but follows from both (MurmurHash3 over the text's code units). */
function drawOf(text: string, seed: number): number {
  let hash = Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) {
    let unit = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    unit = Math.imul((unit << 15) | (unit >>> 17), 0x1b873593);
    hash ^= unit;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
