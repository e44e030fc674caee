import { missing } from '../faults/missing.ts';

/** A map that is complete: what `of` looks up exists, or the program has a bug, which the error names. */
export class KnownMap<K, V> extends Map<K, V> {
  readonly #what: string;

  /** `what`: what a value is, as in "node". */
  constructor(what: string, entries: Iterable<readonly [K, V]> = []) {
    super(entries);
    this.#what = what;
  }

  of(key: K): V {
    return this.get(key) ?? missing(`the ${this.#what} "${String(key)}"`);
  }
}
