/** 1-based. */
import { itemAt, lastOf } from '../../model/faults/missing.ts';

export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** A text made of parts of another text and of additions, which knows the origin of each part. */
export class PlacedText {
  readonly #source: string;
  readonly #parts: string[] = [];
  /** For each part: its start in the new text, and its place in the source; an addition has the place of what follows it. */
  readonly #starts: number[] = [];
  readonly #origins: number[] = [];
  #length = 0;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Adds the source between two offsets. */
  copy(start: number, end: number): void {
    this.#add(this.#source.slice(start, end), start);
    this.#at = end;
  }

  put(text: string): void {
    this.#add(text, -1);
  }

  originalPlace({ line, column }: TextPlace): TextPlace {
    const lines = this.toString().split('\n').slice(0, line);
    const before = lines.slice(0, -1).reduce((sum, text) => sum + text.length + 1, 0);
    const original = this.#source.slice(0, this.#originalOffset(before + column - 1)).split('\n');
    return { line: original.length, column: lastOf(original).length + 1 };
  }

  #originalOffset(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (itemAt(this.#starts, middle) <= offset) low = middle;
      else high = middle;
    }
    for (let i = low; i < this.#starts.length; i++) {
      const origin = itemAt(this.#origins, i);
      if (origin >= 0) return origin + (i === low ? offset - itemAt(this.#starts, i) : 0);
    }
    return this.#at;
  }

  toString(): string {
    return this.#parts.join('');
  }

  #add(text: string, origin: number): void {
    if (text === '') return;
    this.#parts.push(text);
    this.#starts.push(this.#length);
    this.#origins.push(origin);
    this.#length += text.length;
  }
}
