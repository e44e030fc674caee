/** Rows that are let through leave by `rows`, all others by `rest`. */
import type { Operator, StatefulOperator } from '@millrace/kit/node';
import type { EveryNthOp, RateLimitOp, SampleOp } from '@millrace/kit/ops';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Row } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { noTime } from '../rows/row-failures.ts';
import { leastWatermark, takeEntries } from './key-groups.ts';
import { KeyedRows, keyReader } from './keyed-rows.ts';
import { keyValues } from './keys.ts';

/** Rows by the port that they leave by. */
class Sorted {
  readonly #emit: RowsContext['emit'];
  #rows: Row[] = [];
  #rest: Row[] = [];
  constructor(emit: RowsContext['emit']) {
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

const countsName = 'counts';

/** Counts by key and stretch of time, so that a row counts in its own stretch in whatever order rows come. */
export function limiting({ keys, count, per }: RateLimitOp, { inputs, state, now, emit, fail }: RowsContext): StatefulOperator {
  const { eventTime } = inputs.rows;
  const timeOf = eventTimeReader(inputs.rows);
  const keyOf = keyReader(inputs.rows, keys);
  const counts = state<number>(countsName);
  const sorted = new Sorted(emit);
  let passed = beginningOfTime;
  return {
    process(rows) {
      const present = timeOf === null ? now() : 0;
      for (const row of rows) {
        const time = timeOf === null ? present : timeOf(row);
        if (time === null) {
          fail(noTime(eventTime?.column ?? '', row));
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
    takeOver(earlier, owns) {
      passed = leastWatermark(earlier.map(({ state }) => state as number));
      // An entry's name is the stretch, a space, and the key.
      for (const { keyed } of earlier) takeEntries(counts, keyed<number>(countsName), (name) => owns(keyValues(name.slice(name.indexOf(' ') + 1))));
    },
  };
}

export function thinning(op: EveryNthOp, context: RowsContext): StatefulOperator {
  const keyed = new KeyedRows<number>(context, op);
  const sorted = new Sorted(context.emit);
  const step = (row: Row, before: number | undefined): number => {
    const place = before ?? 0;
    sorted.add(row, place === 0);
    return (place + 1) % op.every;
  };
  return {
    process(rows) {
      keyed.each(rows, step);
      sorted.send();
    },
    advance: keyed.advance,
    tick: keyed.tick,
    takeOver: keyed.takeOver,
  };
}

export function sampling({ keys, percent, seed }: SampleOp, { inputs, emit }: RowsContext): Operator {
  const limit = (percent / 100) * 2 ** 32;
  if (keys.length > 0) {
    const keyOf = keyReader(inputs.rows, keys);
    return { test: (row) => drawOf(keyOf(row), seed) < limit };
  }
  const sorted = new Sorted(emit);
  let seen = 0;
  return {
    process(rows) {
      for (const row of rows) sorted.add(row, drawOf(`${seen++}`, seed) < limit);
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
