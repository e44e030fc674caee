import type { Owns } from '@millrace/kit/keyed-state';
import { itemAt } from '../../../model/faults/missing.ts';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { State } from '../../../model/values/types.ts';
import { absorbOwned, type Chunk, chunksOf, SpilledGroups } from './spilled-groups.ts';
import type { WindowGrid } from './window-grid.ts';
import { type Fire, type LiveKeys, type Pane, type Slots, SlotTable, type WindowOptions, type Windows } from './windows.ts';

/** A stretch of time that no window's start or end cuts. */
class Slice {
  readonly start: number;
  /** What is in memory. There may be more on disk, of the same keys too: that came before. */
  table = new SlotTable();
  constructor(start: number) {
    this.start = start;
  }
}

/**
 * Windows whose bounds are known before their rows. Time is cut into slices at every window's start and end, and a row counts once, in its slice.
 * A tumbling window is one slice; a sliding one is put together from its slices when it fires. So the work for a row does not
 * grow with the number of windows that hold it, and the work for firing is one merge for each slice and key: never more than
 * counting each row in all its windows would be (bench/README.md has the figures).
 */
export class SlicedWindows implements Windows {
  readonly #grid: WindowGrid;
  readonly #lateness: number;
  readonly #slots: Slots;
  readonly #keys: LiveKeys;
  readonly #early: boolean;
  /** By the start of their slice. */
  readonly #disk: SpilledGroups;
  /** In the order of time. */
  #slices: Slice[] = [];
  readonly #byStart = new Map<number, Slice>();
  /** All windows up to this end have fired, and up to that one are gone. */
  #fired: number;
  #gone: number;
  /** Changed groups of windows that had fired: keys by the window's end. */
  readonly #changed = new Map<number, Set<number>>();
  /** By slot: 1 where a group has changed since it was told early. */
  #marks = new Uint8Array(0);
  groups = 0;
  readonly bytesPerGroup = 28;

  constructor(grid: WindowGrid, options: WindowOptions) {
    this.#grid = grid;
    this.#lateness = options.lateness;
    this.#slots = options.slots;
    this.#keys = options.keys;
    this.#early = options.early;
    this.#disk = new SpilledGroups(options.state('groups'), options.slots, options.keys, options.memory);
    this.#fired = this.#lastEnd(beginningOfTime);
    this.#gone = this.#fired;
  }

  assign(times: readonly number[], keys: Int32Array, count: number, slots: Int32Array): number {
    // The last window of a row before this is gone; the first one of a row before `fired` has fired.
    const lateBefore = this.#grid.goneBefore(this.#gone);
    const fired = this.#fired;
    let late = 0;
    let from = 0;
    let to = 0;
    let table: SlotTable | null = null;
    for (let i = 0; i < count; i++) {
      const time = times[i]!;
      if (time < from || time >= to || table === null) {
        if (time < lateBefore) {
          slots[i] = -1;
          late++;
          continue;
        }
        const slice = this.#sliceAt(time);
        table = slice.table;
        from = slice.start;
        to = this.#grid.sliceEnd(from);
      }
      const key = keys[i]!;
      const known = table.get(key);
      slots[i] = known < 0 ? this.#newSlot(table, key) : known;
      if (time < fired) this.#noteChange(from, key);
    }
    if (this.#early) this.#mark(slots, count);
    return late;
  }

  #newSlot(table: SlotTable, key: number): number {
    const slot = this.#slots.take();
    table.add(key, slot);
    this.#keys.hold(key);
    this.groups++;
    return slot;
  }

  #sliceAt(time: number): Slice {
    const start = this.#grid.sliceStart(time);
    const found = this.#byStart.get(start);
    if (found) return found;
    const slice = new Slice(start);
    this.#byStart.set(start, slice);
    this.#slices.splice(this.#position(start), 0, slice);
    return slice;
  }
  /** Of the first slice that starts at this time or later. */
  #position(start: number): number {
    const slices = this.#slices;
    let low = 0;
    let high = slices.length;
    if (high > 0 && itemAt(slices, high - 1).start < start) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (itemAt(slices, middle).start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #noteChange(start: number, key: number): void {
    const grid = this.#grid;
    const last = Math.min(this.#fired, grid.lastEndOf(start));
    for (let end = Math.max(grid.firstEndAfter(start), grid.endAfter(this.#gone)); end <= last; end = grid.endAfter(end)) {
      const keys = this.#changed.get(end);
      if (keys) keys.add(key);
      else this.#changed.set(end, new Set([key]));
    }
  }
  #mark(slots: Int32Array, count: number): void {
    if (this.#marks.length < this.#slots.capacity) {
      const larger = new Uint8Array(this.#slots.capacity);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    for (const slot of slots.subarray(0, count)) if (slot >= 0) this.#marks[slot] = 1;
  }

  /** The last window's end that this watermark has passed: the window's last millisecond is not after it. */
  #lastEnd(watermark: number): number {
    return this.#grid.lastEndUpTo(watermark + 1);
  }

  advance(watermark: number, fire: Fire): void {
    const fired = this.#lastEnd(watermark);
    if (fired <= this.#fired && this.#lateness === 0) return;
    const slices = this.#slices;
    for (let i = 0; fired > this.#fired; ) {
      while (i < slices.length && this.#grid.lastEndOf(itemAt(slices, i).start) <= this.#fired) i++;
      const end = i < slices.length ? Math.max(this.#grid.firstEndAfter(itemAt(slices, i).start), this.#grid.endAfter(this.#fired)) : fired;
      this.#fired = Math.min(end, fired);
      if (end <= fired && i < slices.length) this.#fireAll(end, fire);
    }
    this.#gone = Math.max(this.#gone, this.#lastEnd(watermark - this.#lateness));
    this.#giveBack();
  }

  #giveBack(): void {
    let gone = 0;
    for (const { start, table } of this.#slices) {
      if (this.#grid.lastEndOf(start) > this.#gone) break;
      gone++;
      this.#byStart.delete(start);
      this.groups -= table.size;
      for (const key of table.keys) this.#keys.drop(key);
      for (const slot of table.slots) {
        if (this.#early) this.#marks[slot] = 0;
        this.#slots.give(slot);
      }
      this.#disk.delete(start);
    }
    if (gone === 0) return;
    this.#slices.splice(0, gone);
    this.#keys.sweep();
  }

  #slicesOf(end: number): Slice[] {
    return this.#slices.slice(this.#position(this.#grid.startOf(end)), this.#position(end));
  }

  #fireAll(end: number, fire: Fire): void {
    const slices = this.#slicesOf(end);
    if (this.#isOnDisk(slices)) {
      this.#fireFromDisk(end, slices, 'on-time', fire);
      return;
    }
    const start = this.#grid.startOf(end);
    if (this.#grid.isTumbling) {
      itemAt(slices, 0).table.each((key, slot) => fire(start, end, key, slot, 'on-time'));
      return;
    }
    const whole = new SlotTable();
    for (const { table } of slices) this.#mergeInto(whole, table);
    whole.each((key, slot) => fire(start, end, key, slot, 'on-time'));
    this.#giveAll(whole);
  }
  #mergeInto(whole: SlotTable, { keys, slots }: Pick<SlotTable, 'keys' | 'slots'>): void {
    const into = new Int32Array(keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      let slot = whole.get(key);
      if (slot < 0) {
        slot = this.#slots.take();
        whole.add(key, slot);
      }
      into[i] = slot;
    }
    this.#slots.merge(into, Int32Array.from(slots), keys.length);
  }
  #giveAll({ slots }: SlotTable): void {
    for (const slot of slots) this.#slots.give(slot);
  }

  /** The group of one key, put together from the slices of a window. */
  #fireOne(end: number, key: number, fire: Fire, pane: Pane): void {
    const slots = this.#slicesOf(end).flatMap(({ table }) => {
      const slot = table.get(key);
      return slot < 0 ? [] : [slot];
    });
    if (slots.length === 1) {
      fire(this.#grid.startOf(end), end, key, itemAt(slots, 0), pane);
      return;
    }
    const whole = this.#slots.take();
    for (const slot of slots) this.#slots.mergeOne(whole, slot);
    fire(this.#grid.startOf(end), end, key, whole, pane);
    this.#slots.give(whole);
  }

  refine(fire: Fire): void {
    if (this.#changed.size === 0) return;
    this.#fireChanged(this.#changed, fire, 'late');
    this.#changed.clear();
  }

  early(fire: Fire): void {
    // What has changed of windows that are partly on disk may be more than there is room for: that is found part by part.
    const changed = new Map<number, Set<number>>();
    const onDisk = new Set<number>();
    for (const { start, table } of this.#slices) {
      const marked = table.keys.filter((_, i) => this.#marks[itemAt(table.slots, i)] === 1);
      if (marked.length === 0 && !this.#disk.isMarked(start)) continue;
      const last = this.#grid.lastEndOf(start);
      for (let end = Math.max(this.#grid.firstEndAfter(start), this.#grid.endAfter(this.#fired)); end <= last; end = this.#grid.endAfter(end)) {
        if (this.#isOnDisk(this.#slicesOf(end))) onDisk.add(end);
        else {
          const keys = changed.get(end) ?? new Set();
          changed.set(end, keys);
          for (const key of marked) keys.add(key);
        }
      }
    }
    for (const end of [...changed.keys(), ...onDisk].sort((a, b) => a - b)) {
      if (onDisk.has(end)) this.#fireFromDisk(end, this.#slicesOf(end), 'early', fire);
      else for (const key of changed.get(end) ?? []) this.#fireOne(end, key, fire, 'early');
    }
    this.#marks.fill(0);
    for (const { start } of this.#slices) this.#disk.unmark(start);
  }

  #fireChanged(changed: ReadonlyMap<number, ReadonlySet<number>>, fire: Fire, pane: Pane): void {
    for (const end of [...changed.keys()].sort((a, b) => a - b)) {
      const slices = this.#slicesOf(end);
      if (this.#isOnDisk(slices)) this.#fireFromDisk(end, slices, pane, fire, changed.get(end));
      else for (const key of changed.get(end) ?? []) this.#fireOne(end, key, fire, pane);
    }
  }

  // ---- On disk

  #isOnDisk(slices: readonly Slice[]): boolean {
    return slices.some(({ start }) => this.#disk.has(start));
  }

  /** Fires groups of a window that is partly on disk, part by part: those that were marked if it is early, or these, or all. */
  #fireFromDisk(end: number, slices: readonly Slice[], pane: Pane, fire: Fire, wanted: ReadonlySet<number> | null = null): void {
    const starts = slices.map(({ start }) => start);
    const parts = wanted ? this.#disk.finest(starts) : this.#disk.partsOf(starts);
    const inMemory = slices.map(({ table }) => this.#parted(table, parts));
    const which = wanted ? new Set([...wanted].map((key) => this.#disk.partOf(key, parts))) : Array.from({ length: parts }, (_, part) => part);
    for (const part of which) {
      const whole = new SlotTable();
      const marked = pane === 'early' ? new Set<number>() : null;
      for (const [i, { start }] of slices.entries()) {
        this.#disk.read(start, part, parts, whole, marked);
        const own = itemAt(itemAt(inMemory, i), part);
        this.#mergeInto(whole, own);
        if (marked) for (const [j, key] of own.keys.entries()) if (this.#marks[itemAt(own.slots, j)] === 1) marked.add(key);
      }
      const fired = wanted ?? marked;
      whole.each((key, slot) => {
        if (!fired || fired.has(key)) fire(this.#grid.startOf(end), end, key, slot, pane);
      });
      this.#giveAll(whole);
      this.#keys.sweep();
    }
  }
  /** What a table has by part. */
  #parted(table: SlotTable, parts: number): readonly { readonly keys: number[]; readonly slots: number[] }[] {
    if (parts === 1) return [table];
    const byPart = Array.from({ length: parts }, () => ({ keys: [] as number[], slots: [] as number[] }));
    for (const [i, key] of table.keys.entries()) {
      const { keys, slots } = itemAt(byPart, this.#disk.partOf(key, parts));
      keys.push(key);
      slots.push(itemAt(table.slots, i));
    }
    return byPart;
  }

  /** All groups leave. */
  spill(): void {
    for (const slice of this.#slices) {
      const { start, table } = slice;
      if (table.size === 0) continue;
      this.#disk.put(start, table.keys, table.slots, this.#early ? this.#marks : null);
      slice.table = new SlotTable();
    }
    this.#slots.clear();
    this.#keys.clear();
    this.#disk.compact();
    this.#marks = new Uint8Array(0);
    this.groups = 0;
  }
  spilled(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#disk.groups, bytes: this.#disk.bytes };
  }

  snapshot(): State {
    const slices = this.#slices;
    return {
      fired: this.#fired,
      gone: this.#gone,
      starts: Float64Array.from(slices, ({ start }) => start),
      sizes: Int32Array.from(slices, ({ table }) => table.size),
      keys: Int32Array.from(slices.flatMap(({ table }) => table.keys)),
      slots: Int32Array.from(slices.flatMap(({ table }) => table.slots)),
      marked: Int32Array.from(slices.flatMap(({ table }) => table.slots.filter((slot) => this.#marks[slot] === 1))),
      disk: this.#disk.snapshot(),
    };
  }
  restore(state: State): void {
    const { fired, gone, starts, sizes, keys, slots, marked, disk } = state as {
      readonly [name in 'sizes' | 'keys' | 'slots' | 'marked']: Int32Array;
    } & { readonly fired: number; readonly gone: number; readonly starts: Float64Array; readonly disk: State };
    this.#fired = fired;
    this.#gone = gone;
    let at = 0;
    for (const [i, start] of starts.entries()) {
      const { table } = this.#sliceAt(start);
      for (const stop = at + itemAt(sizes, i); at < stop; at++) table.add(itemAt(keys, at), itemAt(slots, at));
    }
    this.groups = keys.length;
    this.#marks = new Uint8Array(this.#slots.capacity);
    for (const slot of marked) this.#marks[slot] = 1;
    this.#disk.restore(disk);
  }

  takeOver(earlier: Iterable<SlicedWindows>, owns: Owns, makeRoom: () => void): void {
    // They have heard of the same watermarks; should one be behind, no window is taken for fired or gone that it has not.
    let [fired, gone] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const before of earlier) {
      fired = Math.min(fired, before.#fired);
      gone = Math.min(gone, before.#gone);
      for (const { place, chunk } of before.#disk.chunks()) this.#takeChunk(place, chunk, owns, makeRoom);
      for (const { start, table } of before.#slices) {
        const marks = this.#early ? before.#marks : null;
        for (const chunk of chunksOf(table.keys, table.slots, marks, { slots: before.#slots, keys: before.#keys }))
          this.#takeChunk(start, chunk, owns, makeRoom);
      }
    }
    this.#fired = fired;
    this.#gone = gone;
  }
  #takeChunk(start: number, chunk: Chunk, owns: Owns, makeRoom: () => void): void {
    const marked: number[] = [];
    absorbOwned(chunk, owns, { slots: this.#slots, keys: this.#keys }, (key, place) => {
      const { table } = this.#sliceAt(start);
      const known = table.get(key);
      const slot = known < 0 ? this.#newSlot(table, key) : known;
      if (chunk.marks?.[place] === 1) marked.push(slot);
      return slot;
    });
    if (marked.length > 0) this.#mark(Int32Array.from(marked), marked.length);
    makeRoom();
  }
}
