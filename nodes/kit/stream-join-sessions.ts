import type { Row } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import type { Held, Match, Matcher, MatcherOptions, Side } from './stream-join-matcher.ts';
import { TimeQueue } from './time-queue.ts';

/** Rows of one key, of which each follows another by less than the gap; it ends a gap after the last one. */
interface Session {
  readonly key: JoinKey;
  start: number;
  end: number;
  left: Held[];
  right: Held[];
  /** Has become part of another one. */
  isMerged: boolean;
}

/**
 * Joins rows within the sessions of their keys, to which both sides count. Pairs come out when the session is closed: where late
 * rows are allowed, when none of them can make it longer any more.
 */
export class SessionMatcher implements Matcher {
  readonly behind: number;
  readonly held = { left: 0, right: 0 };
  readonly #options: MatcherOptions;
  readonly #gap: number;
  /** Of one key, in the order of time; none of them overlap. */
  readonly #sessions = new Map<JoinKey, Session[]>();
  /** By the last time within them, as it was when they were added: one that has grown since goes back. */
  readonly #closing = new TimeQueue<Session>();
  /** Sessions whose last time is up to this are gone. */
  #horizon = Number.NEGATIVE_INFINITY;

  constructor({ gap }: Extract<Match, { kind: 'sessions' }>, options: MatcherOptions) {
    this.#gap = gap;
    this.#options = options;
    this.behind = options.lateness;
  }

  isLate(time: number): boolean {
    return time + this.#gap - 1 <= this.#horizon;
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    this.restore(side, key, { time, row, matched: false });
  }

  addAlone(side: Side, time: number, row: Row): void {
    this.#emitAlone(side, row, { start: time, end: time + this.#gap });
  }

  advance(watermark: number): void {
    this.#horizon = watermark - this.#options.lateness;
    while (this.#closing.next <= this.#horizon) {
      const session = this.#closing.take();
      if (session.isMerged) continue;
      if (session.end - 1 > this.#horizon) this.#closing.add(session.end - 1, session);
      else this.#close(session);
    }
  }

  *rows(side: Side): Iterable<Held> {
    for (const sessions of this.#sessions.values()) for (const session of sessions) yield* session[side];
  }

  restore(side: Side, key: JoinKey, held: Held): void {
    const session = this.#sessionOf(key, held.time);
    session[side].push(held);
    this.held[side]++;
  }

  /** The session that a row of this time belongs to, grown by it. Sessions that it connects become one. */
  #sessionOf(key: JoinKey, time: number): Session {
    const end = time + this.#gap;
    const sessions = this.#sessions.get(key) ?? [];
    if (sessions.length === 0) this.#sessions.set(key, sessions);
    const at = firstEndingAfter(sessions, time);
    const found = sessions[at];
    if (!found || found.start >= end) {
      const session: Session = { key, start: time, end, left: [], right: [], isMerged: false };
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
    const { key, left, right } = session;
    const sessions = this.#sessions.get(key)!;
    sessions.splice(sessions.indexOf(session), 1);
    if (sessions.length === 0) this.#sessions.delete(key);
    this.held.left -= left.length;
    this.held.right -= right.length;
    for (const one of left) for (const other of right) this.#options.emit(one.row, other.row, session.start, session.end);
    if (this.#options.keep.left && right.length === 0) for (const { row } of left) this.#emitAlone('left', row, session);
    if (this.#options.keep.right && left.length === 0) for (const { row } of right) this.#emitAlone('right', row, session);
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
    if (sessions[middle]!.end <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(into: Session, from: Session): void {
  into.end = from.end;
  into.left = into.left.concat(from.left);
  into.right = into.right.concat(from.right);
  from.isMerged = true;
}
