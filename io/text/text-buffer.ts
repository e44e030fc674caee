import { formatTimestamp } from '../../model/time/timestamp.ts';

const dayMs = 86_400_000;
/** The longest text of a scalar: a timestamp of a far year, a number such as -1.2345678901234567e-300. */
export const scalarLimit = 32;

/**
 * A growing buffer of UTF-8 text. Writing digits and ASCII characters directly as bytes avoids making, joining and encoding a string for
 * each value, which is most of the time of writing a text file.
 *
 * `at` is the length so far. Callers reserve room for what they write through `bytes` themselves; `spare` is how much room every method
 * leaves after the text that it writes, so that a whole row needs one `reserve`.
 */
export class TextBuffer {
  bytes: Buffer = Buffer.allocUnsafe(1 << 18);
  at = 0;
  spare = 0;
  #day = Number.NaN;
  readonly #date = new Uint8Array(11);

  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  /** Any text, as it is. */
  text(text: string): void {
    this.reserve(text.length * 3 + this.spare);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  /** A text of plain characters only, as it is; any other (and the empty one) as `encode` writes it. */
  word(text: string, plain: Uint8Array, encode: (text: string) => string): void {
    const length = text.length;
    this.reserve(length + this.spare);
    const bytes = this.bytes;
    let at = this.at;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127 || plain[unit] === 0) {
        this.text(encode(text));
        return;
      }
      bytes[at++] = unit;
    }
    if (length > 0) this.at = at;
    else this.text(encode(text));
  }

  /** A finite number, as String() writes it. The caller has reserved `scalarLimit`. */
  number(value: number): void {
    if ((value | 0) === value && value >= 0) {
      this.#digits(value);
      return;
    }
    // At most two decimals: dividing two whole numbers of few digits gives the double nearest to that decimal, and no shorter decimal is
    // nearest to the same double, so this is what String() would find.
    const size = value < 0 ? -value : value;
    const hundredths = Math.round(size * 100);
    if (hundredths < 1e9 && hundredths / 100 === size && hundredths > 0) {
      const whole = (hundredths / 100) | 0;
      const rest = hundredths - whole * 100;
      if (value < 0) this.bytes[this.at++] = 45;
      this.#digits(whole);
      if (rest === 0) return;
      const tens = (rest / 10) | 0;
      this.bytes[this.at++] = 46;
      this.bytes[this.at++] = 48 + tens;
      if (rest !== tens * 10) this.bytes[this.at++] = 48 + rest - tens * 10;
      return;
    }
    const text = String(value);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
  }

  /** As `formatTimestamp` writes it. The caller has reserved `scalarLimit`. */
  timestamp(ms: number): void {
    const day = Math.floor(ms / dayMs);
    if (day !== this.#day) {
      const text = formatTimestamp(ms);
      if (text.length !== 24) {
        this.text(text);
        return;
      }
      for (let i = 0; i < 11; i++) this.#date[i] = text.charCodeAt(i);
      this.#day = day;
    }
    const { bytes, at } = this;
    for (let i = 0; i < 11; i++) bytes[at + i] = this.#date[i] ?? 0;
    let rest = ms - day * dayMs;
    const hour = (rest / 3_600_000) | 0;
    rest -= hour * 3_600_000;
    const minute = (rest / 60_000) | 0;
    rest -= minute * 60_000;
    const second = (rest / 1000) | 0;
    const millis = rest - second * 1000;
    bytes[at + 11] = 48 + ((hour / 10) | 0);
    bytes[at + 12] = 48 + (hour % 10);
    bytes[at + 13] = 58;
    bytes[at + 14] = 48 + ((minute / 10) | 0);
    bytes[at + 15] = 48 + (minute % 10);
    bytes[at + 16] = 58;
    bytes[at + 17] = 48 + ((second / 10) | 0);
    bytes[at + 18] = 48 + (second % 10);
    bytes[at + 19] = 46;
    bytes[at + 20] = 48 + ((millis / 100) | 0);
    bytes[at + 21] = 48 + (((millis / 10) | 0) % 10);
    bytes[at + 22] = 48 + (millis % 10);
    bytes[at + 23] = 90;
    this.at = at + 24;
  }

  /** What was written since the last call. Valid until the next write. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    return taken;
  }

  #digits(value: number): void {
    let count = 1;
    for (let limit = 10; value >= limit; limit *= 10) count++;
    this.at += count;
    let at = this.at;
    let rest = value;
    do {
      const tenth = (rest / 10) | 0;
      this.bytes[--at] = 48 + rest - tenth * 10;
      rest = tenth;
    } while (rest > 0);
  }
}
