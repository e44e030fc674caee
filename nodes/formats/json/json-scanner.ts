/**
 * Finds the records in JSON text as it arrives, without holding more than one of them: the elements of one array, documents one after
 * another, or what is at a path in them. Records are only cut out here; JSON.parse reads them.
 */
import { lastOf } from '../../../model/faults/missing.ts';

export interface JsonRecordPlace {
  readonly kind: 'record';
  readonly start: number;
  readonly end: number;
  /** Where it starts, from 1; columns count bytes. */
  readonly line: number;
  readonly column: number;
}
export type JsonFound =
  | JsonRecordPlace
  /** The bytes end. Those from `keep` on must be passed again, with more after them. */
  | { readonly kind: 'more'; readonly keep: number; readonly line: number }
  /** A record larger than allowed begins here; it is skipped. */
  | { readonly kind: 'long'; readonly line: number }
  /** From here on it is not JSON: nothing after it can be read. */
  | { readonly kind: 'fault'; readonly line: number; readonly column: number; readonly message: string };

/** Where reading continues: the open containers, and what comes next in them. */
export type JsonScanState = {
  readonly frames: readonly Frame[];
  readonly expect: Expected;
  readonly column: number;
};
type Frame = {
  readonly isArray: boolean;
  /** Segments of the path that lead to it. */
  readonly matched: number;
  /** Its elements are records. */
  readonly isTarget: boolean;
};
type Expected = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'separator';
type Role = 'record' | 'skip' | 'key';

export const endsTooEarly = 'the text ends too early';

const lineFeed = 10;
const quote = 34;
const comma = 44;
const colon = 58;
const backslash = 92;
const openArray = 91;
const closeArray = 93;
const openObject = 123;
const closeObject = 125;
const isSpace = (byte: number) => byte === 32 || byte === lineFeed || byte === 13 || byte === 9;

export class JsonScanner {
  /** Where it is in the bytes. */
  at = 0;
  line = 1;
  /** Whether something was found at the path. */
  hasTarget = false;
  /** Keys of the documents where the path could not be followed, for messages. */
  readonly otherKeys = new Set<string>();
  readonly #path: readonly string[];
  readonly #maxBytes: number;
  readonly #frames: Frame[];
  #expect: Expected;
  #column: number;
  /** Segments of the path that lead to the next value; -1 if it is not on the path. */
  #matched = 0;
  /** The value that is being scanned: where it began, and the depth within it. */
  #role: Role | null = null;
  #start = 0;
  #startLine = 1;
  #startColumn = 1;
  #depth = 0;
  #inText = false;
  #isEscaped = false;
  #isScalar = false;

  constructor(path: readonly string[], maxBytes: number, state?: JsonScanState) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#frames = state ? [...state.frames] : [];
    this.#expect = state?.expect ?? 'value';
    this.#column = state?.column ?? 1;
    this.hasTarget = state !== undefined;
    this.#matched = this.#frames.at(-1)?.matched ?? 0;
  }

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#frames.length === 0 && this.#role === null;
  }

  /** Between two records. */
  state(): JsonScanState {
    return { frames: [...this.#frames], expect: this.#expect, column: this.#column };
  }

  /** Continues at `at` in `bytes`; after `more`, the kept bytes are at `at` again. `last`: nothing follows, and the last byte is a line feed. */
  next(bytes: Buffer, at: number, last: boolean): JsonFound {
    if (this.#role !== null) {
      this.at = at + (this.at - this.#start);
      this.#start = at;
    } else this.at = at;
    for (;;) {
      if (this.#role === null) {
        this.#skipSpace(bytes);
        if (this.at >= bytes.length) return last && !this.isComplete ? this.#fault(endsTooEarly) : this.#more();
        const fault = this.#take(bytes[this.at]!);
        if (fault !== null) return this.#fault(fault);
        if (this.#role === null) continue;
      }
      const end = this.#pass(bytes);
      if (end === -1) {
        if (last) return { kind: 'fault', line: this.#startLine, column: this.#startColumn, message: endsTooEarly };
        if (this.#role === 'skip') return this.#more();
        if (bytes.length - this.#start <= this.#maxBytes) return { kind: 'more', keep: this.#start, line: this.#startLine };
        this.#role = 'skip';
        this.#start = this.at;
        return { kind: 'long', line: this.#startLine };
      }
      const role = this.#role;
      this.#role = null;
      if (role === 'key') this.#takeKey(bytes.toString('utf8', this.#start, end));
      else this.#expect = 'separator';
      if (role === 'record') return { kind: 'record', start: this.#start, end, line: this.#startLine, column: this.#startColumn };
    }
  }

  #more(): JsonFound {
    // Skipped values are not held.
    this.#start = this.at;
    return { kind: 'more', keep: this.at, line: this.line };
  }

  #skipSpace(bytes: Buffer): void {
    for (let byte = bytes[this.at]; byte !== undefined && isSpace(byte); byte = bytes[++this.at]) {
      if (byte === lineFeed) {
        this.line++;
        this.#column = 1;
      } else this.#column++;
    }
  }

  /** One byte between values; the error at it, or null. */
  #take(byte: number): string | null {
    const frame = this.#frames.at(-1);
    const unexpected = `unexpected ${byte < 128 ? JSON.stringify(String.fromCharCode(byte)) : 'character'}`;
    if (!frame) {
      this.#matched = 0;
      return this.#begin(byte, unexpected);
    }
    const close = frame.isArray ? closeArray : closeObject;
    switch (this.#expect) {
      case 'separator':
        if (byte === close) this.#close();
        else if (byte === comma) this.#step(frame.isArray ? 'value' : 'key');
        else return `${unexpected} where "," or "${String.fromCharCode(close)}" has to be`;
        return null;
      case 'colon':
        if (byte !== colon) return `${unexpected} where ":" has to be`;
        this.#step('value');
        return null;
      case 'key':
      case 'firstKey':
        if (byte === close && this.#expect === 'firstKey') this.#close();
        else if (byte === quote) this.#open('key', byte);
        else return `${unexpected} where a key has to be`;
        return null;
      case 'firstValue':
        if (byte === close) {
          this.#close();
          return null;
        }
    }
    if (frame.isArray) this.#matched = frame.matched;
    return this.#begin(byte, unexpected);
  }

  #step(expect: Expected): void {
    this.at++;
    this.#column++;
    this.#expect = expect;
  }

  #close(): void {
    this.#frames.pop();
    this.#step('separator');
  }

  #takeKey(source: string): void {
    const { matched } = lastOf(this.#frames);
    let key = source;
    try {
      key = JSON.parse(source) as string;
    } catch {}
    const isOnPath = key === this.#path[matched];
    this.#matched = isOnPath ? matched + 1 : -1;
    if (!isOnPath && this.otherKeys.size < 10) this.otherKeys.add(key);
    this.#expect = 'colon';
  }

  /** A value begins: it is entered, or one of the records, or skipped. */
  #begin(byte: number, unexpected: string): string | null {
    if (byte === closeArray || byte === closeObject || byte === comma || byte === colon) return unexpected;
    const frame = this.#frames.at(-1);
    const isThere = this.#matched === this.#path.length;
    const isContainer = byte === openArray || byte === openObject;
    if (frame?.isTarget) this.#open('record', byte);
    else if (this.#matched >= 0 && isContainer && (!isThere || byte === openArray)) {
      this.hasTarget ||= isThere;
      this.#frames.push({ isArray: byte === openArray, matched: this.#matched, isTarget: isThere });
      this.#step(byte === openArray ? 'firstValue' : 'firstKey');
    } else {
      this.hasTarget ||= isThere;
      // A null in place of the records is not a record.
      this.#open(isThere && (this.#path.length === 0 || byte !== 110) ? 'record' : 'skip', byte);
    }
    return null;
  }

  #open(role: Role, byte: number): void {
    this.#role = role;
    this.#start = this.at;
    this.#startLine = this.line;
    this.#startColumn = this.#column;
    this.#depth = 0;
    this.#inText = false;
    this.#isEscaped = false;
    this.#isScalar = byte !== quote && byte !== openArray && byte !== openObject;
  }

  /** The offset after the current value; -1 if the bytes end before it does. */
  #pass(bytes: Buffer): number {
    let { at } = this;
    const from = at;
    let lineStart = -1;
    let end = -1;
    if (this.#isScalar) {
      for (let byte = bytes[at]; byte !== undefined; byte = bytes[++at]) {
        if (isSpace(byte) || byte === comma || byte === closeArray || byte === closeObject) {
          end = at;
          break;
        }
      }
    } else {
      let inText = this.#inText;
      let depth = this.#depth;
      if (this.#isEscaped && at < bytes.length) {
        at++;
        this.#isEscaped = false;
      }
      for (; at < bytes.length; at++) {
        const byte = bytes[at]!;
        if (byte === quote) {
          inText = !inText;
          if (!inText && depth === 0) {
            end = at + 1;
            break;
          }
        } else if (inText) {
          if (byte === backslash && ++at >= bytes.length) {
            this.#isEscaped = true;
            break;
          }
        } else if (byte === openObject || byte === openArray) depth++;
        else if ((byte === closeObject || byte === closeArray) && --depth === 0) {
          end = at + 1;
          break;
        }
        if (byte === lineFeed) {
          this.line++;
          lineStart = at + 1;
        }
      }
      this.#inText = inText;
      this.#depth = depth;
    }
    this.at = end === -1 ? Math.min(at, bytes.length) : end;
    this.#column = lineStart === -1 ? this.#column + this.at - from : this.at - lineStart + 1;
    return end;
  }

  #fault(message: string): JsonFound {
    return { kind: 'fault', line: this.line, column: this.#column, message };
  }
}

/** The keys that lead to the records: `data.items` is two. None for an empty text. */
export function recordPath(text: string | null): string[] {
  return (text ?? '')
    .split('.')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}
