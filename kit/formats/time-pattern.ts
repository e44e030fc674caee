/** Times by a pattern of letters, such as `dd.MM.yyyy HH:mm:ss`: compiled once, then read character by character. */
import { offsetOf, type Zone } from '../../model/time/zone.ts';

const letters: { readonly [letters: string]: { readonly part: Part; readonly least: number; readonly most: number } } = {
  yyyy: { part: 'year', least: 4, most: 4 },
  yy: { part: 'shortYear', least: 2, most: 2 },
  MM: { part: 'month', least: 2, most: 2 },
  M: { part: 'month', least: 1, most: 2 },
  MMM: { part: 'monthName', least: 3, most: 3 },
  dd: { part: 'day', least: 2, most: 2 },
  d: { part: 'day', least: 1, most: 2 },
  HH: { part: 'hour', least: 2, most: 2 },
  H: { part: 'hour', least: 1, most: 2 },
  hh: { part: 'halfHour', least: 2, most: 2 },
  h: { part: 'halfHour', least: 1, most: 2 },
  mm: { part: 'minute', least: 2, most: 2 },
  m: { part: 'minute', least: 1, most: 2 },
  ss: { part: 'second', least: 2, most: 2 },
  s: { part: 'second', least: 1, most: 2 },
  a: { part: 'noon', least: 2, most: 2 },
  X: { part: 'zone', least: 1, most: 6 },
};
type Part = 'literal' | 'year' | 'shortYear' | 'month' | 'monthName' | 'day' | 'hour' | 'halfHour' | 'minute' | 'second' | 'fraction' | 'noon' | 'zone';
interface Step {
  readonly part: Part;
  readonly least: number;
  /** The maximum number of digits, or for a literal its character. */
  readonly most: number;
}

export const patternHelp = `yyyy or yy, MM or M or MMM (Jan), dd or d, HH or H (0-23), hh or h with a (am, pm), mm, ss, SSS (fractions), X (offset); other letters in quotes: 'T'.`;
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const minuteMs = 60_000;

/** The error in a pattern as a sentence, or null. */
export function patternProblem(pattern: string): string | null {
  const steps = compile(pattern);
  if (typeof steps === 'string') return steps;
  const has = (part: Part) => steps.some((step) => step.part === part);
  if (!has('year') && !has('shortYear')) return 'It has no year';
  if (!(has('month') || has('monthName')) || !has('day')) return 'It has no month or no day';
  if (has('halfHour') !== has('noon')) return 'Hours from 1 to 12 (hh) and am or pm (a) go together';
  return null;
}

/** Whether texts of this pattern name a day without a time. */
export function isDayPattern(pattern: string): boolean {
  const steps = compile(pattern);
  return typeof steps !== 'string' && !steps.some(({ part }) => part === 'hour' || part === 'halfHour' || part === 'zone');
}

export class TimePattern {
  readonly #steps: readonly Step[];
  readonly #zone: Zone;
  /** Whether the text that was read last had nothing finer than a millisecond. */
  isExact = true;
  /** Where the text is read next. */
  #at = 0;

  /** `zone` is for texts without an offset of their own. Throws for an invalid pattern. */
  constructor(pattern: string, zone: Zone) {
    const steps = compile(pattern);
    if (typeof steps === 'string') throw new Error(steps);
    this.#steps = steps;
    this.#zone = zone;
  }

  /** Milliseconds since 1970, or NaN if the text does not fit as a whole, or is not a date that exists. */
  read(text: string): number {
    let year = 0;
    let month = 1;
    let day = 1;
    let hour = 0;
    let minute = 0;
    let second = 0;
    let ms = 0;
    let offset: number | null = null;
    this.#at = 0;
    this.isExact = true;
    for (const { part, least, most } of this.#steps) {
      switch (part) {
        case 'literal':
          if (text.charCodeAt(this.#at++) !== most) return Number.NaN;
          break;
        case 'year':
          year = this.#digits(text, least, most);
          break;
        case 'shortYear':
          // 00 to 68 are in this century, as in POSIX.
          year = this.#digits(text, least, most);
          year += year < 69 ? 2000 : 1900;
          break;
        case 'month':
          month = this.#digits(text, least, most);
          break;
        case 'monthName':
          month = monthNames.indexOf(text.slice(this.#at, this.#at + 3).toLowerCase()) + 1;
          this.#at += 3;
          break;
        case 'day':
          day = this.#digits(text, least, most);
          break;
        case 'hour':
          hour += this.#digits(text, least, most);
          break;
        case 'halfHour': {
          const half = this.#digits(text, least, most);
          if (!(half >= 1 && half <= 12)) return Number.NaN;
          hour += half % 12;
          break;
        }
        case 'noon': {
          const noon = text.slice(this.#at, this.#at + 2).toLowerCase();
          if (noon !== 'am' && noon !== 'pm') return Number.NaN;
          if (noon === 'pm') hour += 12;
          this.#at += 2;
          break;
        }
        case 'minute':
          minute = this.#digits(text, least, most);
          break;
        case 'second':
          second = this.#digits(text, least, most);
          break;
        case 'fraction': {
          const digits = this.#digits(text, least, most);
          ms = Math.floor((digits / 10 ** most) * 1000 + 1e-9);
          if (most > 3 && digits % 10 ** (most - 3) !== 0) this.isExact = false;
          break;
        }
        case 'zone': {
          const rest = text[this.#at] === 'Z' ? 'Z' : (/^[+-]\d\d:?\d\d/.exec(text.slice(this.#at, this.#at + 6))?.[0] ?? '');
          const found = offsetOf(rest);
          if (found === null) return Number.NaN;
          offset = found;
          this.#at += rest.length;
        }
      }
    }
    // A NaN makes each of these comparisons false.
    if (this.#at !== text.length || !(month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    if (date.getUTCDate() !== day) return Number.NaN;
    const local = date.getTime() + hour * 3_600_000 + minute * minuteMs + second * 1000 + ms;
    return offset === null ? this.#zone.instantOf(local) : local - offset;
  }

  #digits(text: string, least: number, most: number): number {
    const start = this.#at;
    let value = 0;
    while (this.#at - start < most) {
      const digit = text.charCodeAt(this.#at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      this.#at++;
    }
    return this.#at - start < least ? Number.NaN : value;
  }
}

/** The steps, or the error in the pattern. */
function compile(pattern: string): Step[] | string {
  const steps: Step[] = [];
  const literal = (text: string) => {
    for (let i = 0; i < text.length; i++) steps.push({ part: 'literal', least: 1, most: text.charCodeAt(i) });
  };
  for (const [token] of pattern.matchAll(/'[^']*'?|([A-Za-z])\1*|[^A-Za-z']/g)) {
    if (token.startsWith("'")) {
      if (token.length === 1 || !token.endsWith("'")) return 'A quote is not closed';
      literal(token === "''" ? "'" : token.slice(1, -1));
    } else if (/^S+$/.test(token)) {
      if (token.length > 9) return 'Fractions have at most 9 digits';
      steps.push({ part: 'fraction', least: token.length, most: token.length });
    } else if (/^[A-Za-z]/.test(token)) {
      const step = Object.hasOwn(letters, token) ? letters[token] : undefined;
      if (!step) return `"${token}" stands for no part of a time`;
      steps.push(step);
    } else literal(token);
  }
  return steps;
}
