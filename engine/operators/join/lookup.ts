import type { Owns } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import type { LookupOp } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';
import { KeyIndex, RowKeys } from '../keyed/keys.ts';
import type { LookupContext } from '../ports.ts';
import { emitInBatches } from '../rows/batches.ts';
import { keyPairs, keyValuesReader } from '../rows/key-columns.ts';
import { type PackedRow, rowPacker } from '../rows/packed-rows.ts';
import { compile, rowSource, stringLiteral } from '../rows/rows.ts';
import { bytesPerRow, rowsFromState, rowsToState } from '../rows/state.ts';
import { SpilledLists } from '../spill/spilled-lists.ts';
import { type QueueSnapshot, SpilledQueue } from '../spill/spilled-queue.ts';
import { joinKeyParts, joinKeyReader } from './join-keys.ts';

const lookupName = 'lookup';
const waitingName = 'waiting';

/**
 * Looks the rows of the port `rows` up among those of the port `lookup`, which are kept by key: as many as fit into memory, and the
 * rest in keyed state. Rows that come before the lookup has ended are held back.
 */
export function lookingUp(
  { kind, keys, columns }: LookupOp,
  { inputs, state, memory, emit }: Pick<LookupContext, 'inputs' | 'state' | 'memory' | 'emit'>,
): StatefulOperator {
  const [rowSchema, lookup] = [inputs.rows, inputs.lookup];
  const keepUnmatched = kind === 'left';
  const joined = joinedRow(rowSchema, columns);
  const sides = keyPairs(rowSchema, lookup, keys);
  const rowKeys = new RowKeys(sides.left);
  const lookupKeys = new RowKeys(sides.right);
  const index = new KeyIndex(keys.length);
  /** By the key's slot, in the order in which they came. */
  const matches: Row[][] = [];
  /** Rows that came too early; null once the lookup has ended. */
  let waiting: Row[] | null = [];
  let learnt = 0;
  const lookupBytes = bytesPerRow(lookup) + 100;
  const rowBytes = bytesPerRow(rowSchema);

  /** What came when memory was full: of each key behind the rows that are in memory. */
  const spilled = new SpilledLists<PackedRow>(state(lookupName));
  let hasSpilled = false;
  /** Slots of keys that have rows in both places. */
  const continued = new Set<number>();
  const keyOf = joinKeyReader(sides.left);
  const lookupKeyOf = joinKeyReader(sides.right);
  const match = rowPacker(columns.map(({ from }) => ({ name: from })));
  /** In front of `waiting`; in the order in which they came, as they have no time. */
  const spilledWaiting = new SpilledQueue<PackedRow>(state(waitingName));
  const waiter = rowPacker(rowSchema.columns);

  const bytes = () => learnt * lookupBytes + ((waiting?.length ?? 0) + spilledWaiting.loaded) * rowBytes;

  const send = (rows: Iterable<Row>) => emitInBatches(rows, (batch) => emit('rows', batch));

  function learn(batch: readonly Row[]): void {
    const rows = batch.filter((row) => keys.every((key) => row[key.right] !== null));
    // Once some were spilled all are: a key's rows in memory come before those in the state.
    const room = hasSpilled ? 0 : Math.max(0, Math.ceil((memory - bytes()) / lookupBytes));
    hold(rows.length > room ? rows.slice(0, room) : rows);
    if (rows.length > room) spill(rows.slice(room));
  }
  function hold(rows: readonly Row[]): void {
    learnt += rows.length;
    const slots = lookupKeys.assign(rows, index);
    for (const [i, row] of rows.entries()) {
      const slot = itemAt(slots, i);
      const same = matches[slot];
      if (same) same.push(row);
      else matches[slot] = [row];
    }
  }
  function spill(rows: readonly Row[]): void {
    hasSpilled = true;
    lookupKeys.read(rows);
    for (let i = 0; i < rows.length; i++) {
      const slot = lookupKeys.find(i, index);
      if (slot >= 0) continued.add(slot);
    }
    for (const [key, same] of Map.groupBy(rows, lookupKeyOf)) spilled.append(`${key}`, same.map(match.pack));
  }
  function* found(rows: readonly Row[]): Iterable<Row> {
    rowKeys.read(rows);
    for (const [i, row] of rows.entries()) {
      // The lookup holds no null keys, so null finds nothing.
      const slot = rowKeys.find(i, index);
      let isMatched = slot >= 0;
      if (slot >= 0) for (const match of matches[slot] ?? []) yield joined(row, match);
      const key = hasSpilled && (slot < 0 || continued.has(slot)) ? keyOf(row) : null;
      if (key !== null) {
        for (const packed of spilled.get(`${key}`)) {
          isMatched = true;
          yield joined(row, match.unpack(packed));
        }
      }
      if (!isMatched && keepUnmatched) yield joined(row, null);
    }
  }
  function wait(rows: readonly Row[]): void {
    const early = waiting ?? missing('the rows that wait');
    for (const row of rows) early.push(row);
    if (bytes() <= memory) return;
    spilledWaiting.add(early.map((row) => ({ time: 0, item: waiter.pack(row) })));
    waiting = [];
  }
  function release(): void {
    if (waiting === null) return;
    for (let batch = nextSpilled(); batch.length > 0; batch = nextSpilled()) send(found(batch));
    const rows = waiting;
    waiting = null;
    send(found(rows));
  }
  function nextSpilled(): Row[] {
    const rows: Row[] = [];
    while (rows.length < 1024 && spilledWaiting.next === 0) rows.push(waiter.unpack(spilledWaiting.take()));
    return rows;
  }

  /** Of a key that is there already they come behind what it has. */
  function takeLists(from: SpilledLists<PackedRow>, owns: Owns): void {
    const { ofText, values } = joinKeyParts(lookup, sides.right);
    for (const text of from.keys()) {
      const key = values(ofText(text));
      if (!owns(key)) continue;
      hasSpilled = true;
      const slot = index.find(
        key.map((value) => [value]),
        0,
      );
      if (slot >= 0) continued.add(slot);
      spilled.append(text, [...from.get(text)]);
    }
  }

  return {
    process(rows, port) {
      if (port === 'lookup') learn(rows);
      else if (waiting) wait(rows);
      else send(found(rows));
    },
    ended(port) {
      if (port === 'lookup') release();
    },
    finish: release,
    // Held rows may be as old as any.
    outputWatermark: (watermark) => (waiting ? beginningOfTime : watermark),
    snapshot: () => ({
      lookup: rowsToState(matches.flat(), lookup),
      waiting: waiting && rowsToState(waiting, rowSchema),
      hasSpilled,
      continued: [...continued],
      spilledWaiting: spilledWaiting.snapshot(),
    }),
    restore(state) {
      const before = state as Snapshot;
      hold(rowsFromState(before.lookup, lookup));
      waiting = before.waiting === null ? null : rowsFromState(before.waiting, rowSchema);
      hasSpilled = before.hasSpilled;
      // Rows come back in the order of their slots, which so are the same.
      for (const slot of before.continued) continued.add(slot);
      spilledWaiting.restore(before.spilledWaiting);
    },
    takeOver(earlier, owns) {
      const [valuesOf, lookupValuesOf] = [keyValuesReader(sides.left), keyValuesReader(sides.right)];
      for (const { state } of earlier) {
        const held = rowsFromState((state as Snapshot).lookup, lookup);
        learn(held.filter((row) => owns(lookupValuesOf(row))));
      }
      for (const { keyed } of earlier) takeLists(new SpilledLists(keyed(lookupName)), owns);
      // The lookup has ended for all of them, or for none.
      if (earlier.every(({ state }) => (state as Snapshot).waiting === null)) waiting = null;
      for (const { state, keyed } of earlier) {
        const before = state as Snapshot;
        const queue = new SpilledQueue<PackedRow>(keyed(waitingName));
        queue.restore(before.spilledWaiting);
        spilledWaiting.takeOver(queue, (packed) => owns(valuesOf(waiter.unpack(packed))));
        if (before.waiting !== null) wait(rowsFromState(before.waiting, rowSchema).filter((row) => owns(valuesOf(row))));
      }
    },
    stateSize: () => ({ entries: learnt + (waiting?.length ?? 0) + spilledWaiting.loaded, bytes: bytes() }),
  };
}

type Snapshot = {
  readonly lookup: Json;
  readonly waiting: Json;
  readonly hasSpilled: boolean;
  readonly continued: readonly number[];
  readonly spilledWaiting: QueueSnapshot;
};

/** A function that makes a row of one and what was found for it, or of one alone. */
export function joinedRow(schema: Schema, added: LookupOp['columns']): (row: Row, match: Row | null) => Row {
  const own = schema.columns.map(({ name }) => ({ name, source: `row[${stringLiteral(name)}]` }));
  const source = (read: (from: string) => string) => rowSource([...own, ...added.map(({ from, name }) => ({ name, source: read(from) }))]);
  return compile(`(row, match) => match === null ? ${source(() => 'null')} : ${source((from) => `match[${stringLiteral(from)}]`)}`);
}
