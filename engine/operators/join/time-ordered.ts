/** Beyond this a chunk is cut in two: small enough for items to be moved up quickly, large enough for few chunks. */
const chunkSize = 1024;

/** Items in the order of their times, those of one time in the order in which they were added. In chunks, as any order of arrival is to be quick. */
export class TimeOrdered<T extends { readonly time: number }> {
  /** Never without one; only the first may be empty. */
  readonly #chunks: T[][] = [[]];
  /** Items of the first chunk before this one are gone. */
  #head = 0;

  /** The item of the least time. */
  get first(): T | undefined {
    return this.#chunks[0]?.[this.#head];
  }

  add(item: T): void {
    const chunks = this.#chunks;
    const last = chunks[chunks.length - 1]!;
    if (last.length === 0 || last[last.length - 1]!.time <= item.time) {
      if (last.length < chunkSize) last.push(item);
      else chunks.push([item]);
      return;
    }
    const at = this.#chunkEndingFrom(item.time, true);
    const chunk = chunks[at]!;
    chunk.splice(search(chunk, at === 0 ? this.#head : 0, item.time, true), 0, item);
    if (chunk.length > chunkSize) this.#cut(at);
  }

  /** Visits the items from `from` to `to`, both included, in their order. */
  between(from: number, to: number, visit: (item: T) => void): void {
    const chunks = this.#chunks;
    let at = this.#chunkEndingFrom(from, false);
    if (at === chunks.length) return;
    let chunk = chunks[at]!;
    let i = search(chunk, at === 0 ? this.#head : 0, from, false);
    for (;;) {
      for (; i < chunk.length; i++) {
        const item = chunk[i]!;
        if (item.time > to) return;
        visit(item);
      }
      if (++at === chunks.length) return;
      chunk = chunks[at]!;
      i = 0;
    }
  }

  /** Removes the first item. There must be one. */
  shift(): void {
    const chunk = this.#chunks[0]!;
    this.#head++;
    if (this.#head === chunk.length) {
      if (this.#chunks.length > 1) this.#chunks.shift();
      else chunk.length = 0;
      this.#head = 0;
    } else if (this.#head >= 32 && this.#head * 2 >= chunk.length) this.#trim();
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const [at, chunk] of this.#chunks.entries()) for (let i = at === 0 ? this.#head : 0; i < chunk.length; i++) yield chunk[i]!;
  }

  /** The first chunk whose last item has this time or a later one; with `isAfter`, a later one. */
  #chunkEndingFrom(time: number, isAfter: boolean): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    if (high === 1) return 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = chunks[middle]![chunks[middle]!.length - 1]!.time;
      if (end < time || (isAfter && end === time)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #trim(): void {
    this.#chunks[0] = this.#chunks[0]!.slice(this.#head);
    this.#head = 0;
  }
  #cut(at: number): void {
    if (at === 0) this.#trim();
    const chunk = this.#chunks[at]!;
    const half = chunk.length >> 1;
    if (half > 0) this.#chunks.splice(at, 1, chunk.slice(0, half), chunk.slice(half));
  }
}

/** The index of the first item, from `low` on, that has this time or a later one; with `isAfter`, a later one. */
function search(items: readonly { readonly time: number }[], low: number, time: number, isAfter: boolean): number {
  let from = low;
  let to = items.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const found = items[middle]!.time;
    if (found < time || (isAfter && found === time)) from = middle + 1;
    else to = middle;
  }
  return from;
}
