/**
 * Strings of a column, cut from bytes. V8 copies short substrings, but lets longer ones point into the text from which they were cut and so
 * keeps all of it alive: a whole chunk of a file for one key in a Map. They are therefore copied out of the bytes, which is slow. Since
 * columns repeat themselves, caching the latest ones avoids most of that.
 */
const slots = 1024;
const longest = 64;
/** After this many lookups of which most failed, the column is treated as free text, and not looked up for a while. */
const trial = 4096;
const pause = 65_536;

/** V8 copies strings up to this length; longer ones would point into the text from which they are cut. */
export const copiedLength = 12;

export class StringCache {
  readonly #strings: string[] = new Array(slots).fill('');
  #lookups = 0;
  #found = 0;
  #pause = 0;

  /** The ASCII bytes from `start` to `end` as a string that keeps no other text alive. */
  string(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > longest || this.#pause > 0) {
      this.#pause--;
      return bytes.toString('latin1', start, end);
    }
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 11)) & (slots - 1);
    const known = this.#strings[slot]!;
    if (++this.#lookups === trial) {
      if (this.#found * 2 < trial) this.#pause = pause;
      this.#lookups = this.#found = 0;
    }
    if (known.length === length) {
      let same = 0;
      while (same < length && known.charCodeAt(same) === bytes[start + same]) same++;
      if (same === length) {
        this.#found++;
        return known;
      }
    }
    const made = bytes.toString('latin1', start, end);
    this.#strings[slot] = made;
    return made;
  }
}
