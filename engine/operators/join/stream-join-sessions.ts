import type { KeyedState } from '@millrace/kit/keyed-state';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { PackedRow } from '../rows/packed-rows.ts';
import { SpilledLists } from '../spill/spilled-lists.ts';
import { type QueueSnapshot, SpilledQueue, type Timed } from '../spill/spilled-queue.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import type { JoinKey } from './join-keys.ts';
import { type Match, type Matcher, type MatcherOptions, type Side, sides } from './stream-join-matcher.ts';

/** A row that waits for its session to end. */
interface Held {
  readonly time: number;
  readonly row: Row;
}
/** A held row in keyed state, and in a snapshot. The second place once told whether a partner was found. */
type SpilledRow = readonly [time: number, matched: boolean, row: PackedRow];
/** What holding a row takes beside the row: its object, its entry, and its part in the map of the keys. */
const bytesPerHeld = 200;

/** Rows of one key, of which each follows another by less than the gap; it ends a gap after the last one. */
interface Session {
  readonly key: JoinKey;
  start: number;
  end: number;
  left: Held[];
  right: Held[];
  /** Is closed, or has become part of another one. */
  isGone: boolean;
}

/** A session in keyed state, as far as it is known there: rows in memory may make it longer. By side: the numbers of the lists of its rows. */
type Span = { readonly start: number; readonly end: number; readonly left: readonly number[]; readonly right: readonly number[] };
type Snapshot = { readonly left: readonly SpilledRow[]; readonly right: readonly SpilledRow[]; readonly lists: number; readonly due: QueueSnapshot };

/**
 * Joins rows within the sessions of their keys, to which both sides count. Pairs come out when the session is closed: where late
 * rows are allowed, when none of them can make it longer any more.
 *
 * A row that comes does not ask the state: which sessions in memory and in keyed state are one is found out when one of them is due.
 */
export class SessionMatcher implements Matcher {
  readonly behind: number;
  readonly #held = { left: 0, right: 0 };
  readonly #options: MatcherOptions;
  readonly #gap: number;
  /** Of one key, in the order of time; none of them overlap. */
  readonly #sessions = new Map<JoinKey, Session[]>();
  /** By the last time within them, as it was when they were added: one that has grown since goes back. */
  readonly #closing = new TimeQueue<Session>();
  /** By key, in the order of time; none of them overlap. */
  readonly #spans: KeyedState<readonly Span[]>;
  readonly #lists: SpilledLists<SpilledRow>;
  /** How many lists there have ever been. */
  #listCount = 0;
  /** Keys by the last time within one of their spans. */
  readonly #due: SpilledQueue<JoinKey>;
  /** Sessions whose last time is up to this are gone. */
  #horizon = Number.NEGATIVE_INFINITY;

  constructor({ gap }: Extract<Match, { kind: 'sessions' }>, options: MatcherOptions) {
    this.#gap = gap;
    this.#options = options;
    this.behind = options.lateness;
    this.#spans = options.state('sessions');
    this.#lists = new SpilledLists(options.state('rows'));
    this.#due = new SpilledQueue(options.state('due'));
  }

  get bytes(): number {
    const { layouts } = this.#options;
    return this.#held.left * (layouts.left.rowBytes + bytesPerHeld) + this.#held.right * (layouts.right.rowBytes + bytesPerHeld);
  }
  entries(): number {
    return this.#held.left + this.#held.right;
  }

  isLate(time: number): boolean {
    return time + this.#gap - 1 <= this.#horizon;
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    this.#sessionOf(key, time)[side].push({ time, row });
    this.#held[side]++;
  }

  addAlone(side: Side, time: number, row: Row): void {
    this.#emitAlone(side, row, { start: time, end: time + this.#gap });
  }

  advance(watermark: number): void {
    this.#horizon = watermark - this.#options.lateness;
    if (this.#spans.size > 0 || this.#due.next <= this.#horizon) {
      this.#settleDue();
      return;
    }
    const over: Session[] = [];
    while (this.#closing.next <= this.#horizon) {
      const session = this.#closing.take();
      if (session.isGone) continue;
      if (session.end - 1 > this.#horizon) this.#closing.add(session.end - 1, session);
      else over.push(session);
    }
    // Some have grown since they were added.
    over.sort((a, b) => a.end - b.end);
    for (const session of over) this.#close(session);
  }

  /** The session that a row of this time belongs to, grown by it. Sessions that it connects become one. */
  #sessionOf(key: JoinKey, time: number): Session {
    const end = time + this.#gap;
    const sessions = this.#sessions.get(key) ?? [];
    if (sessions.length === 0) this.#sessions.set(key, sessions);
    const at = firstEndingAfter(sessions, time);
    const found = sessions[at];
    if (!found || found.start >= end) {
      const session: Session = { key, start: time, end, left: [], right: [], isGone: false };
      sessions.splice(at, 0, session);
      this.#closing.add(end - 1, session);
      return session;
    }
    found.start = Math.min(found.start, time);
    found.end = Math.max(found.end, end);
    const next = sessions[at + 1];
    if (next && next.start < end) {
      merge(found, next);
      sessions.splice(at + 1, 1);
    }
    return found;
  }

  #close(session: Session): void {
    this.#remove(session);
    this.#emitSession(session, session.left, session.right);
  }

  #remove(session: Session): void {
    const { key, left, right } = session;
    const sessions = this.#sessions.get(key) ?? missing('the sessions of a key');
    sessions.splice(sessions.indexOf(session), 1);
    if (sessions.length === 0) this.#sessions.delete(key);
    this.#held.left -= left.length;
    this.#held.right -= right.length;
    session.isGone = true;
  }

  #emitSession(session: Pick<Session, 'start' | 'end'>, left: Iterable<Pick<Held, 'row'>>, right: readonly Pick<Held, 'row'>[]): void {
    const { emit, keep } = this.#options;
    let hasLeft = false;
    for (const one of left) {
      hasLeft = true;
      for (const other of right) emit(one.row, other.row, session.start, session.end);
      if (keep.left && right.length === 0) this.#emitAlone('left', one.row, session);
    }
    if (keep.right && !hasLeft) for (const { row } of right) this.#emitAlone('right', row, session);
  }

  /** As `advance` does it where there are sessions in the state. */
  #settleDue(): void {
    for (;;) {
      const time = Math.min(this.#closing.next, this.#due.next);
      if (time > this.#horizon) return;
      if (this.#due.next === time) this.#settle(this.#due.take(), time);
      else {
        const session = this.#closing.take();
        if (session.isGone) continue;
        if (session.end - 1 > time) this.#closing.add(session.end - 1, session);
        else this.#settle(session.key, time, session);
      }
    }
  }

  /** Closes what is over by this time of a key that may have sessions in memory and in the state. `due` is then closed, or queued again. */
  #settle(key: JoinKey, time: number, due?: Session): void {
    const spans = this.#spans.get(`${key}`) ?? [];
    const remaining = new Set(spans);
    for (const { start, end, parts } of connected([...spans, ...(this.#sessions.get(key) ?? [])])) {
      if (end - 1 > time) {
        if (due && parts.includes(due)) this.#closing.add(end - 1, due);
        continue;
      }
      const rows = (side: Side) => this.#rowsOf(side, key, parts);
      this.#emitSession({ start, end }, rows('left'), [...rows('right')]);
      for (const part of parts) {
        if ('key' in part) this.#remove(part);
        else {
          for (const side of sides) for (const list of part[side]) this.#lists.delete(listOf(list, key));
          remaining.delete(part);
        }
      }
    }
    if (remaining.size === spans.length) return;
    if (remaining.size === 0) this.#spans.delete(`${key}`);
    else this.#spans.set(`${key}`, [...remaining]);
  }

  *#rowsOf(side: Side, key: JoinKey, parts: readonly (Span | Session)[]): Iterable<Pick<Held, 'row'>> {
    const { unpack } = this.#options.packers[side];
    for (const part of parts) {
      if ('key' in part) yield* part[side];
      else for (const list of part[side]) for (const [, , row] of this.#lists.get(listOf(list, key))) yield { row: unpack(row) };
    }
  }

  spill(): void {
    const due: Timed<JoinKey>[] = [];
    for (const [key, sessions] of this.#sessions) {
      let spans = this.#spans.get(`${key}`) ?? [];
      for (const session of sessions) {
        const { start, end } = session;
        const span = { start, end, left: this.#spillRows('left', session), right: this.#spillRows('right', session) };
        spans = connected([...spans, span]).map(({ start, end, parts }) =>
          parts.length === 1 ? itemAt(parts, 0) : { start, end, left: parts.flatMap(({ left }) => left), right: parts.flatMap(({ right }) => right) },
        );
        // One that ends later was queued for that end.
        if (spans.some((each) => each.end === end)) due.push({ time: end - 1, item: key });
      }
      this.#spans.set(`${key}`, spans);
    }
    this.#due.add(due);
    this.#sessions.clear();
    this.#closing.clear();
    this.#held.left = this.#held.right = 0;
  }

  /** The number of the list that the rows of a side are in; none where there are none. */
  #spillRows(side: Side, session: Session): number[] {
    if (session[side].length === 0) return [];
    const { pack } = this.#options.packers[side];
    const list = this.#listCount++;
    this.#lists.append(
      listOf(list, session.key),
      session[side].map(({ time, row }): SpilledRow => [time, false, pack(row)]),
    );
    return [list];
  }

  snapshot(): State {
    const rows = (side: Side) => {
      const { pack } = this.#options.packers[side];
      return [...this.#sessions.values()].flatMap((sessions) =>
        sessions.flatMap((session) => session[side].map(({ time, row }): SpilledRow => [time, false, pack(row)])),
      );
    };
    return { left: rows('left'), right: rows('right'), lists: this.#listCount, due: this.#due.snapshot() } satisfies Snapshot;
  }

  restore(state: State): void {
    const { lists, due, ...rows } = state as Snapshot;
    this.#listCount = lists;
    this.#due.restore(due);
    for (const side of sides) {
      const { unpack } = this.#options.packers[side];
      for (const [time, , packed] of rows[side]) {
        const row = unpack(packed);
        this.add(side, this.#options.layouts[side].keyOf(row) ?? missing('the key of a row that was kept'), time, row);
      }
    }
  }

  takeOver(from: SessionMatcher, isOwned: (key: JoinKey) => boolean, makeRoom: () => void): void {
    const { ofText } = this.#options.keys;
    for (const text of Array.from(from.#spans.entries(), ([text]) => text)) {
      if (isOwned(ofText(text)))
        this.#spans.set(
          text,
          (from.#spans.get(text) ?? missing('the spans of a key')).map((span) => this.#withLists(from, text, span)),
        );
    }
    this.#due.takeOver(from.#due, isOwned);
    for (const [key, sessions] of from.#sessions) {
      if (!isOwned(key)) continue;
      for (const session of sessions) for (const side of sides) for (const { time, row } of session[side]) this.add(side, key, time, row);
    }
    makeRoom();
  }
  /** A session whose lists have numbers of their own here. */
  #withLists(from: SessionMatcher, key: string, { start, end, ...lists }: Span): Span {
    const taken = (side: Side) =>
      lists[side].map((list) => {
        const own = this.#listCount++;
        this.#lists.append(listOf(own, key), [...from.#lists.get(listOf(list, key))]);
        return own;
      });
    return { start, end, left: taken('left'), right: taken('right') };
  }

  #emitAlone(side: Side, row: Row, { start, end }: Pick<Session, 'start' | 'end'>): void {
    if (side === 'left') this.#options.emit(row, null, start, end);
    else this.#options.emit(null, row, start, end);
  }
}

function firstEndingAfter(sessions: readonly Session[], time: number): number {
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (itemAt(sessions, middle).end <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(into: Session, from: Session): void {
  into.end = from.end;
  into.left = into.left.concat(from.left);
  into.right = into.right.concat(from.right);
  from.isGone = true;
}

function listOf(list: number, key: JoinKey): string {
  return `${list} ${key}`;
}

/** Stretches of time that overlap, put together; in the order of time. */
function connected<T extends { readonly start: number; readonly end: number }>(stretches: T[]): { start: number; end: number; parts: T[] }[] {
  const groups: { start: number; end: number; parts: T[] }[] = [];
  for (const part of stretches.sort((a, b) => a.start - b.start)) {
    const last = groups.at(-1);
    if (last && part.start < last.end) {
      last.end = Math.max(last.end, part.end);
      last.parts.push(part);
    } else groups.push({ start: part.start, end: part.end, parts: [part] });
  }
  return groups;
}
