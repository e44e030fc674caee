import { beginningOfTime } from '../../engine/schema/event-time.ts';
import type { Json, Row, Schema } from '../../engine/schema/types.ts';
import { emitInBatches } from './batches.ts';
import { KeyIndex, RowKeys } from './keys.ts';
import type { StatefulOperator } from './node.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';
import { bytesPerRow, rowsFromState, rowsToState } from './state.ts';

export interface LookupOptions {
  readonly rows: Schema;
  readonly lookup: Schema;
  /** Pairs of columns that must be equal; null equals nothing. */
  readonly keys: readonly { readonly column: string; readonly lookup: string }[];
  /** The lookup's columns to add, and their new names. */
  readonly added: readonly { readonly from: string; readonly name: string }[];
  /** Whether rows without a match come out too, with nulls. */
  readonly keepUnmatched: boolean;
  emit(rows: readonly Row[]): void;
}

/**
 * Looks the rows of the port `rows` up among those of the port `lookup`, which are kept in memory by key. Rows that come
 * before the lookup has ended are held back.
 */
export function lookingUp(options: LookupOptions): StatefulOperator {
  const { keys, lookup, keepUnmatched } = options;
  const joined = joinedRow(options);
  const rowKeys = new RowKeys(keys.map(({ column }) => column));
  const lookupKeys = new RowKeys(keys.map((key) => key.lookup));
  const index = new KeyIndex(keys.length);
  /** By the key's slot, in the order in which they came. */
  const matches: Row[][] = [];
  /** Rows that came too early; null once the lookup has ended. */
  let waiting: Row[] | null = [];
  let learnt = 0;
  const lookupBytes = bytesPerRow(lookup) + 100;
  const rowBytes = bytesPerRow(options.rows);

  function learn(batch: readonly Row[]): void {
    const rows = batch.filter((row) => keys.every((key) => row[key.lookup] !== null));
    learnt += rows.length;
    const slots = lookupKeys.assign(rows, index);
    for (const [i, row] of rows.entries()) {
      const same = matches[slots[i]!];
      if (same) same.push(row);
      else matches[slots[i]!] = [row];
    }
  }
  function* found(rows: readonly Row[]): Iterable<Row> {
    rowKeys.read(rows);
    for (let i = 0; i < rows.length; i++) {
      // The lookup holds no null keys, so null finds nothing.
      const slot = rowKeys.find(i, index);
      if (slot >= 0) for (const match of matches[slot]!) yield joined(rows[i]!, match);
      else if (keepUnmatched) yield joined(rows[i]!, null);
    }
  }
  function release(): void {
    const rows = waiting;
    waiting = null;
    if (rows) emitInBatches(found(rows), options.emit);
  }

  return {
    process(rows, port) {
      if (port === 'lookup') learn(rows);
      else if (waiting) for (const row of rows) waiting.push(row);
      else emitInBatches(found(rows), options.emit);
    },
    ended(port) {
      if (port === 'lookup') release();
    },
    finish: release,
    // Held rows may be as old as any.
    outputWatermark: (watermark) => (waiting ? beginningOfTime : watermark),
    snapshot: () => ({ lookup: rowsToState(matches.flat(), lookup), waiting: waiting && rowsToState(waiting, options.rows) }),
    restore(state) {
      const before = state as { readonly lookup: Json; readonly waiting: Json };
      learn(rowsFromState(before.lookup, lookup));
      waiting = before.waiting === null ? null : rowsFromState(before.waiting, options.rows);
    },
    stateSize: () => ({ entries: learnt + (waiting?.length ?? 0), bytes: learnt * lookupBytes + (waiting?.length ?? 0) * rowBytes }),
  };
}

/** A function that makes a row of one and what was found for it, or of one alone. */
export function joinedRow({ rows, added }: LookupOptions): (row: Row, match: Row | null) => Row {
  const own = rows.columns.map(({ name }) => ({ name, source: `row[${stringLiteral(name)}]` }));
  const source = (read: (from: string) => string) => rowSource([...own, ...added.map(({ from, name }) => ({ name, source: read(from) }))]);
  return compile(`(row, match) => match === null ? ${source(() => 'null')} : ${source((from) => `match[${stringLiteral(from)}]`)}`);
}
