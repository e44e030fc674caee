import { itemAt, missing } from '../../../model/faults/missing.ts';
import type { Row, State } from '../../../model/values/types.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import type { JoinKey } from './join-keys.ts';
import { MatchIndex, type RowsOfBlock } from './match-index.ts';
import { type PackedBlock, RowBlock } from './row-block.ts';
import { type BlockRun, partOf, rowsByPart, SpilledBlocks } from './spilled-blocks.ts';
import { type Match, type Matcher, type MatcherOptions, otherSide, type Side, sides } from './stream-join-matcher.ts';

/** How many blocks without rows are kept, to be filled again. */
const mostSpares = 2;

/** The rows of one side from one window's start to the next one's. */
interface Slice {
  readonly start: number;
  /** Null where none are in memory. */
  block: RowBlock | null;
  readonly runs: BlockRun[];
}
interface Window {
  readonly start: number;
  /** Its pairs are out; further ones leave as they come. */
  hasFired: boolean;
}
type SideSnapshot = {
  readonly slices: readonly { readonly start: number; readonly block: PackedBlock | null; readonly runs: readonly BlockRun[] }[];
  readonly nextRun: number;
};
/** Of both sides, what has the keys of one part. */
type Part = { readonly [side in Side]: readonly RowsOfBlock[] };

/**
 * Joins rows within tumbling or sliding windows, aligned to the epoch plus an offset. Pairs come out when the watermark passes the
 * window's end: then rows are found by their keys, part by part where some are in keyed state.
 *
 * Rows are held once, however many windows they are in: in slices, of which a window is made, the last one perhaps in part.
 */
export class WindowMatcher implements Matcher {
  readonly behind: number;
  bytes = 0;
  readonly #options: MatcherOptions;
  readonly #length: number;
  readonly #every: number;
  readonly #offset: number;
  readonly #slices = { left: new Map<number, Slice>(), right: new Map<number, Slice>() };
  readonly #spilled: { readonly [side in Side]: SpilledBlocks };
  readonly #spares: { readonly [side in Side]: RowBlock[] } = { left: [], right: [] };
  readonly #windows = new Map<number, Window>();
  /** Windows by the last time within them: those to fire, and those to be freed. */
  readonly #firing = new TimeQueue<Window>();
  readonly #closing = new TimeQueue<Window>();
  #watermark = Number.NEGATIVE_INFINITY;

  constructor({ length, every, offset }: Extract<Match, { kind: 'windows' }>, options: MatcherOptions) {
    this.#length = length;
    this.#every = every;
    this.#offset = offset;
    this.#options = options;
    this.behind = options.lateness;
    const spilledOf = (side: Side) => new SpilledBlocks(options.state(`${side} rows`), options.layouts[side]);
    this.#spilled = { left: spilledOf('left'), right: spilledOf('right') };
  }

  /** A row counts once for each of its windows. */
  entries(): number {
    let count = 0;
    for (const { start } of this.#windows.values()) {
      for (const side of sides) {
        for (const { block } of this.#slicesOf(side, start)) if (block !== null) count += countUpTo(block, this.#lastOf(start));
      }
    }
    return count;
  }

  isLate(time: number): boolean {
    return this.#isGone(this.#lastStart(time));
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    const slice = this.#sliceAt(side, this.#lastStart(time), time);
    if (time <= this.#watermark) this.#meetLate(side, key, time, row);
    this.#put(side, slice, key, time, row);
  }
  #put(side: Side, slice: Slice, key: JoinKey, time: number, row: Row): void {
    slice.block ??= this.#newBlock(side);
    slice.block.add(key, time, row);
    this.bytes += this.#options.layouts[side].rowBytes;
  }

  addAlone(side: Side, time: number, row: Row): void {
    for (const start of this.#startsOf(time)) this.#emitAlone(side, row, start);
  }

  advance(watermark: number): void {
    this.#watermark = watermark;
    const gone = watermark - this.#options.lateness;
    for (;;) {
      const fires = this.#firing.next <= watermark;
      const closes = this.#closing.next <= gone;
      // By the windows' ends, so that rows come out in the order of event time.
      if (fires && (!closes || this.#firing.next <= this.#closing.next)) this.#fire(this.#firing.take());
      else if (closes) this.#close(this.#closing.take(), gone);
      else break;
    }
  }

  #lastStart(time: number): number {
    return Math.floor((time - this.#offset) / this.#every) * this.#every + this.#offset;
  }

  /** The starts of the windows of this time that are not gone, the first one first. */
  #startsOf(time: number): number[] {
    const starts: number[] = [];
    for (let start = this.#lastStart(time); start > time - this.#length && !this.#isGone(start); start -= this.#every) starts.push(start);
    return starts.reverse();
  }

  /** The last time within a window. Of a slice's rows, when nothing needs them any more. */
  #lastOf(start: number): number {
    return start + this.#length - 1;
  }
  #isGone(start: number): boolean {
    return this.#lastOf(start) + this.#options.lateness <= this.#watermark;
  }

  #sliceAt(side: Side, start: number, time: number): Slice {
    let slice = this.#slices[side].get(start);
    if (slice === undefined) {
      slice = { start, block: null, runs: [] };
      this.#slices[side].set(start, slice);
    }
    // All rows of a slice are in the same windows, unless one ends within it.
    if (slice.block === null || this.#length % this.#every !== 0) {
      for (const each of this.#startsOf(time)) if (!this.#windows.has(each)) this.#open(each);
    }
    return slice;
  }

  #open(start: number): void {
    const last = this.#lastOf(start);
    const window: Window = { start, hasFired: last <= this.#watermark };
    this.#windows.set(start, window);
    if (!window.hasFired) this.#firing.add(last, window);
    this.#closing.add(last, window);
  }

  /** The slices of a window that have rows, in the order of time. */
  *#slicesOf(side: Side, start: number): Iterable<Slice> {
    for (let each = start; each < start + this.#length; each += this.#every) {
      const slice = this.#slices[side].get(each);
      if (slice !== undefined) yield slice;
    }
  }

  // ---- Pairs

  /** A row that comes after some of its windows have fired meets the partners that it has there at once. */
  #meetLate(side: Side, key: JoinKey, time: number, row: Row): void {
    const other = otherSide[side];
    for (const start of this.#startsOf(time)) {
      if (!this.#windows.get(start)?.hasFired) continue;
      const last = this.#lastOf(start);
      const meet = (block: RowBlock | null): void => {
        block?.each(key, (at) => {
          if (itemAt(block.times, at) > last) return;
          if (side === 'left') this.#emit(row, block.row(at), start);
          else this.#emit(block.row(at), row, start);
        });
      };
      for (const { runs, block } of this.#slicesOf(other, start)) {
        for (const run of runs) meet(this.#spilled[other].part(run, partOf(key, run.parts)));
        meet(block);
      }
    }
  }

  #fire(window: Window): void {
    window.hasFired = true;
    const { start } = window;
    for (const { left, right } of this.#partsOf(start)) {
      if (left.length === 0 || right.length === 0) continue;
      const rights = MatchIndex.of(right, countOf(left) < countOf(right) ? keysOf(left) : null);
      for (const { block, rows } of left) {
        for (const at of rows) {
          let found = rights.first(block.keys[at]!);
          if (found < 0) continue;
          const row = block.row(at);
          for (; found >= 0; found = rights.next(found)) this.#emit(row, rights.row(found), start);
        }
      }
    }
  }

  #close(window: Window, gone: number): void {
    const { keep } = this.#options;
    const { start } = window;
    if (keep.left || keep.right) {
      for (const part of this.#partsOf(start)) for (const side of sides) if (keep[side]) this.#emitWithoutPartner(side, part, start);
    }
    this.#windows.delete(start);
    // The window that begins with a slice is the last one to need it.
    for (const side of sides) this.#forget(side, start, gone);
  }

  #emitWithoutPartner(side: Side, part: Part, start: number): void {
    if (part[side].length === 0) return;
    const others = keysOf(part[otherSide[side]]);
    for (const { block, rows } of part[side]) for (const at of rows) if (!others.has(block.keys[at]!)) this.#emitAlone(side, block.row(at), start);
  }

  #forget(side: Side, start: number, gone: number): void {
    const slice = this.#slices[side].get(start);
    if (slice === undefined) return;
    this.#slices[side].delete(start);
    if (slice.block !== null) this.#release(side, slice, slice.block);
    if (slice.runs.length > 0) this.#spilled[side].expire(slice.runs, Math.min(gone, this.#lastOf(start)));
  }

  #newBlock(side: Side): RowBlock {
    const layout = this.#options.layouts[side];
    this.bytes += layout.blockBytes;
    return this.#spares[side].pop() ?? new RowBlock(layout);
  }
  #release(side: Side, slice: Slice, block: RowBlock): void {
    this.bytes -= block.bytes;
    slice.block = null;
    block.clear();
    if (this.#spares[side].length < mostSpares) this.#spares[side].push(block);
  }

  /** The rows of a window by parts of their keys, one after the other, so that each part of a run is read once; all at once where nothing is spilled. */
  *#partsOf(start: number): Iterable<Part> {
    const slices = { left: [...this.#slicesOf('left', start)], right: [...this.#slicesOf('right', start)] };
    const last = this.#lastOf(start);
    const parts = Math.max(1, ...sides.flatMap((side) => slices[side].flatMap(({ runs }) => runs.map((run) => run.parts))));
    const held = { left: this.#heldByPart(slices.left, parts, last), right: this.#heldByPart(slices.right, parts, last) };
    const of = (side: Side, part: number): RowsOfBlock[] => [
      ...slices[side].flatMap(({ runs }) => runs.flatMap((run) => this.#rowsOfRun(side, run, part, parts, last))),
      ...itemAt(held[side], part),
    ];
    for (let i = 0; i < parts; i++) {
      // Neighbours share their low bits: a run with fewer parts is read on, too.
      const part = reversed(i, parts);
      yield { left: of('left', part), right: of('right', part) };
    }
  }

  #heldByPart(slices: readonly Slice[], parts: number, last: number): RowsOfBlock[][] {
    const byPart = Array.from({ length: parts }, (): RowsOfBlock[] => []);
    for (const { block } of slices) {
      if (block === null) continue;
      for (const [part, rows] of rowsByPart(block, parts).entries()) {
        const within = block.last <= last ? rows : rows.filter((at) => itemAt(block.times, at) <= last);
        if (within.length > 0) itemAt(byPart, part).push({ block, rows: within });
      }
    }
    return byPart;
  }

  #rowsOfRun(side: Side, run: BlockRun, part: number, parts: number, last: number): RowsOfBlock[] {
    const block = this.#spilled[side].part(run, part & (run.parts - 1));
    if (block === null) return [];
    const rows: number[] = [];
    for (let at = 0; at < block.count; at++) {
      if (block.times[at]! <= last && (run.parts === parts || partOf(block.keys[at]!, parts) === part)) rows.push(at);
    }
    return rows.length > 0 ? [{ block, rows }] : [];
  }

  // ---- Memory

  spill(limit: number): void {
    while (this.bytes > 0 && this.bytes > limit / 2) {
      const [side, slice] = this.#lastHeld();
      const block = slice.block ?? missing('the rows of a slice');
      slice.runs.push(this.#spilled[side].put(block, this.#lastOf(slice.start)));
      this.#release(side, slice, block);
    }
  }

  /** The latest slice that has rows in memory: it is needed last. */
  #lastHeld(): readonly [Side, Slice] {
    let found: readonly [Side, Slice] | null = null;
    for (const side of sides) {
      for (const slice of this.#slices[side].values()) if (slice.block !== null && (found === null || slice.start > found[1].start)) found = [side, slice];
    }
    return found ?? missing('a slice in memory');
  }

  snapshot(): State {
    const of = (side: Side): SideSnapshot => ({
      slices: [...this.#slices[side].values()].map(({ start, block, runs }) => ({ start, block: block?.pack() ?? null, runs: [...runs] })),
      nextRun: this.#spilled[side].snapshot(),
    });
    return { left: of('left'), right: of('right'), windows: [...this.#windows.keys()] } as State;
  }

  restore(state: State): void {
    const snapshot = state as { readonly [side in Side]: SideSnapshot } & { readonly windows: readonly number[] };
    for (const side of sides) {
      this.#spilled[side].restore(snapshot[side].nextRun);
      for (const { start, block, runs } of snapshot[side].slices) {
        const held = block && RowBlock.unpack(this.#options.layouts[side], block);
        this.#slices[side].set(start, { start, block: held, runs: [...runs] });
        this.bytes += held?.bytes ?? 0;
      }
    }
    for (const start of snapshot.windows) this.#open(start);
  }

  takeOver(from: WindowMatcher, isOwned: (key: JoinKey) => boolean, makeRoom: () => void): void {
    for (const side of sides) {
      for (const slice of from.#slices[side].values()) {
        for (const block of from.#blocksOf(side, slice)) {
          for (let at = 0; at < block.count; at++) if (isOwned(itemAt(block.keys, at))) this.#takeRow(side, block, at);
          makeRoom();
        }
      }
    }
  }
  #takeRow(side: Side, block: RowBlock, at: number): void {
    const time = itemAt(block.times, at);
    this.#put(side, this.#sliceAt(side, this.#lastStart(time), time), itemAt(block.keys, at), time, block.row(at));
  }
  *#blocksOf(side: Side, { runs, block }: Slice): Iterable<RowBlock> {
    for (const run of runs) {
      for (let part = 0; part < run.parts; part++) {
        const spilled = this.#spilled[side].part(run, part);
        if (spilled !== null) yield spilled;
      }
    }
    if (block !== null) yield block;
  }

  #emit(left: Row | null, right: Row | null, start: number): void {
    this.#options.emit(left, right, start, start + this.#length);
  }
  #emitAlone(side: Side, row: Row, start: number): void {
    if (side === 'left') this.#emit(row, null, start);
    else this.#emit(null, row, start);
  }
}

function countUpTo({ count, times, last }: RowBlock, time: number): number {
  if (last <= time) return count;
  let within = 0;
  for (const own of times.subarray(0, count)) if (own <= time) within++;
  return within;
}
function countOf(rows: readonly RowsOfBlock[]): number {
  return rows.reduce((sum, each) => sum + each.rows.length, 0);
}
function keysOf(rows: readonly RowsOfBlock[]): Set<JoinKey> {
  const keys = new Set<JoinKey>();
  for (const { block, rows: own } of rows) for (const at of own) keys.add(block.keys[at]!);
  return keys;
}
/** The bits of a number below a power of two, the other way round. */
function reversed(number: number, below: number): number {
  let [from, into] = [number, 0];
  for (let bit = 1; bit < below; bit *= 2) {
    into = into * 2 + (from & 1);
    from >>= 1;
  }
  return into;
}
