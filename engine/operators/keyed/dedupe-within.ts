import type { EarlierInstance } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { emitInBatches } from '../rows/batches.ts';
import { noTime } from '../rows/row-failures.ts';
import { bytesPerRow, rowsFromState, rowsToState } from '../rows/state.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import { leastWatermark, takeEntries } from './key-groups.ts';
import { keyReader } from './keyed-rows.ts';
import { keyValues } from './keys.ts';

export interface DedupeWithinOptions {
  readonly keys: readonly string[];
  /** Rows of one key are duplicates up to so long after the first of them, in milliseconds of event time; both ends count. */
  readonly within: number;
}
type Snapshot = { readonly watermark: number; readonly waiting: State; readonly spans: State };
type Context = Pick<RowsContext, 'inputs' | 'state' | 'emit' | 'fail'>;

/** What comes out of rows that are given in the order of event time. */
interface Spans {
  readonly behind: number;
  /** Whether the row comes out at once. */
  add(row: Row, time: number): boolean;
  /** The least time by which `close` has something to give. */
  readonly next: number;
  close(): Row;
  forget(watermark: number): void;
  snapshot(): State;
  restore(state: State): void;
  /** `state` is what `snapshot` gave; keys are told by their texts. */
  takeOver(earlier: EarlierInstance, isOwned: (key: string) => boolean): void;
  readonly size: number;
}

/**
 * Keeps one row of each key and span. Rows wait until the watermark has passed them, and are then looked at in the order of event
 * time: which of them is the first does not depend on how they came.
 */
export function dedupingWithin(keep: 'first' | 'last', options: DedupeWithinOptions, context: Context): StatefulOperator {
  const { inputs, emit, fail } = context;
  const schema = inputs.rows;
  const timeOf = eventTimeReader(schema) ?? missing('the event time of the rows');
  const bytes = bytesPerRow(schema) + 24;
  const spans = keep === 'first' ? firstOfSpans(options, context) : lastOfSpans(options, context);
  const keyOf = keyReader(schema, options.keys);
  const waiting = new TimeQueue<Row>();
  let watermark = beginningOfTime;

  function* complete(until: number): Iterable<Row> {
    for (;;) {
      const time = waiting.next;
      if (waiting.size > 0 && time <= until && time <= spans.next) {
        const row = waiting.take();
        if (spans.add(row, time)) yield row;
      } else if (spans.next <= until) yield spans.close();
      else return;
    }
  }
  return {
    process(rows) {
      const late: Row[] = [];
      for (const row of rows) {
        const time = timeOf(row);
        if (time === null) fail(noTime(schema.eventTime?.column ?? '', row));
        else if (time <= watermark) late.push(row);
        else waiting.add(time, row);
      }
      if (late.length > 0) emit('late', late);
    },
    advance(to) {
      watermark = to;
      emitInBatches(complete(to), (rows) => emit('rows', rows));
      spans.forget(to);
    },
    outputWatermark: (to) => to - spans.behind,
    snapshot: (): State => ({ watermark, waiting: rowsToState(waiting.inOrder(), schema), spans: spans.snapshot() }),
    restore(state) {
      const before = state as Snapshot;
      watermark = before.watermark;
      for (const row of rowsFromState(before.waiting, schema)) waiting.add(timeOf(row) ?? missing('the time of a row that waits'), row);
      spans.restore(before.spans);
    },
    takeOver(earlier, owns) {
      watermark = leastWatermark(earlier.map(({ state }) => (state as Snapshot).watermark));
      const isOwned = (key: string): boolean => owns(keyValues(key));
      for (const { state, keyed } of earlier) {
        const before = state as Snapshot;
        for (const row of rowsFromState(before.waiting, schema))
          if (isOwned(keyOf(row))) waiting.add(timeOf(row) ?? missing('the time of a row that waits'), row);
        spans.takeOver({ state: before.spans, keyed }, isOwned);
      }
    },
    stateSize: () => ({ entries: waiting.size + spans.size, bytes: (waiting.size + spans.size) * bytes }),
  };
}

const firstsName = 'firsts';

/** The first row leaves at once. Kept are the keys and the times of their first rows, by the engine. */
function firstOfSpans({ keys, within }: DedupeWithinOptions, { inputs, state }: Context): Spans {
  const keyOf = keyReader(inputs.rows, keys);
  const firsts = state<number>(firstsName);
  return {
    behind: 0,
    next: Number.POSITIVE_INFINITY,
    add(row, time) {
      const key = keyOf(row);
      const first = firsts.get(key);
      if (first !== undefined && time <= first + within) return false;
      firsts.set(key, time, time + within);
      return true;
    },
    close: () => {
      throw new Error('Nothing is held back');
    },
    forget: (watermark) => void firsts.expire(watermark),
    snapshot: () => null,
    restore: () => {},
    takeOver: ({ keyed }, isOwned) => takeEntries(firsts, keyed<number>(firstsName), isOwned),
    size: 0,
  };
}

/** The last row leaves once the watermark has passed its span. Kept is one row of each key that has come within the time. */
function lastOfSpans({ keys, within }: DedupeWithinOptions, { inputs }: Context): Spans {
  const schema = inputs.rows;
  const keyOf = keyReader(schema, keys);
  interface Span {
    readonly key: string;
    readonly first: number;
    last: Row;
  }
  const spans = new Map<string, Span>();
  const closing = new TimeQueue<Span>();
  const openAll = (state: State, isOwned: (key: string) => boolean): void => {
    const { firsts, rows } = state as { readonly firsts: readonly number[]; readonly rows: State };
    for (const [i, row] of rowsFromState(rows, schema).entries()) if (isOwned(keyOf(row))) open(keyOf(row), itemAt(firsts, i), row);
  };
  const open = (key: string, first: number, last: Row): void => {
    const span = { key, first, last };
    spans.set(key, span);
    closing.add(first + within, span);
  };
  return {
    // A span that is not over began after the watermark less its length, and so did its last row.
    behind: within,
    get next() {
      return closing.next;
    },
    add(row, time) {
      const key = keyOf(row);
      const span = spans.get(key);
      if (span) span.last = row;
      else open(key, time, row);
      return false;
    },
    close() {
      const { key, last } = closing.take();
      spans.delete(key);
      return last;
    },
    forget: () => {},
    snapshot() {
      const held = closing.inOrder();
      return {
        firsts: held.map(({ first }) => first),
        rows: rowsToState(
          held.map(({ last }) => last),
          schema,
        ),
      };
    },
    restore: (state) => openAll(state, () => true),
    takeOver: ({ state }, isOwned) => openAll(state, isOwned),
    get size() {
      return spans.size;
    },
  };
}
