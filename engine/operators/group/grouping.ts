import { findColumn } from '@millrace/kit/columns';
import type { EarlierInstance, KeyedState, Owns } from '@millrace/kit/keyed-state';
import type { RowFailure, StatefulOperator } from '@millrace/kit/node';
import type { Aggregate, SessionWindows as Sessions, Windowing, WindowSpec } from '@millrace/kit/ops';
import { hasPanes, watermarkShift } from '@millrace/kit/windows';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import { Calendar } from '../../../model/time/calendar.ts';
import { utc, zoneOf } from '../../../model/time/zone.ts';
import type { Row, Schema, State, Value } from '../../../model/values/types.ts';
import { keyText, keyValues } from '../keyed/keys.ts';
import type { RowsContext } from '../ports.ts';
import { inTurns } from '../rows/batches.ts';
import { keyColumnReader, keyColumns } from '../rows/key-columns.ts';
import { columnReader, compile, rowSource } from '../rows/rows.ts';
import { createAccumulator, isOrdered } from './accumulators.ts';
import { EmptyWindows } from './empty-windows.ts';
import { absorbOwned, type Chunk, chunksOf, SpilledGroups } from './spilled-groups.ts';
import { CalendarGrid, RegularGrid, type WindowGrid } from './window-grid.ts';
import { SessionWindows } from './window-sessions.ts';
import { SlicedWindows } from './window-slices.ts';
import { type WindowTimes, windowTimes } from './window-times.ts';
import { type Fire, LiveKeys, type Pane, Slots, SlotTable, type Windows } from './windows.ts';

export interface GroupingOptions extends Pick<RowsContext, 'yieldNow' | 'signal'> {
  readonly input: Schema;
  /** The window's start and end (and pane) if there is one, the keys, then one column for each aggregate. */
  readonly output: Schema;
  readonly keys: readonly string[];
  readonly window: Windowing | null;
  readonly aggregates: readonly Omit<Aggregate, 'name'>[];
  /** As of `TransformContext`. */
  readonly memory: number;
  state(name: string): KeyedState<State>;
  emit(port: 'rows' | 'late', rows: readonly Row[]): void;
  fail(failure: RowFailure): void;
}
const batchSize = 1024;

/**
 * Groups rows and aggregates them. A batch is worked column by column: the key columns give each row the number of its key,
 * the windows give time and key a slot, then each aggregate goes over one column in one tight loop.
 */
type WholeOperator = StatefulOperator & Required<Pick<StatefulOperator, 'outputWatermark' | 'finish' | 'snapshot' | 'restore' | 'stateSize'>>;

export function grouping(options: GroupingOptions): WholeOperator {
  return options.window ? new WindowedGrouping(options, options.window) : new WholeGrouping(options);
}

/** What grouping with and without windows have in common: keys, accumulators, and the rows of results. */
abstract class Grouping {
  protected readonly options: GroupingOptions;
  readonly keys: LiveKeys;
  readonly slots: Slots;
  readonly #keyColumns: readonly { readonly read: (rows: readonly Row[], values: Value[]) => void; readonly values: Value[] }[];
  /** Each column is read once per batch, however many aggregates it has. */
  readonly #columns: ReadonlyMap<string, { readonly read: (rows: readonly Row[], values: Value[]) => void; readonly values: Value[] }>;
  readonly #running: readonly { readonly values: Value[] | null; readonly accumulator: ReturnType<typeof createAccumulator> }[];
  readonly #toRow: (key: number, slot: number, start: number, end: number, pane: Pane) => Row;
  protected readonly isOrdered: boolean;
  protected order = new Float64Array(0);
  #batch: Row[] = [];

  constructor(options: GroupingOptions) {
    const { keys, aggregates, input } = options;
    this.options = options;
    this.keys = new LiveKeys(keys.length);
    this.#keyColumns = keyColumns(input, keys).map((column) => ({ read: keyColumnReader(column), values: [] }));
    const names = new Set(aggregates.flatMap(({ column }) => column ?? []));
    this.#columns = new Map([...names].map((name) => [name, { read: columnReader(name), values: [] as Value[] }]));
    this.#running = aggregates.map(({ function: name, column, percent }) => ({
      values: column === null ? null : (this.#columns.get(column) ?? missing(`the column "${column}"`)).values,
      accumulator: createAccumulator(name, findColumn(input, column ?? '')?.type ?? 'integer', percent),
    }));
    this.isOrdered = aggregates.some(({ function: name }) => isOrdered(name));
    this.slots = new Slots(this.#running.map(({ accumulator }) => accumulator));
    this.#toRow = this.#rowMaker();
  }

  protected assignKeys(rows: readonly Row[], keys: Int32Array): void {
    for (const { read, values } of this.#keyColumns) read(rows, values);
    this.keys.index.assign(
      this.#keyColumns.map(({ values }) => values),
      rows.length,
      keys,
    );
  }

  protected add(rows: readonly Row[], slots: Int32Array): void {
    for (const { read, values } of this.#columns.values()) read(rows, values);
    // A count without a column counts rows, which are never null.
    for (const { values, accumulator } of this.#running) accumulator.add(slots, values ?? (rows as readonly Value[]), rows.length, this.order);
  }

  protected readonly fire = (start: number, end: number, key: number, slot: number, pane: Pane): void => {
    let row: Row;
    try {
      row = this.#toRow(key, slot, start, end, pane);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const { code, message, hint } = error.problem;
      this.options.fail({ code, message, hint });
      return;
    }
    this.emitOne(row);
  };
  protected emitOne(row: Row): void {
    this.#batch.push(row);
    if (this.#batch.length >= batchSize) this.flush();
  }
  protected flush(): void {
    const rows = this.#batch;
    if (rows.length === 0) return;
    this.#batch = [];
    this.options.emit('rows', rows);
  }

  /** There may be hundreds of thousands of groups, so their rows are made by a literal too. */
  #rowMaker(): (key: number, slot: number, start: number, end: number, pane: Pane) => Row {
    const { keys, window, output } = this.options;
    const levels = keys.map((_, i) => this.keys.index.valuesOf(i));
    const sources = [
      ...(window ? ['start', 'end', ...(hasPanes(window) ? ['pane'] : [])] : []),
      ...keys.map((_, i) => `levels[${i}][key]`),
      ...this.#running.map((_, i) => `a${i}.result(slot)`),
    ];
    const columns = output.columns.map(({ name }, i) => ({ name, source: itemAt(sources, i) }));
    const accumulators = Object.fromEntries(this.#running.map(({ accumulator }, i) => [`a${i}`, accumulator]));
    return compile(`(key, slot, start, end, pane) => (${rowSource(columns)})`, { levels, ...accumulators });
  }

  protected groupsState(): State {
    return { keys: this.keys.snapshot(), slots: this.slots.snapshot(), accumulators: this.#running.map(({ accumulator }) => accumulator.snapshot()) };
  }
  protected restoreGroups(state: State): void {
    const { keys, slots, accumulators } = state as { readonly keys: State; readonly slots: State; readonly accumulators: readonly State[] };
    this.keys.restore(keys);
    this.slots.restore(slots);
    for (const [i, { accumulator }] of this.#running.entries()) accumulator.restore(accumulators[i]);
  }
  /** One that only tells what an earlier instance had: it gives out nothing. */
  protected optionsOf({ keyed }: EarlierInstance): GroupingOptions {
    return { ...this.options, state: keyed };
  }
  /** About what keys and accumulators take in memory. */
  protected bytes(): number {
    return this.slots.bytes() + this.keys.index.bytes();
  }
}

/** Without windows: the number of a group's key is its slot, and all leave when the input ends. */
class WholeGrouping extends Grouping implements StatefulOperator {
  readonly #disk: SpilledGroups;
  #slots = new Int32Array(1024);
  #rows = 0;

  constructor(options: GroupingOptions) {
    super(options);
    this.#disk = new SpilledGroups(options.state('groups'), this.slots, this.keys, options.memory);
  }

  process(rows: readonly Row[]): void {
    if (rows.length > this.#slots.length) this.#slots = new Int32Array(rows.length);
    if (this.isOrdered) this.order = Float64Array.from(rows, () => this.#rows++);
    this.assignKeys(rows, this.#slots);
    this.slots.reserve(this.keys.index.size);
    this.add(rows, this.#slots);
    if (this.bytes() > this.options.memory) this.#spill();
  }
  #spill(): void {
    const keys = Array.from({ length: this.keys.index.size }, (_, key) => key);
    if (keys.length > 0) this.#disk.put(0, keys, keys, null);
    this.#clear();
    this.#disk.compact();
  }
  #clear(): void {
    this.slots.clear();
    this.keys.clear();
  }

  finish(): void | Promise<void> {
    const groups = this.#disk.has(0) ? this.#groupsOnDisk() : this.#groupsInMemory();
    return inTurns(groups, this.options, () => this.flush());
  }
  /** Fires all groups, about a batch of them in each step. */
  *#groupsInMemory(): Iterable<void> {
    const { index } = this.keys;
    // Without keys there is one group, also when no row came.
    if (index.levels === 0) index.assign([], 1, this.#slots);
    this.slots.reserve(index.size);
    for (let key = 0; key < index.size; key++) {
      this.fire(0, 0, key, key, 'on-time');
      if (key % batchSize === batchSize - 1) yield;
    }
    yield;
  }
  *#groupsOnDisk(): Iterable<void> {
    this.#spill();
    const parts = this.#disk.partsOf([0]);
    for (let part = 0; part < parts; part++) {
      const whole = new SlotTable();
      this.#disk.read(0, part, parts, whole);
      for (let i = 0; i < whole.size; i++) {
        this.fire(0, 0, itemAt(whole.keys, i), itemAt(whole.slots, i), 'on-time');
        if (i % batchSize === batchSize - 1) yield;
      }
      this.#clear();
      yield;
    }
  }

  outputWatermark(): number {
    return beginningOfTime;
  }
  snapshot(): State {
    return { groups: this.groupsState(), rows: this.#rows, disk: this.#disk.snapshot() };
  }
  restore(state: State): void {
    const { groups, rows, disk } = state as { readonly groups: State; readonly rows: number; readonly disk: State };
    this.restoreGroups(groups);
    this.#rows = rows;
    this.#disk.restore(disk);
  }
  takeOver(earlier: readonly EarlierInstance[], owns: Owns): void {
    for (const each of earlier) {
      const before = new WholeGrouping(this.optionsOf(each));
      before.restore(each.state);
      // What comes from now on comes after all that was there.
      this.#rows = Math.max(this.#rows, before.#rows);
      for (const chunk of before.#chunks()) {
        absorbOwned(chunk, owns, this, (key) => {
          this.slots.reserve(this.keys.index.size);
          return key;
        });
        if (this.bytes() > this.options.memory) this.#spill();
      }
    }
  }
  *#chunks(): Iterable<Chunk> {
    for (const { chunk } of this.#disk.chunks()) yield chunk;
    const keys = Array.from({ length: this.keys.index.size }, (_, key) => key);
    yield* chunksOf(keys, keys, null, this);
  }
  stateSize(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.keys.index.size + this.#disk.groups, bytes: this.bytes() + this.#disk.bytes };
  }
}

class WindowedGrouping extends Grouping implements StatefulOperator {
  readonly #window: Windowing;
  readonly #windows: Windows;
  readonly #watermarkShift: number | null;
  readonly #times: WindowTimes;
  readonly #values: Value[] = [];
  #keys = new Int32Array(1024);
  #slots = new Int32Array(1024);
  /** Rows so far: what came first where there is no event time to tell. */
  #rows = 0;
  /** When to tell early results next, by the wall clock. */
  #nextEarly: number | null = null;
  readonly #grid: WindowGrid | null;
  readonly #empty: EmptyWindows | null = null;
  readonly #fireWindow: Fire;

  constructor(options: GroupingOptions, window: Windowing) {
    super(options);
    const { spec, lateness, early, column, empty } = window;
    const { memory, state } = options;
    const shared = { slots: this.slots, keys: this.keys, memory, state, lateness, early: early !== null };
    this.#window = window;
    const grid = 'gap' in spec ? null : gridOf(spec);
    this.#grid = grid;
    this.#windows = 'gap' in spec ? new SessionWindows(spec.gap, shared) : new SlicedWindows(grid ?? missing('the grid of windows'), shared);
    if (empty && this.#grid?.isTumbling) {
      const known = state('known') as unknown as KeyedState<true>;
      this.#empty = new EmptyWindows({ grid: this.#grid, known, fire: emptyRows(options, window, (row) => this.emitOne(row)), fail: options.fail });
    }
    this.#fireWindow = this.#empty ? this.#fireBetween(this.#empty) : this.fire;
    this.#watermarkShift = watermarkShift(options.input, column);
    this.#times = windowTimes(options.input, window);
    if (early !== null) this.tick = (now) => this.#tick(now, early);
  }
  tick?: (now: number) => void;

  /** With the empty windows that come before. */
  #fireBetween(empty: EmptyWindows): Fire {
    return (start, end, key, slot, pane) => {
      if (pane === 'on-time') empty.onTime(start, end, keyText(this.keys.index.keyOf(key)));
      this.fire(start, end, key, slot, pane);
      if (pane === 'late') empty.late(end, keyText(this.keys.index.keyOf(key)));
    };
  }

  process(batch: readonly Row[]): void {
    let rows = this.#withTimes(batch);
    if (rows.length > this.#slots.length) {
      this.#keys = new Int32Array(rows.length);
      this.#slots = new Int32Array(rows.length);
    }
    this.assignKeys(rows, this.#keys);
    const late = this.#windows.assign(this.#values as number[], this.#keys, rows.length, this.#slots);
    if (late > 0) rows = this.#withoutLate(rows);
    if (this.isOrdered) this.#setOrder(rows.length);
    this.add(rows, this.#slots);
    this.#windows.refine(this.#fireWindow);
    this.flush();
    this.#makeRoom();
  }

  #makeRoom(): void {
    const { memory } = this.options;
    for (let bytes = this.#bytes(); bytes > memory && this.#windows.groups > 0; bytes = this.#bytes()) this.#windows.spill();
  }
  /** What there is to know what is on disk does not become less by moving more there. */
  #bytes(): number {
    return this.bytes() + this.#windows.groups * this.#windows.bytesPerGroup;
  }

  /** The rows that have a time; `#values` then holds those. */
  #withTimes(batch: readonly Row[]): readonly Row[] {
    const times = this.#values;
    this.#times.read(batch, times);
    times.length = batch.length;
    if (times.indexOf(null) < 0) return batch;
    const column = this.#window.column ?? this.options.input.eventTime?.column ?? '';
    const rows = batch.filter((row, i) => {
      if (times[i] !== null) return true;
      const message = `The row has no time in column "${column}", so it belongs to no window`;
      this.options.fail({ code: 'aggregate/no-time', message, hint: 'Filter such rows out first, or skip rows that fail.', field: this.#window.field, row });
      return false;
    });
    this.#times.read(rows, times);
    times.length = rows.length;
    return rows;
  }

  /** Sends rows without a slot to the port for late ones; slots and times of the others move up. */
  #withoutLate(rows: readonly Row[]): readonly Row[] {
    const late: Row[] = [];
    const kept: Row[] = [];
    for (const [i, row] of rows.entries()) {
      const slot = this.#slots[i]!;
      if (slot < 0) {
        late.push(row);
        continue;
      }
      this.#slots[kept.length] = slot;
      this.#values[kept.length] = this.#values[i] ?? null;
      kept.push(row);
    }
    this.options.emit('late', late);
    return kept;
  }

  /** By event time the first of some rows is the same however they arrive. */
  #setOrder(count: number): void {
    if (this.order.length < count) this.order = new Float64Array(count);
    const byTime = this.#watermarkShift !== null;
    for (let i = 0; i < count; i++) this.order[i] = byTime ? (this.#values[i] as number) : this.#rows++;
  }

  advance(watermark: number): void {
    if (watermark < endOfTime) {
      if (this.#watermarkShift === null) return;
      const complete = this.#times.watermark(watermark + this.#watermarkShift);
      this.#windows.advance(complete, this.#fireWindow);
      this.#empty?.completeTo(complete + 1);
    } else {
      this.#windows.advance(endOfTime, this.#fireWindow);
      this.#empty?.completeTo(Number.POSITIVE_INFINITY);
    }
    this.flush();
    this.#makeRoom();
  }
  outputWatermark(watermark: number): number {
    return this.#watermarkShift === null ? beginningOfTime : this.#times.watermark(watermark);
  }
  finish(): void {
    this.advance(endOfTime);
  }
  #tick(now: number, every: number): void {
    this.#nextEarly ??= now + every;
    if (now < this.#nextEarly) return;
    this.#nextEarly = now + every;
    this.#windows.early(this.fire);
    this.flush();
    this.#makeRoom();
  }

  snapshot(): State {
    const empty = this.#empty && { empty: this.#empty.snapshot() };
    return { groups: this.groupsState(), windows: this.#windows.snapshot(), rows: this.#rows, nextEarly: this.#nextEarly, ...empty };
  }
  restore(state: State): void {
    const { groups, windows, rows, nextEarly, empty } = state as {
      readonly groups: State;
      readonly windows: State;
      readonly rows: number;
      readonly nextEarly: number | null;
      readonly empty?: State;
    };
    this.restoreGroups(groups);
    this.#windows.restore(windows);
    if (empty !== undefined) this.#empty?.restore(empty);
    this.#rows = rows;
    this.#nextEarly = nextEarly;
  }
  /** With empty windows there is one instance, whatever the keys: where there was another one, it is not asked. */
  takeOver(earlier: readonly EarlierInstance[], owns: Owns): void {
    this.#windows.takeOver(this.#windowsOf(earlier), owns, () => this.#makeRoom());
  }
  *#windowsOf(earlier: readonly EarlierInstance[]): Iterable<Windows> {
    for (const each of earlier) {
      const before = new WindowedGrouping(this.optionsOf(each), this.#window);
      before.restore(each.state);
      // What comes from now on comes after all that was there.
      this.#rows = Math.max(this.#rows, before.#rows);
      // All of them tell early results at the same time.
      this.#nextEarly = before.#nextEarly;
      yield before.#windows;
    }
  }
  stateSize(): { readonly entries: number; readonly bytes: number } {
    const spilled = this.#windows.spilled();
    return { entries: this.#windows.groups + spilled.entries, bytes: this.#bytes() + spilled.bytes };
  }
}

/** Rows of windows without rows: counts and sums are 0, and nothing else is known. */
function emptyRows({ keys, aggregates, input, output }: GroupingOptions, window: Windowing, emit: (row: Row) => void) {
  const names = output.columns.map(({ name }) => name);
  const zeros = aggregates.map(({ function: name, column }): Value => {
    if (name === 'sum') return findColumn(input, column ?? '')?.type === 'decimal' ? '0' : 0;
    return name === 'count' || name === 'distinctCount' ? 0 : null;
  });
  return (start: number, end: number, key: string, pane: Pane): void => {
    const values = [start, end, ...(hasPanes(window) ? [pane] : []), ...(keys.length > 0 ? keyValues(key) : []), ...zeros];
    emit(Object.fromEntries(names.map((name, i) => [name, itemAt(values, i)])));
  };
}

function gridOf(spec: Exclude<WindowSpec, Sessions>): WindowGrid {
  return 'unit' in spec ? new CalendarGrid(new Calendar(zoneOf(spec.zone) ?? utc, spec.unit)) : new RegularGrid(spec);
}
