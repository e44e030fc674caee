import { beginningOfTime } from '../../engine/schema/event-time.ts';
import type { State } from '../../engine/schema/types.ts';
import { TimeQueue } from './time-queue.ts';
import type { Fire, LiveKeys, Pane, Slots, WindowOptions, Windows } from './windows.ts';

/** The rows of one key without a pause of `gap`: the window from the first one's time to the last one's plus the gap. */
interface Session {
  readonly key: number;
  /** Counts up: what comes first of two sessions that end together. */
  readonly turn: number;
  readonly slot: number;
  first: number;
  last: number;
  fired: boolean;
  /** Changed since it was told early. */
  changed: boolean;
  /** The watermark at which to look at it again; -1 once it has become part of another one. */
  due: number;
}

/**
 * Sessions: a row joins the session of its key that is less than the gap away, joins two of them to one, or begins one. A
 * session that goes on is not moved in the queue: it is looked at when it would have ended, and put back.
 */
export class SessionWindows implements Windows {
  readonly #gap: number;
  readonly #lateness: number;
  readonly #slots: Slots;
  readonly #keys: LiveKeys;
  /** By key, in the order of time. */
  readonly #byKey: (Session[] | undefined)[] = [];
  readonly #queue = new TimeQueue<{ readonly due: number; readonly session: Session }>();
  #watermark = beginningOfTime;
  #turns = 0;
  /** Sessions that rows came to after they had fired. */
  readonly #refined = new Set<Session>();
  groups = 0;

  constructor(gap: number, { slots, keys, lateness }: WindowOptions) {
    this.#gap = gap;
    this.#lateness = lateness;
    this.#slots = slots;
    this.#keys = keys;
  }

  assign(times: readonly number[], keys: Int32Array, count: number, slots: Int32Array): number {
    let late = 0;
    for (let i = 0; i < count; i++) {
      const time = times[i]!;
      const sessions = this.#byKey[keys[i]!];
      let session = sessions?.[sessions.length - 1];
      if (session && time >= session.first && time < session.last + this.#gap) {
        if (time > session.last) session.last = time;
      } else session = this.#join(keys[i]!, time, slots, i);
      if (!session) {
        slots[i] = -1;
        late++;
        continue;
      }
      slots[i] = session.slot;
      session.changed = true;
      if (session.fired || this.#isComplete(session)) this.#reopen(session);
    }
    return late;
  }

  #isComplete({ last }: Session): boolean {
    return last + this.#gap - 1 <= this.#watermark;
  }

  /** The session that the row becomes part of; undefined where it comes too late for any. */
  #join(key: number, time: number, slots: Int32Array, before: number): Session | undefined {
    let sessions = this.#byKey[key];
    const near = sessions?.filter(({ first, last }) => time < last + this.#gap && first < time + this.#gap) ?? [];
    const [session, next] = near;
    if (!session) {
      if (time + this.#gap - 1 + this.#lateness <= this.#watermark) return undefined;
      const begun = { key, turn: this.#turns++, slot: this.#slots.take(), first: time, last: time, fired: false, changed: true, due: 0 };
      this.#keys.hold(key);
      this.groups++;
      if (!sessions) this.#byKey[key] = sessions = [];
      const at = sessions.findIndex(({ first }) => first > time);
      sessions.splice(at < 0 ? sessions.length : at, 0, begun);
      this.#schedule(begun);
      return begun;
    }
    session.first = Math.min(session.first, time);
    session.last = Math.max(session.last, time);
    if (next) this.#absorb(session, next, slots, before);
    return session;
  }

  /** Rows of this batch that were given the second one's slot, and are not counted yet, get the first one's. */
  #absorb(session: Session, next: Session, slots: Int32Array, before: number): void {
    session.last = next.last;
    for (let i = 0; i < before; i++) if (slots[i] === next.slot) slots[i] = session.slot;
    this.#slots.mergeOne(session.slot, next.slot);
    this.#remove(next);
  }
  #remove(session: Session): void {
    const sessions = this.#byKey[session.key]!;
    if (sessions.length === 1) this.#byKey[session.key] = undefined;
    else sessions.splice(sessions.indexOf(session), 1);
    session.due = -1;
    this.#refined.delete(session);
    this.#slots.give(session.slot);
    this.#keys.drop(session.key);
    this.groups--;
  }

  /** A session that had fired, or begins behind the watermark, has got a row. */
  #reopen(session: Session): void {
    const { fired } = session;
    session.fired = this.#isComplete(session);
    if (session.fired) this.#refined.add(session);
    else this.#refined.delete(session);
    if (session.fired !== fired) this.#schedule(session);
  }
  #schedule(session: Session): void {
    const end = session.last + this.#gap - 1;
    session.due = session.fired ? end + this.#lateness : end;
    this.#queue.add(session.due, { due: session.due, session });
  }

  advance(risen: number, fire: Fire): void {
    // After a restart the sources may not be as far again.
    const watermark = Math.max(risen, this.#watermark);
    this.#watermark = watermark;
    const complete: Session[] = [];
    const gone: Session[] = [];
    while (this.#queue.next <= watermark) {
      const { due, session } = this.#queue.take();
      // Scheduled anew since, or part of another one by now.
      if (due !== session.due) continue;
      if (!session.fired && this.#isComplete(session)) {
        session.fired = true;
        complete.push(session);
      }
      if (session.fired && session.last + this.#gap - 1 + this.#lateness <= watermark) {
        session.due = -1;
        gone.push(session);
      } else this.#schedule(session);
    }
    this.#fireAll(complete, fire, 'on-time');
    for (const session of gone) this.#remove(session);
    if (gone.length > 0) this.#keys.sweep();
  }

  refine(fire: Fire): void {
    if (this.#refined.size === 0) return;
    this.#fireAll([...this.#refined], fire, 'late');
    this.#refined.clear();
  }
  early(fire: Fire): void {
    const changed = this.#sessions().filter((session) => session.changed);
    for (const session of changed) session.changed = false;
    this.#fireAll(
      changed.filter(({ fired }) => !fired),
      fire,
      'early',
    );
  }
  /** In the order of their ends. */
  #fireAll(sessions: Session[], fire: Fire, pane: Pane): void {
    sessions.sort((a, b) => a.last - b.last || a.turn - b.turn);
    for (const { first, last, key, slot } of sessions) fire(first, last + this.#gap, key, slot, pane);
  }
  #sessions(): Session[] {
    return this.#byKey.flatMap((sessions) => sessions ?? []);
  }

  snapshot(): State {
    const sessions = this.#sessions();
    return {
      watermark: this.#watermark,
      turns: this.#turns,
      keys: Int32Array.from(sessions, ({ key }) => key),
      slots: Int32Array.from(sessions, ({ slot }) => slot),
      flags: Int32Array.from(sessions, ({ fired, changed }) => Number(fired) + 2 * Number(changed)),
      times: Float64Array.from(sessions.flatMap(({ turn, first, last }) => [turn, first, last])),
    };
  }
  restore(state: State): void {
    const { watermark, turns, keys, slots, flags, times } = state as { readonly [name in 'keys' | 'slots' | 'flags']: Int32Array } & {
      readonly watermark: number;
      readonly turns: number;
      readonly times: Float64Array;
    };
    this.#watermark = watermark;
    this.#turns = turns;
    for (const [i, key] of keys.entries()) {
      const [turn, first, last] = times.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const session = { key, turn, slot: slots[i]!, first, last, fired: (flags[i]! & 1) !== 0, changed: (flags[i]! & 2) !== 0, due: 0 };
      const own = this.#byKey[key];
      if (own) own.push(session);
      else this.#byKey[key] = [session];
      this.#schedule(session);
    }
    this.groups = keys.length;
  }
}
