/** Errors that only a bug in the program can cause: no user's input leads to them, so they are not a `Problem`. */
export class InternalFault extends Error {
  override readonly name = 'InternalFault';
}

/** For what cannot be absent: `map.get(id) ?? missing(`the node "${id}"`)`. */
export function missing(what: string): never {
  throw new InternalFault(`Internal fault: ${what} is missing`);
}

/** The item at an index that the list is known to have. Not for loops over many rows: see `for (const … of …)` and `entries()`. */
export function itemAt<T>(items: ArrayLike<T>, place: number): T {
  return place >= 0 && place < items.length ? (items[place] as T) : missing(`item ${place} of ${items.length}`);
}

/** The items at these indexes, in order. */
export function itemsAt<T>(items: ArrayLike<T>, places: readonly number[]): T[] {
  return places.map((place) => itemAt(items, place));
}

export function lastOf<T>(items: ArrayLike<T>): T {
  return itemAt(items, items.length - 1);
}
