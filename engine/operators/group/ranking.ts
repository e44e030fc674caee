import { findColumn } from '@millrace/kit/columns';
import type { EarlierInstance } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import type { TopOp } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import { compareDecimals } from '../../../model/values/decimal.ts';
import type { Row, Schema, State, Value } from '../../../model/values/types.ts';
import { leastWatermark } from '../keyed/key-groups.ts';
import type { RowsContext } from '../ports.ts';
import { emitInBatches, inBatches, inTurns } from '../rows/batches.ts';
import { noTime } from '../rows/row-failures.ts';
import { columnSource, compile, rowSource } from '../rows/rows.ts';
import { rowsToState } from '../rows/state.ts';
import { type Order, TopRows, type TopRowsOptions } from './top-rows.ts';

type Snapshot = { readonly watermark: number | null; readonly tops: State };

export function ranking(op: TopOp, context: RowsContext): StatefulOperator {
  return op.every === null ? overAll(op, context) : byWindow(op, op.every, context);
}

function orderOf({ by: { column, direction }, every }: TopOp, schema: Schema): Order {
  const [before, after] = direction === 'desc' ? ['>', '<'] : ['<', '>'];
  const value = (row: string) => columnSource(column, row);
  // A time that is null comes after all others.
  const time = (row: string) => `(${schema.eventTime ? columnSource(schema.eventTime.column, row) : '0'} ?? Infinity)`;
  const decimals = findColumn(schema, column)?.type === 'decimal' ? 'x = compareDecimals(x, y); y = 0; ' : '';
  const compared = `let x = ${value('a')}, y = ${value('b')};
    if (x !== y) { if (x === null) return 1; if (y === null) return -1; ${decimals}if (x ${before} y) return -1; if (x ${after} y) return 1; }
    const s = ${time('a')}, t = ${time('b')}; if (s !== t) return s < t ? -1 : 1;`;
  const contents = (row: Row): string => JSON.stringify(rowsToState([row], schema));
  const rest = every === null ? 'return 0;' : 'const c = contents(a), d = contents(b); return c < d ? -1 : c > d ? 1 : 0;';
  return compile(`(a, b) => { ${compared} ${rest} }`, { contents, compareDecimals });
}

/** Makes the rows that come out, from `values` (the window, if any, and the rank) and a row. */
function ranker(input: Schema, output: Schema): (row: Row, values: readonly Value[]) => Row {
  const added = output.columns.length - input.columns.length;
  const columns = output.columns.map(({ name }, i) => ({ name, source: i < added ? `values[${i}]` : columnSource(name) }));
  return compile(`(row, values) => (${rowSource(columns)})`);
}

/** What each had: `state` is what `TopRows.snapshot` gave. */
function* topsOf(options: TopRowsOptions, earlier: readonly EarlierInstance[]): Iterable<TopRows> {
  for (const { state, keyed } of earlier) {
    const before = new TopRows({ ...options, state: keyed });
    before.restore(state);
    yield before;
  }
}

function overAll(op: TopOp, { inputs, outputs, memory, state, emit, ...context }: RowsContext): StatefulOperator {
  const schema = inputs.rows;
  const rank = ranker(schema, outputs.rows);
  const options: TopRowsOptions = { schema, keys: op.keys, order: orderOf(op, schema), most: op.count, memory, state };
  const tops = new TopRows(options);
  return {
    process: (rows) => tops.add(rows, () => 0),
    finish() {
      const rows = ranked(tops.take(0, false), (row, place) => rank(row, [place]));
      return inTurns(inBatches(rows), context, (batch) => emit('rows', batch));
    },
    // What comes out at the end may be as old as any row.
    outputWatermark: () => beginningOfTime,
    snapshot: () => tops.snapshot(),
    restore: (before) => tops.restore(before),
    takeOver: (earlier, owns) => tops.takeOver(topsOf(options, earlier), owns),
    stateSize: () => tops.size(),
  };
}

function byWindow(op: TopOp, every: number, { inputs, outputs, memory, state, emit, fail }: RowsContext): StatefulOperator {
  const schema = inputs.rows;
  const timeOf = eventTimeReader(schema) ?? missing('the event time of the rows');
  const rank = ranker(schema, outputs.rows);
  const options: TopRowsOptions = { schema, keys: op.keys, order: orderOf(op, schema), most: op.count, memory, state };
  const tops = new TopRows(options);
  let watermark = Number.NEGATIVE_INFINITY;
  return {
    process(rows) {
      const late: Row[] = [];
      const held: Row[] = [];
      const starts: number[] = [];
      for (const row of rows) {
        const time = timeOf(row);
        if (time === null) {
          fail(noTime(schema.eventTime?.column ?? '', row));
          continue;
        }
        const start = Math.floor(time / every) * every;
        if (start + every - 1 <= watermark) {
          late.push(row);
          continue;
        }
        held.push(row);
        starts.push(start);
      }
      tops.add(held, (i) => itemAt(starts, i));
      if (late.length > 0) emit('late', late);
    },
    advance(time) {
      watermark = time;
      const complete = tops.places.filter((start) => start + every - 1 <= time || time >= endOfTime).sort((a, b) => a - b);
      for (const start of complete) {
        emitInBatches(
          // Keys came in an order that means nothing.
          ranked(tops.take(start, true), (row, place) => rank(row, [start, start + every, place])),
          (rows) => emit('rows', rows),
        );
      }
    },
    snapshot: (): State => ({ watermark: Number.isFinite(watermark) ? watermark : null, tops: tops.snapshot() }),
    restore(state) {
      const before = state as Snapshot;
      watermark = before.watermark ?? Number.NEGATIVE_INFINITY;
      tops.restore(before.tops);
    },
    takeOver(earlier, owns) {
      watermark = leastWatermark(earlier.map(({ state }) => (state as Snapshot).watermark ?? Number.NEGATIVE_INFINITY));
      tops.takeOver(
        topsOf(
          options,
          earlier.map(({ state, keyed }) => ({ state: (state as Snapshot).tops, keyed })),
        ),
        owns,
      );
    },
    stateSize: () => tops.size(),
  };
}

function* ranked(tops: Iterable<readonly Row[]>, toRow: (row: Row, place: number) => Row): Iterable<Row> {
  for (const rows of tops) for (const [i, row] of rows.entries()) yield toRow(row, i + 1);
}
