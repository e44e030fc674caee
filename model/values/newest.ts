/** Drops what was inserted first, until no more than `most` are left. */
export function keepNewest<K>(entries: Map<K, unknown>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}
