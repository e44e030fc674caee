/**
 * The value that a record holds under a key of its own, or undefined. Keys that users choose can be names that every object
 * inherits: `record['constructor']` is a function where nothing was put.
 */
export function own<V>(record: { readonly [key: string]: V }, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The same record without inherited names, for those who look up by `[key]`; keeps its identity where it has none already. */
export function bare<T extends object>(record: T): T {
  return Object.getPrototypeOf(record) === null ? record : Object.assign(Object.create(null), record);
}
