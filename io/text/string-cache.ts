/**
 * Strings of a column, cut from bytes. V8 copies short substrings, but lets longer ones point into the text that they were
 * cut from and so keep all of it alive, a chunk of a file for one key in a Map. They are therefore copied out of the
 * bytes, which is slow; since columns repeat themselves, remembering the latest ones saves most of that.
 */
const slots = 1024;
const longest = 64;
/** After so many lookups of which most failed, the column is taken for free text, and looked up no more for a while. */
const trial = 4096;
const pause = 65_536;

/** V8 copies strings up to this length; longer ones would point into the text that they are cut from. */
export const copiedLength = 12;

export class StringCache {
  readonly #strings: string[] = new Array(slots).fill('');
  #lookups = 0;
  #found = 0;
  #pause = 0;

  /** The ASCII bytes from `start` to `end` as a string that stands alone. */
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
