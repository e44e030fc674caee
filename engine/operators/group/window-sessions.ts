import type { KeyedState, Owns } from '@millrace/kit/keyed-state';
import { itemAt, lastOf, missing } from '../../../model/faults/missing.ts';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import type { State, Value } from '../../../model/values/types.ts';
import { takeEntries } from '../keyed/key-groups.ts';
import { keyText, keyValues } from '../keyed/keys.ts';
import { type QueueSnapshot, SpilledQueue, type Timed } from '../spill/spilled-queue.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import type { Fire, LiveKeys, Pane, Slots, WindowOptions, Windows } from './windows.ts';

/** The rows of one key without a pause of `gap`: the window from the first one's time to the last one's plus the gap. */
interface Session {
  key: number;
  /** Counts up: what comes first of two sessions that end together. */
  readonly turn: number;
  slot: number;
  first: number;
  last: number;
  fired: boolean;
  /** Changed since it was told early. */
  changed: boolean;
  /** The watermark at which to look at it again; NaN once it is no more. */
  due: number;
  /** When its key is looked at on disk, if it is there by then. A time that the watermark has passed means nothing, and Infinity never. */
  queued: number;
}

const none = Number.POSITIVE_INFINITY;

/** The sessions of one key on disk: turn, first, last, queued and flags of each, and what they have got by accumulator. */
type Spilled = { readonly sessions: readonly number[]; readonly extracted: readonly State[] };

/**
 * Sessions: a row joins the session of its key that is less than the gap away, joins two of them to one, or begins one. A
 * session that goes on is not moved in the queue: it is looked at when it would have ended, and put back.
 *
 * The sessions of a key are all in memory, or all on disk. From there they come back with the next row of their key, and before
 * one of them ends.
 */
export class SessionWindows implements Windows {
  readonly #gap: number;
  readonly #lateness: number;
  readonly #slots: Slots;
  readonly #keys: LiveKeys;
  /** By key, in the order of time. */
  #byKey: (Session[] | undefined)[] = [];
  #queue = new TimeQueue<{ readonly due: number; readonly session: Session }>();
  #watermark = beginningOfTime;
  #turns = 0;
  /** Sessions that rows came to after they had fired. */
  readonly #refined = new Set<Session>();
  groups = 0;
  readonly bytesPerGroup = 250;
  /** By the text of their key. */
  readonly #disk: KeyedState<Spilled>;
  /** The texts of keys on disk by when one of their sessions is due, and by the ends of those to be told early. Some are not on disk any more. */
  readonly #dueOnDisk: SpilledQueue<string>;
  readonly #changedOnDisk: SpilledQueue<string>;
  readonly #early: boolean;

  constructor(gap: number, { slots, keys, lateness, early, state }: WindowOptions) {
    this.#gap = gap;
    this.#early = early;
    this.#disk = state('sessions') as unknown as KeyedState<Spilled>;
    this.#dueOnDisk = new SpilledQueue(state('due'));
    this.#changedOnDisk = new SpilledQueue(state('changed'));
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
    if (!this.#byKey[key] && this.#disk.size > 0) this.#takeUp(key);
    let sessions = this.#byKey[key];
    const at = sessions ? this.#endingAfter(sessions, time - this.#gap) : 0;
    const until = time + this.#gap;
    const first = sessions?.[at];
    const second = sessions?.[at + 1];
    // Sessions are at least a gap apart: no row is near three of them.
    const session = first && first.first < until ? first : undefined;
    const next = session && second && second.first < until ? second : undefined;
    if (!session) {
      if (time + this.#gap - 1 + this.#lateness <= this.#watermark) return undefined;
      const begun = { key, turn: this.#turns++, slot: this.#slots.take(), first: time, last: time, fired: false, changed: true, due: 0, queued: none };
      this.#keys.hold(key);
      this.groups++;
      if (!sessions) this.#byKey[key] = sessions = [];
      sessions.splice(at, 0, begun);
      this.#schedule(begun);
      return begun;
    }
    session.first = Math.min(session.first, time);
    session.last = Math.max(session.last, time);
    if (next) this.#absorb(session, next, slots, before);
    return session;
  }

  /** The place of the first session of a key whose last row is after the time. */
  #endingAfter(sessions: readonly Session[], time: number): number {
    let [from, to] = [0, sessions.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sessions[middle]!.last > time) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** Rows of this batch that were given the second one's slot, and are not counted yet, get the first one's. */
  #absorb(session: Session, next: Session, slots: Int32Array, before: number): void {
    session.last = next.last;
    for (let i = 0; i < before; i++) if (slots[i] === next.slot) slots[i] = session.slot;
    this.#slots.mergeOne(session.slot, next.slot);
    this.#remove(next);
  }
  #remove(session: Session): void {
    const sessions = this.#byKey[session.key] ?? missing('the sessions of a key');
    if (sessions.length === 1) this.#byKey[session.key] = undefined;
    else sessions.splice(sessions.indexOf(session), 1);
    session.due = Number.NaN;
    this.#release(session);
  }
  /** Those of a key that are gone end before all others: they leave the key together. */
  #dropEnded(key: number): void {
    const sessions = this.#byKey[key];
    if (!sessions) return;
    let ended = 0;
    while (ended < sessions.length && Number.isNaN(itemAt(sessions, ended).due)) ended++;
    if (ended === sessions.length) this.#byKey[key] = undefined;
    else if (ended > 0) sessions.splice(0, ended);
  }
  #release(session: Session): void {
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
  #dueOf({ last, fired }: Session): number {
    return last + this.#gap - 1 + (fired ? this.#lateness : 0);
  }
  #schedule(session: Session): void {
    session.due = this.#dueOf(session);
    this.#queue.add(session.due, { due: session.due, session });
  }

  advance(risen: number, fire: Fire): void {
    // After a restart the sources may not be as far again.
    const watermark = Math.max(risen, this.#watermark);
    // What is on disk comes back in the order of time, and so never all of it at once.
    while (this.#dueOnDisk.next <= watermark) {
      this.#advanceTo(this.#dueOnDisk.next - 1, fire);
      const text = this.#dueOnDisk.take();
      this.#takeUp(this.#keys.index.numberOf(keyValues(text)), text);
    }
    this.#advanceTo(watermark, fire);
  }
  #advanceTo(watermark: number, fire: Fire): void {
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
        session.due = Number.NaN;
        gone.push(session);
      } else this.#schedule(session);
    }
    this.#fireAll(complete, fire, 'on-time');
    for (const session of gone) {
      this.#dropEnded(session.key);
      this.#release(session);
    }
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
    for (const text of this.#changedOnDisk.until(endOfTime)) this.#fireEarlyFromDisk(text, fire);
  }
  /** In the order of their ends. */
  #fireAll(sessions: Session[], fire: Fire, pane: Pane): void {
    sessions.sort((a, b) => a.last - b.last || a.turn - b.turn);
    for (const { first, last, key, slot } of sessions) fire(first, last + this.#gap, key, slot, pane);
  }
  #sessions(): Session[] {
    return this.#byKey.flatMap((sessions) => sessions ?? []);
  }

  // ---- On disk

  /** Keys leave whose last row was longest ago: half of them. */
  spill(): void {
    const held = this.#byKey.filter((sessions) => sessions !== undefined);
    const lasts = Float64Array.from(held, (sessions) => lastOf(sessions).last).sort();
    const middle = itemAt(lasts, lasts.length >> 1);
    this.#putOut(held.filter((sessions) => lastOf(sessions).last <= middle));
    this.#keepOnly(held.filter((sessions) => lastOf(sessions).last > middle));
  }
  /** They stay in memory, too. */
  #putOut(leaving: readonly Session[][]): void {
    const due: Timed<string>[] = [];
    const changed: Timed<string>[] = [];
    for (const sessions of leaving) {
      const first = itemAt(sessions, 0);
      const text = keyText(this.#keys.index.keyOf(first.key));
      const time = least(sessions, (session) => this.#dueOf(session));
      if (!sessions.some(({ queued }) => queued > this.#watermark && queued <= time)) {
        due.push({ time, item: text });
        first.queued = time;
      }
      const extracted = this.#slots.extract(Int32Array.from(sessions, ({ slot }) => slot));
      this.#disk.set(text, {
        sessions: sessions.flatMap((session) => [session.turn, session.first, session.last, session.queued, flagsOf(session)]),
        extracted,
      });
      const end = this.#early ? least(sessions, (session) => (session.changed && !session.fired ? session.last + this.#gap : none)) : none;
      if (end < none) changed.push({ time: end, item: text });
    }
    this.#dueOnDisk.add(due);
    if (changed.length > 0) this.#changedOnDisk.add(changed);
  }
  /** The other sessions are forgotten, and memory becomes as small as these need it. */
  #keepOnly(staying: readonly Session[][]): void {
    const values = staying.map((sessions) => this.#keys.index.keyOf(itemAt(sessions, 0).key));
    const sessions = staying.flat();
    const extracted = this.#slots.extract(Int32Array.from(sessions, ({ slot }) => slot));
    this.#slots.clear();
    this.#keys.clear();
    this.#byKey = [];
    this.#queue = new TimeQueue();
    this.groups = 0;
    for (const [i, own] of staying.entries()) this.#hold(this.#keys.index.numberOf(itemAt(values, i)), own);
    this.#slots.absorb(
      Int32Array.from(sessions, ({ slot }) => slot),
      extracted,
    );
  }
  /** Sessions of a key that has none in memory: they get slots. */
  #hold(key: number, sessions: Session[]): void {
    this.#byKey[key] = sessions;
    this.groups += sessions.length;
    for (const session of sessions) {
      session.key = key;
      session.slot = this.#slots.take();
      this.#keys.hold(key);
      this.#schedule(session);
    }
  }

  /** Back into memory, if it is on disk. */
  #takeUp(key: number, text = keyText(this.#keys.index.keyOf(key))): void {
    const found = this.#disk.get(text);
    if (found === undefined) return;
    this.#disk.delete(text);
    this.#hold(key, this.#sessionsOf(found));
    this.#absorbSpilled(this.#byKey[key] ?? missing('the sessions of a key'), found);
  }
  #fireEarlyFromDisk(text: string, fire: Fire): void {
    const found = this.#disk.get(text);
    if (found === undefined) return;
    const sessions = this.#sessionsOf(found);
    const key = this.#keys.index.numberOf(keyValues(text));
    for (const session of sessions) Object.assign(session, { key, slot: this.#slots.take() });
    this.#absorbSpilled(sessions, found);
    this.#fireAll(
      sessions.filter(({ fired, changed }) => changed && !fired),
      fire,
      'early',
    );
    for (const { slot } of sessions) this.#slots.give(slot);
    this.#keys.sweep();
    this.#disk.set(text, { ...found, sessions: found.sessions.map((each, i) => (i % 5 === 4 ? each & 1 : each)) });
  }
  #absorbSpilled(sessions: readonly Session[], { extracted }: Pick<Spilled, 'extracted'>): void {
    this.#slots.absorb(
      Int32Array.from(sessions, ({ slot }) => slot),
      extracted,
    );
  }
  #sessionsOf({ sessions }: Spilled): Session[] {
    return Array.from({ length: sessions.length / 5 }, (_, i) => {
      const [turn, first, last, queued, flags] = sessions.slice(5 * i, 5 * i + 5) as [number, number, number, number, number];
      return { key: -1, turn, slot: -1, first, last, fired: (flags & 1) !== 0, changed: (flags & 2) !== 0, due: 0, queued };
    });
  }

  spilled(): { readonly entries: number; readonly bytes: number } {
    return { entries: 0, bytes: 0 };
  }

  snapshot(): State {
    const sessions = this.#sessions();
    return {
      watermark: this.#watermark,
      turns: this.#turns,
      keys: Int32Array.from(sessions, ({ key }) => key),
      slots: Int32Array.from(sessions, ({ slot }) => slot),
      flags: Int32Array.from(sessions, flagsOf),
      times: Float64Array.from(sessions.flatMap(({ turn, first, last, queued }) => [turn, first, last, queued])),
      dueOnDisk: this.#dueOnDisk.snapshot(),
      changedOnDisk: this.#changedOnDisk.snapshot(),
    };
  }
  restore(state: State): void {
    const { watermark, turns, keys, slots, flags, times, dueOnDisk, changedOnDisk } = state as { readonly [name in 'keys' | 'slots' | 'flags']: Int32Array } & {
      readonly watermark: number;
      readonly turns: number;
      readonly times: Float64Array;
      readonly dueOnDisk: QueueSnapshot;
      readonly changedOnDisk: QueueSnapshot;
    };
    this.#watermark = watermark;
    this.#turns = turns;
    for (const [i, key] of keys.entries()) {
      const [turn = 0, first = 0, last = 0, queued = 0] = times.subarray(4 * i, 4 * i + 4);
      const flag = itemAt(flags, i);
      const session = { key, turn, slot: itemAt(slots, i), first, last, fired: (flag & 1) !== 0, changed: (flag & 2) !== 0, due: 0, queued };
      const own = this.#byKey[key];
      if (own) own.push(session);
      else this.#byKey[key] = [session];
      this.#schedule(session);
    }
    this.groups = keys.length;
    this.#dueOnDisk.restore(dueOnDisk);
    this.#changedOnDisk.restore(changedOnDisk);
  }

  takeOver(earlier: Iterable<SessionWindows>, owns: Owns, makeRoom: () => void): void {
    const isOwned = (text: string): boolean => owns(keyValues(text));
    // They have heard of the same watermarks; should one be behind, no session is taken for complete that is not there.
    let watermark = Number.POSITIVE_INFINITY;
    for (const before of earlier) {
      watermark = Math.min(watermark, before.#watermark);
      this.#watermark = watermark;
      // Turns tell only which of two sessions is first that end together.
      this.#turns = Math.max(this.#turns, before.#turns);
      takeEntries(this.#disk, before.#disk, isOwned);
      this.#dueOnDisk.takeOver(before.#dueOnDisk, isOwned);
      this.#changedOnDisk.takeOver(before.#changedOnDisk, isOwned);
      for (const [number, sessions] of before.#byKey.entries()) {
        if (sessions === undefined) continue;
        const key = before.#keys.index.keyOf(number);
        if (owns(key)) this.#takeSessions(key, sessions, before.#slots);
        if (number % 128 === 0) makeRoom();
      }
      makeRoom();
    }
  }
  #takeSessions(key: readonly Value[], sessions: readonly Session[], slots: Slots): void {
    const extracted = slots.extract(Int32Array.from(sessions, ({ slot }) => slot));
    const own = sessions.map((session) => ({ ...session }));
    this.#hold(this.#keys.index.numberOf(key), own);
    this.#absorbSpilled(own, { extracted });
  }
}

function flagsOf({ fired, changed }: Pick<Session, 'fired' | 'changed'>): number {
  return Number(fired) + 2 * Number(changed);
}

/** The least of what is told of the sessions of a key, of which there may be more than a call takes arguments. */
function least(sessions: readonly Session[], of: (session: Session) => number): number {
  let found = none;
  for (const session of sessions) found = Math.min(found, of(session));
  return found;
}
