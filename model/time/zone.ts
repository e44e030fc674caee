/** Time zones: IANA names and fixed offsets, by the rules of the platform (Intl, from the IANA time zone database). */
import { maxTimestamp } from './timestamp.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** No zone has changed its offset twice within this time since 1970 (checked against the database by test/semantics/zones.test.ts). */
const blockMs = 8 * dayMs;

export interface Zone {
  /** `UTC`, an offset as `+02:00`, or the IANA name in its usual spelling. */
  readonly name: string;
  /** Milliseconds to the east of UTC at an instant. */
  offsetAt(instant: number): number;
  /**
   * The instant of a local time, which is given as if it were UTC. As in Temporal ("compatible"): of a time that occurs twice, the earlier
   * one; a time that the clocks skip is read as if they had not been changed yet.
   */
  instantOf(local: number): number;
  /** The last change of the offset at or before an instant, and the first one after it, if they are within an hour. */
  changesAround(instant: number): { readonly from: number; readonly to: number };
}

const known = new Map<string, Zone | null>();

/** The zone of a name, in any case, or null if there is none. */
export function zoneOf(text: string): Zone | null {
  const name = text.trim();
  let zone = known.get(name);
  if (zone === undefined) {
    const offset = offsetOf(name);
    zone = offset === null ? namedZone(name) : offset === 0 ? utc : new FixedZone(name, offset);
    // Names come from files: a pipeline has only a few.
    if (known.size < 1000) known.set(name, zone);
  }
  return zone;
}

/** Milliseconds to the east of UTC for `+02:00`, `-0330`, `+02`, `Z` or `UTC`; null for anything else. */
export function offsetOf(text: string): number | null {
  if (/^(z|utc|gmt)$/i.test(text)) return 0;
  const found = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text);
  if (!found) return null;
  const [hours, minutes] = [Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59) return null;
  return (found[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * minuteMs;
}

/** The error in a zone that a user typed, or null. */
export function zoneProblem(text: string): { readonly message: string; readonly hint: string } | null {
  if (zoneOf(text)) return null;
  return { message: `"${text}" is not a time zone`, hint: 'Write a name such as Europe/Berlin, UTC, or an offset such as +02:00.' };
}

class FixedZone implements Zone {
  readonly name: string;
  readonly #offset: number;

  constructor(name: string, offset: number) {
    this.name = name;
    this.#offset = offset;
  }

  offsetAt(): number {
    return this.#offset;
  }
  instantOf(local: number): number {
    return local - this.#offset;
  }
  changesAround() {
    return { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  }
}

export const utc: Zone = new FixedZone('UTC', 0);

function namedZone(name: string): Zone | null {
  // No zone has an offset with seconds; Intl accepts some.
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    return new RuledZone(format.resolvedOptions().timeZone, format);
  } catch {
    return null;
  }
}

/** Eight days in which the offset changes at most once. */
interface Block {
  readonly before: number;
  readonly after: number;
  /** The first instant with the offset `after`; infinite if it does not change. */
  readonly changeAt: number;
}

class RuledZone implements Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #blocks = new Map<number, Block>();
  #number = Number.NaN;
  #block: Block = { before: 0, after: 0, changeAt: 0 };

  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
  }

  offsetAt(instant: number): number {
    const { before, after, changeAt } = this.#at(instant);
    return instant < changeAt ? before : after;
  }

  instantOf(local: number): number {
    const before = this.offsetAt(local - dayMs);
    const after = this.offsetAt(local + dayMs);
    const earlier = local - before;
    if (before === after || this.offsetAt(earlier) === before) return earlier;
    const later = local - after;
    return this.offsetAt(later) === after ? later : earlier;
  }

  changesAround(instant: number) {
    const near = [instant - hourMs, instant, instant + hourMs].map((each) => this.#at(each).changeAt);
    const from = Math.max(Number.NEGATIVE_INFINITY, ...near.filter((change) => change <= instant));
    return { from, to: Math.min(...near.filter((change) => change > instant), Number.POSITIVE_INFINITY) };
  }

  #at(instant: number): Block {
    const number = Math.floor(instant / blockMs);
    if (number !== this.#number) {
      let block = this.#blocks.get(number);
      if (!block) {
        block = this.#look(number * blockMs);
        this.#blocks.set(number, block);
      }
      this.#number = number;
      this.#block = block;
    }
    return this.#block;
  }

  #look(start: number): Block {
    const before = this.#ask(start);
    const after = this.#ask(start + blockMs - 1);
    if (before === after) return { before, after, changeAt: Number.POSITIVE_INFINITY };
    let [low, high] = [start, start + blockMs - 1];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === before) low = middle;
      else high = middle;
    }
    return { before, after, changeAt: high };
  }

  #ask(instant: number): number {
    const text = this.#format.format(Math.min(maxTimestamp, Math.max(-maxTimestamp, instant)));
    const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (!found?.[1]) return 0;
    return (found[1] === '-' ? -1 : 1) * ((Number(found[2]) * 60 + Number(found[3])) * 60 + Number(found[4] ?? 0)) * 1000;
  }
}
