/** Splits JSON text into its rows: the elements of one array, or the values that stand one after another, each on a line. */
export class JsonToLines {
  #depth = 0;
  #base: 0 | 1 = 0;
  #started = false;
  #inText = false;
  #escaped = false;
  #hasRow = false;

  /** The lines of a further part of the text. Their values are as they were written: no number is read. */
  split(part: string): string {
    let out = '';
    for (const char of part) {
      if (this.#inText) {
        out += char;
        if (this.#escaped) this.#escaped = false;
        else if (char === '\\') this.#escaped = true;
        else if (char === '"') this.#inText = false;
        continue;
      }
      if (char === ' ' || char === '\n' || char === '\r' || char === '\t' || char === '\uFEFF') continue;
      if (!this.#started) {
        this.#started = true;
        if (char === '[') {
          this.#base = 1;
          this.#depth = 1;
          continue;
        }
      }
      if (this.#depth === this.#base && (char === ',' || char === ']')) {
        out += this.#endRow();
        if (char === ']') this.#depth--;
        continue;
      }
      out += char;
      this.#hasRow = true;
      if (char === '"') this.#inText = true;
      else if (char === '{' || char === '[') this.#depth++;
      else if ((char === '}' || char === ']') && --this.#depth === this.#base) out += this.#endRow();
    }
    return out;
  }

  /** What is left when the text ends within a row. */
  end(): string {
    return this.#endRow();
  }

  #endRow(): string {
    if (!this.#hasRow) return '';
    this.#hasRow = false;
    return '\n';
  }
}
