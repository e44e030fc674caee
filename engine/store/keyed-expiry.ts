/** What can wait in an expiry queue: `due` is the time under which it waits, NaN while it does not. */
import { itemAt, itemsAt } from '../../model/faults/missing.ts';

export interface Expiring {
  due: number;
  expiresAt: number;
}

/**
 * Entries by the time at which they are to be checked: a binary heap. An entry whose expiry is moved later stays where it is and is
 * inserted again when its old time comes, so one that is set again and again costs one place and no moves. An entry that is gone, or waits
 * under an earlier time, leaves a stale place that no longer matches its `due`.
 */
export class ExpiryQueue<E extends Expiring> {
  #times: number[] = [];
  #entries: E[] = [];
  #waiting = 0;

  /** Call it whenever `expiresAt` has been set. */
  schedule(entry: E): void {
    // Also true for an entry that does not wait, whose `due` is NaN.
    if (entry.expiresAt === Number.POSITIVE_INFINITY || entry.expiresAt >= entry.due) return;
    if (Number.isNaN(entry.due)) this.#waiting++;
    entry.due = entry.expiresAt;
    this.#push(entry.due, entry);
    if (this.#times.length > 1024 + 2 * this.#waiting) this.#tidy();
  }

  /** The entry is gone. */
  forget(entry: E): void {
    if (Number.isNaN(entry.due)) return;
    entry.due = Number.NaN;
    this.#waiting--;
  }

  /** The next entry that expires at this time or before, or null. It no longer waits. */
  take(time: number): E | null {
    while (this.#times.length > 0 && this.#times[0]! <= time) {
      const due = this.#times[0]!;
      const entry = this.#entries[0]!;
      this.#pop();
      if (entry.due !== due) continue;
      this.forget(entry);
      if (entry.expiresAt <= time) return entry;
      this.schedule(entry);
    }
    return null;
  }

  clear(): void {
    this.#times = [];
    this.#entries = [];
    this.#waiting = 0;
  }

  /** Removes stale places; entries sorted by time are a heap. */
  #tidy(): void {
    const kept = this.#entries.flatMap(({ due }, i) => (due === this.#times[i] ? [i] : []));
    kept.sort((a, b) => itemAt(this.#times, a) - itemAt(this.#times, b));
    const [times, entries] = [this.#times, this.#entries];
    this.#times = itemsAt(times, kept);
    this.#entries = itemsAt(entries, kept);
  }

  #push(time: number, entry: E): void {
    const [times, entries] = [this.#times, this.#entries];
    let at = times.length;
    times.push(time);
    entries.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (times[above]! <= time) break;
      times[at] = times[above]!;
      entries[at] = entries[above]!;
      at = above;
    }
    times[at] = time;
    entries[at] = entry;
  }

  #pop(): void {
    const [times, entries] = [this.#times, this.#entries];
    const time = times.pop();
    const entry = entries.pop();
    if (time === undefined || entry === undefined) return;
    const { length } = times;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      if (below + 1 < length && times[below + 1]! < times[below]!) below++;
      if (times[below]! >= time) break;
      times[at] = times[below]!;
      entries[at] = entries[below]!;
      at = below;
    }
    times[at] = time;
    entries[at] = entry;
  }
}
