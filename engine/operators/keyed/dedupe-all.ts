import type { KeyedState } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { Row, State, Value } from '../../../model/values/types.ts';
import { packedOrder } from '../order/row-order.ts';
import type { RowsContext } from '../ports.ts';
import { inBatches, inTurns } from '../rows/batches.ts';
import { keyColumns, keyValuesReader } from '../rows/key-columns.ts';
import { type PackedRow, rowPacker } from '../rows/packed-rows.ts';
import { listBytes, rowsFromState, rowsToState } from '../rows/state.ts';
import { SortedRuns } from '../spill/sorted-runs.ts';
import { KeyIndex, keyText, keyValues, RowKeys } from './keys.ts';

type Context = Pick<RowsContext, 'inputs' | 'state' | 'memory' | 'emit' | 'yieldNow' | 'signal'>;

/** Keys of one entry where the index was put aside. */
const chunkSize = 1024;
const indexName = 'index';
const keysName = 'keys';
/** Keys: their values by level. */
type Levels = readonly (readonly Value[])[];

/**
 * The first row of each key leaves at once. Keys are kept in an index until there is no more room for it. From then on it stays as it
 * is, also in keyed state, so that checkpoints need not have it, and further keys are kept there one by one.
 */
export function keepingFirst(keys: readonly string[], { inputs, state, memory, emit }: Context): StatefulOperator {
  const index = new KeyIndex(keys.length);
  const rowKeys = new RowKeys(keyColumns(inputs.rows, keys));
  const full = state<Levels>(indexName);
  const more = state<boolean>(keysName);
  let isFull = false;

  const freshOf = (rows: readonly Row[]): Row[] => {
    if (!isFull) {
      let seen = index.size;
      const slots = rowKeys.assign(rows, index);
      // New keys are numbered in the order of their rows.
      return rows.filter((_, i) => slots[i] === seen && ++seen > 0);
    }
    rowKeys.read(rows);
    return rows.filter((_, i) => {
      if (rowKeys.find(i, index) >= 0) return false;
      const key = rowKeys.text(i);
      if (more.get(key) !== undefined) return false;
      more.set(key, true);
      return true;
    });
  };
  const putAside = (): void => {
    if (isFull || index.bytes() <= memory) return;
    isFull = true;
    const levels = keys.map((_, level) => index.valuesOf(level));
    for (let start = 0; start < index.size; start += chunkSize) {
      full.set(
        `${start}`,
        levels.map((values) => values.slice(start, start + chunkSize)),
      );
    }
  };
  const note = (key: readonly Value[]): void => {
    if (isFull) more.set(keyText(key), true);
    else index.numberOf(key);
  };
  return {
    process(rows) {
      const fresh = freshOf(rows);
      if (fresh.length > 0) emit('rows', fresh);
      putAside();
    },
    snapshot: (): State => (isFull ? { full: index.size } : index.snapshot()),
    restore(before) {
      if (!Object.hasOwn(before as object, 'full')) {
        index.restore(before);
        return;
      }
      isFull = true;
      const slots = new Int32Array(chunkSize);
      for (let start = 0; start < (before as { readonly full: number }).full; start += chunkSize) {
        const levels = full.get(`${start}`) ?? missing(`part ${start} of the keys`);
        index.assign(levels, itemAt(levels, 0).length, slots);
      }
    },
    takeOver(earlier, owns) {
      for (const { state, keyed } of earlier) {
        for (const levels of keptLevels(state, keyed<Levels>(indexName))) {
          for (let i = 0; i < itemAt(levels, 0).length; i++) {
            const key = levels.map((values) => itemAt(values, i));
            if (owns(key)) note(key);
          }
          putAside();
        }
        for (const [text] of keyed<boolean>(keysName).entries()) if (owns(keyValues(text))) note(keyValues(text));
        putAside();
      }
    },
    stateSize: () => ({ entries: index.size, bytes: index.bytes() }),
  };
}

const rowsName = 'rows';
type KeptLast = { readonly rows: State; readonly winners: State; readonly turn: number };
/** As it was before there was anything on disk: the rows alone. */
function keptLast(state: State): KeptLast {
  return Array.isArray(state) ? { rows: state, winners: null, turn: 0 } : (state as KeptLast);
}

/** The keys of an index as its snapshot has them, or keyed state where it was put aside. */
function* keptLevels(snapshot: State, full: KeyedState<Levels>): Iterable<Levels> {
  if (Object.hasOwn(snapshot as object, 'full')) for (const [, levels] of full.entries()) yield levels;
  else yield (snapshot as { readonly values: Levels }).values;
}

/**
 * The last row of each key leaves at the end. What there is no room for is put in the order of the keys; at the end the last rows of
 * the keys are found in that order, and put into the one in which they came.
 */
export function keepingLast(keys: readonly string[], context: Context): StatefulOperator {
  const { inputs, state, memory, emit } = context;
  const schema = inputs.rows;
  const index = new KeyIndex(keys.length);
  const rowKeys = new RowKeys(keyColumns(schema, keys));
  /** By slot, in the order of the last change. */
  const last = new Map<number, Row>();
  /** Of all rows that came. */
  let cameBytes = 0;
  let came = 0;

  // Packed are the turn in which a row came, and the row.
  const { pack, unpack } = rowPacker(schema.columns);
  const columns = [null, ...schema.columns.map(({ name }) => name)];
  const byKey = packedOrder(
    keys.map((column) => ({ column, direction: 'asc' })),
    columns,
    schema,
  );
  const byTurn = (a: PackedRow, b: PackedRow): number => (a[0] as number) - (b[0] as number);
  const winnersIn = (rows: KeyedState<State>) => new SortedRuns(rows, { order: byKey, memory, onlyLast: true });
  const winners = winnersIn(state(rowsName));
  let turn = 0;

  const keep = (rows: readonly Row[]): void => {
    const slots = rowKeys.assign(rows, index);
    rows.forEach((row, i) => {
      const slot = slots[i]!;
      last.delete(slot);
      last.set(slot, row);
    });
    cameBytes += listBytes(rows, 10);
    came += rows.length;
  };
  const rowBytes = (): number => cameBytes / Math.max(1, came);
  const bytes = (): number => index.bytes() + last.size * (rowBytes() + 40);
  const spill = (): void => {
    const packed = Array.from(last.values(), (row): PackedRow => [turn++, ...pack(row)]);
    winners.put(packed.sort(byKey), rowBytes());
    last.clear();
    index.clear();
  };
  /** What is on disk, with empty batches in between. */
  function* inTurn(): Iterable<readonly Row[]> {
    if (last.size > 0) spill();
    const sorted = new SortedRuns(state('winners'), { order: byTurn, memory });
    let held: PackedRow[] = [];
    const put = (): void => {
      sorted.put(held.sort(byTurn), rowBytes());
      held = [];
    };
    for (const batch of winners.take()) {
      for (const row of batch) held.push(row);
      if (held.length * rowBytes() > memory / 2) put();
      yield [];
    }
    put();
    for (const batch of sorted.take()) yield batch.map(([, ...row]) => unpack(row));
  }
  return {
    process(rows) {
      keep(rows);
      if (bytes() > memory) spill();
    },
    finish() {
      if (winners.isEmpty) return inTurns(inBatches(last.values()), context, (rows) => emit('rows', rows));
      return inTurns(inTurn(), context, (rows) => rows.length > 0 && emit('rows', rows));
    },
    // Whichever row is the last of its key, it may be as old as any.
    outputWatermark: () => beginningOfTime,
    snapshot: (): State => ({ rows: rowsToState(last.values(), schema), winners: winners.snapshot(), turn }),
    restore(state) {
      const before = keptLast(state);
      keep(rowsFromState(before.rows, schema));
      if (before.winners) winners.restore(before.winners);
      turn = before.turn;
    },
    takeOver(earlier, owns) {
      const keyOf = keyValuesReader(keyColumns(schema, keys));
      for (const { state, keyed } of earlier) {
        const before = keptLast(state);
        turn = Math.max(turn, before.turn);
        const put = winnersIn(keyed(rowsName));
        if (before.winners) put.restore(before.winners);
        // The turn comes first.
        winners.takeOver(put, (packed) => (owns(keyOf(unpack(packed.slice(1)))) ? packed : null));
      }
      for (const { state } of earlier) {
        keep(rowsFromState(keptLast(state).rows, schema).filter((row) => owns(keyOf(row))));
        if (bytes() > memory) spill();
      }
    },
    stateSize: () => ({ entries: last.size + winners.rows, bytes: bytes() }),
  };
}
