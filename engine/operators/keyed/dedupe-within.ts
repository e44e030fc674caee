import type { StatefulOperator } from '../../../kit/node.ts';
import { itemAt, missing } from '../../../model/problems/missing.ts';
import { beginningOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { emitInBatches } from '../rows/batches.ts';
import { noTime } from '../rows/row-failures.ts';
import { bytesPerRow, rowsFromState, rowsToState } from '../rows/state.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import { keyReader } from './keyed-rows.ts';

export interface DedupeWithinOptions {
  readonly keys: readonly string[];
  /** Rows of one key are duplicates up to so long after the first of them, in milliseconds of event time; both ends count. */
  readonly within: number;
}
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
      const before = state as { readonly watermark: number; readonly waiting: State; readonly spans: State };
      watermark = before.watermark;
      for (const row of rowsFromState(before.waiting, schema)) waiting.add(timeOf(row) ?? missing('the time of a row that waits'), row);
      spans.restore(before.spans);
    },
    stateSize: () => ({ entries: waiting.size + spans.size, bytes: (waiting.size + spans.size) * bytes }),
  };
}

/** The first row leaves at once. Kept are the keys and the times of their first rows, by the engine. */
function firstOfSpans({ keys, within }: DedupeWithinOptions, { inputs, state }: Context): Spans {
  const keyOf = keyReader(inputs.rows, keys);
  const firsts = state<number>('firsts');
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
    restore(state) {
      const { firsts, rows } = state as { readonly firsts: readonly number[]; readonly rows: State };
      for (const [i, row] of rowsFromState(rows, schema).entries()) open(keyOf(row), itemAt(firsts, i), row);
    },
    get size() {
      return spans.size;
    },
  };
}
