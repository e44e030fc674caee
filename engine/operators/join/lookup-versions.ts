import type { StatefulOperator } from '@millrace/kit/node';
import type { LookupOp } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import { leastWatermark, takeEntries } from '../keyed/key-groups.ts';
import type { LookupContext } from '../ports.ts';
import { emitInBatches } from '../rows/batches.ts';
import { keyPairs, keyValuesReader } from '../rows/key-columns.ts';
import { type PackedRow, rowPacker } from '../rows/packed-rows.ts';
import { noTime } from '../rows/row-failures.ts';
import { picker } from '../rows/rows.ts';
import { bytesPerRow, rowsFromState, rowsToState } from '../rows/state.ts';
import { type QueueSnapshot, SpilledQueue } from '../spill/spilled-queue.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import { joinKeyParts, joinKeyReader } from './join-keys.ts';
import { joinedRow } from './lookup.ts';

/** A lookup row from its time on, until the next one of its key. Only the columns that are added; null where the key is deleted. */
type Version = { readonly from: number; readonly row: Row | null };
type Snapshot = { readonly watermark: number; readonly waiting: State; readonly spilled: QueueSnapshot };
const versionsName = 'versions';
const waitingName = 'waiting';
/** How long a deletion is remembered, in milliseconds of event time: a version before it may come late, and is not to count. */
const deletionMs = 86_400_000;

/**
 * Looks each row of the port `rows` up in the port `lookup` as it was at the row's time: the newest version of the key up to then.
 * Rows wait until the watermark, the least of both inputs, has passed their time: no version to come can be older. The versions
 * are in the engine's keyed state: a table may be large, few of its keys change, and each key has few versions. So are the rows that
 * wait where they do not fit into memory.
 */
export function lookingUpVersions(
  { kind, keys, columns }: LookupOp,
  { lateness, deleted, initial }: NonNullable<LookupOp['versions']>,
  { inputs, state, fail, emit, memory }: Pick<LookupContext, 'inputs' | 'state' | 'fail' | 'emit' | 'memory'>,
): StatefulOperator {
  const [rowSchema, lookup] = [inputs.rows, inputs.lookup];
  const keepUnmatched = kind === 'left';
  const joined = joinedRow(rowSchema, columns);
  const kept = picker(columns.map(({ from }) => ({ name: from, from })));
  const sides = keyPairs(rowSchema, lookup, keys);
  const keyOf = joinKeyReader(sides.left);
  const lookupKeyOf = joinKeyReader(sides.right);
  const timeOf = eventTimeReader(rowSchema) ?? missing('the event time of the rows');
  const known = (row: Row) => timeOf(row) ?? missing('the time of a row that waits');
  // Without a time a table was always as it is.
  const versionTimeOf = eventTimeReader(lookup) ?? (() => beginningOfTime);
  const versions = state<readonly Version[]>(versionsName);
  const waiting = new TimeQueue<Row>();
  /** Those that do not fit into memory. Of the same time they came before those that do. */
  const spilled = new SpilledQueue<PackedRow>(state(waitingName));
  const { pack, unpack } = rowPacker(rowSchema.columns);
  const bytesPerWaiting = bytesPerRow(rowSchema) + 24;
  const size = () => waiting.size + spilled.loaded;
  let watermark = beginningOfTime;

  const send = (rows: Iterable<Row>) => emitInBatches(rows, (batch) => emit('rows', batch));

  function learn(row: Row): void {
    const from = versionTimeOf(row);
    if (from === null) {
      fail(noTime(lookup.eventTime?.column ?? '', row));
      return;
    }
    const key = lookupKeyOf(row);
    if (key === null) return;
    const before = versions.get(`${key}`);
    const isInitial = initial && !before && watermark === beginningOfTime;
    const version = { from: isInitial ? beginningOfTime : from, row: deleted !== null && row[deleted] === true ? null : kept(row) };
    const all = before ? current(inserted(before, version), watermark - lateness) : [version];
    const newest = itemAt(all, all.length - 1);
    versions.set(`${key}`, all, newest.row === null ? from + lateness + deletionMs : undefined);
  }
  function* found(rows: Iterable<Row>): Iterable<Row> {
    for (const row of rows) {
      const key = keyOf(row);
      const match = key === null ? undefined : versionAt(versions.get(`${key}`), known(row));
      if (match?.row) yield joined(row, match.row);
      else if (keepUnmatched) yield joined(row, null);
    }
  }
  function* due(until: number): Iterable<Row> {
    for (let next = spilled.next; Math.min(next, waiting.next) <= until; next = spilled.next) {
      if (next <= waiting.next) yield unpack(spilled.take());
      else yield waiting.take();
    }
  }
  function spill(): void {
    spilled.add(waiting.inOrder().map((row) => ({ time: known(row), item: pack(row) })));
    waiting.clear();
  }
  function take(rows: readonly Row[]): void {
    const ready: Row[] = [];
    const late: Row[] = [];
    for (const row of rows) {
      const time = timeOf(row);
      if (time === null) fail(noTime(rowSchema.eventTime?.column ?? '', row));
      else if (time > watermark) waiting.add(time, row);
      else if (time > watermark - lateness) ready.push(row);
      else late.push(row);
    }
    if (waiting.size * bytesPerWaiting > memory) spill();
    send(found(ready));
    if (late.length > 0) emit('late', late);
  }

  return {
    process(rows, port) {
      if (port === 'lookup') for (const row of rows) learn(row);
      else take(rows);
    },
    advance(to) {
      watermark = to;
      send(found(due(to)));
      if (deleted !== null && to < endOfTime) versions.expire(to);
    },
    outputWatermark: (to) => to - lateness,
    snapshot: (): State => ({ watermark, waiting: rowsToState(waiting.inOrder(), rowSchema), spilled: spilled.snapshot() }),
    restore(before) {
      const saved = before as Snapshot;
      watermark = saved.watermark;
      spilled.restore(saved.spilled);
      for (const row of rowsFromState(saved.waiting, rowSchema)) waiting.add(known(row), row);
    },
    takeOver(earlier, owns) {
      const { ofText, values } = joinKeyParts(lookup, sides.right);
      const valuesOf = keyValuesReader(sides.left);
      watermark = leastWatermark(earlier.map(({ state }) => (state as Snapshot).watermark));
      for (const { state, keyed } of earlier) {
        const before = state as Snapshot;
        takeEntries(versions, keyed<readonly Version[]>(versionsName), (text) => owns(values(ofText(text))));
        const queue = new SpilledQueue<PackedRow>(keyed(waitingName));
        queue.restore(before.spilled);
        spilled.takeOver(queue, (packed) => owns(valuesOf(unpack(packed))));
        for (const row of rowsFromState(before.waiting, rowSchema)) if (owns(valuesOf(row))) waiting.add(known(row), row);
        if (waiting.size * bytesPerWaiting > memory) spill();
      }
    },
    stateSize: () => ({ entries: size(), bytes: size() * bytesPerWaiting }),
  };
}

/** In the order of time; of the same time, the one that came last counts. */
function inserted(versions: readonly Version[], version: Version): Version[] {
  let at = versions.length;
  while (at > 0 && itemAt(versions, at - 1).from > version.from) at--;
  const replaces = at > 0 && itemAt(versions, at - 1).from === version.from;
  return replaces ? versions.toSpliced(at - 1, 1, version) : versions.toSpliced(at, 0, version);
}

/** Those that rows after `horizon` can still ask for. */
function current(versions: Version[], horizon: number): Version[] {
  let first = 0;
  while (first + 1 < versions.length && itemAt(versions, first + 1).from <= horizon) first++;
  return first === 0 ? versions : versions.slice(first);
}

function versionAt(versions: readonly Version[] | undefined, time: number): Version | undefined {
  if (!versions) return undefined;
  return versions.findLast(({ from }) => from <= time);
}
