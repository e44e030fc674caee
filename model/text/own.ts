/**
 * The value that a record has under a key of its own, or undefined. Keys that users choose can be names that every object inherits:
 * `record['constructor']` is a function although nothing was stored there.
 */
export function own<V>(record: { readonly [key: string]: V }, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The same record without inherited names, for lookups by `[key]`; the same object if it already has none. */
export function bare<T extends object>(record: T): T {
  return Object.getPrototypeOf(record) === null ? record : Object.assign(Object.create(null), record);
}
