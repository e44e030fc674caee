import type { StatefulOperator } from '@millrace/kit/node';
import type { OrderOp } from '@millrace/kit/ops';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { inBatches, inTurns } from '../rows/batches.ts';
import { type PackedRow, rowPacker } from '../rows/packed-rows.ts';
import { listBytes, rowsFromState, rowsToState } from '../rows/state.ts';
import { SortedRuns } from '../spill/sorted-runs.ts';
import { inOrder, packedOrder } from './row-order.ts';

export function ordering({ by }: OrderOp, { inputs, memory, state, emit, ...context }: RowsContext): StatefulOperator {
  const schema = inputs.rows;
  const { pack, unpack } = rowPacker(schema.columns);
  const order = packedOrder(
    by,
    schema.columns.map(({ name }) => name),
    schema,
  );
  const runs = new SortedRuns(state('rows'), { order, memory });
  let held: Row[] = [];
  let bytes = 0;

  const hold = (rows: readonly Row[]): void => {
    for (const row of rows) held.push(row);
    bytes += listBytes(rows, 10);
  };
  const takeHeld = (): Iterable<Row> => {
    const rows = held;
    held = [];
    bytes = 0;
    return inOrder(by, rows, schema);
  };
  function* packed(rows: Iterable<Row>): Iterable<PackedRow> {
    for (const row of rows) yield pack(row);
  }
  const spill = (): void => {
    const rowBytes = bytes / held.length;
    runs.put(packed(takeHeld()), rowBytes);
  };
  return {
    process(rows) {
      hold(rows);
      if (bytes > memory) spill();
    },
    finish() {
      if (runs.isEmpty) return inTurns(inBatches(takeHeld()), context, (rows) => emit('rows', rows));
      if (held.length > 0) spill();
      return inTurns(runs.take(), context, (rows) => rows.length > 0 && emit('rows', rows.map(unpack)));
    },
    // All rows are still to come until the input has ended.
    outputWatermark: () => beginningOfTime,
    snapshot: (): State => ({ rows: rowsToState(held, schema), runs: runs.snapshot() }),
    restore(before) {
      // As it was before there was anything on disk: the rows alone.
      const { rows, runs: put } = (Array.isArray(before) ? { rows: before, runs: null } : before) as { readonly [name: string]: State };
      hold(rowsFromState(rows, schema));
      if (put) runs.restore(put);
    },
    stateSize: () => ({ entries: held.length + runs.rows, bytes }),
  };
}
