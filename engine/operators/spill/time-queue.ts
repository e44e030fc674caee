/** Items in the order of their times, those of one time in the order in which they were added: a binary heap. */
import { itemAt, itemsAt } from '../../../model/faults/missing.ts';

export class TimeQueue<T> {
  #times = new Float64Array(64);
  /** Decides between equal times: when each was added. */
  #turns = new Float64Array(64);
  readonly #items: T[] = [];
  #turn = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The least time, or Infinity where there is none. */
  get next(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** The turn of what `take` would give, or Infinity where there is none. */
  get nextTurn(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : this.#turns[0]!;
  }

  /** `turn` decides between equal times where it is not the order of adding: given for all items, or for none. */
  add(time: number, item: T, turn = this.#turn++): void {
    const items = this.#items;
    let at = items.length;
    if (at === this.#times.length) this.#grow();
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isBefore(parent, time, turn)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, time, turn, item);
  }

  /** Removes the item of the least time. There must be one. */
  take(): T {
    const items = this.#items;
    const taken = items[0]!;
    const last = items.length - 1;
    const time = this.#times[last]!;
    const turn = this.#turns[last]!;
    const item = items.pop()!;
    if (last === 0) return taken;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, this.#times[child]!, this.#turns[child]!)) child++;
      if (!this.#isBefore(child, time, turn)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, time, turn, item);
    return taken;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** All items in their order; they stay. */
  inOrder(): T[] {
    const order = this.#items.map((_, i) => i);
    order.sort((a, b) => itemAt(this.#times, a) - itemAt(this.#times, b) || itemAt(this.#turns, a) - itemAt(this.#turns, b));
    return itemsAt(this.#items, order);
  }

  #isBefore(at: number, time: number, turn: number): boolean {
    const own = this.#times[at]!;
    return own < time || (own === time && this.#turns[at]! < turn);
  }
  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#turns[from]!, this.#items[from]!);
  }
  #put(at: number, time: number, turn: number, item: T): void {
    this.#times[at] = time;
    this.#turns[at] = turn;
    this.#items[at] = item;
  }
  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const turns = new Float64Array(times.length);
    times.set(this.#times);
    turns.set(this.#turns);
    this.#times = times;
    this.#turns = turns;
  }
}
