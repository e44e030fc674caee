import { formatTimestamp, isDate, parseTimestamp } from '../schema/timestamp.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const lengths: Readonly<Record<string, number>> = { second: 1000, minute: minuteMs, hour: hourMs, day: dayMs };

/**
 * The helpers that users' code gets: pure functions, the same rows give the same result. Declared in
 * engine/schema/snippet-library.ts. Null and undefined give null, as missing values are no error.
 */
export const library = {
  time: {
    parse: (text: string | null) => (typeof text === 'string' ? parseTimestamp(text.trim()) : null),
    iso: knownTime((time) => formatTimestamp(time)),
    date: knownTime((time) => formatTimestamp(time).replace(/T.*$/, '')),
    year: knownTime((time) => new Date(time).getUTCFullYear()),
    month: knownTime((time) => new Date(time).getUTCMonth() + 1),
    day: knownTime((time) => new Date(time).getUTCDate()),
    weekday: knownTime((time) => new Date(time).getUTCDay() || 7),
    hour: knownTime((time) => Math.floor(modulo(time, dayMs) / hourMs)),
    minute: knownTime((time) => Math.floor(modulo(time, hourMs) / minuteMs)),
    second: knownTime((time) => Math.floor(modulo(time, minuteMs) / 1000)),
    floor: knownTime(floorTime),
  },
  text: {
    clean: (text: string | null) => (isMissing(text) ? null : String(text).trim().replace(/\s+/g, ' ')),
    title: (text: string | null) =>
      isMissing(text)
        ? null
        : String(text)
            .toLowerCase()
            .replace(/(^|[^\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase()),
    number: (text: string | null) => {
      if (isMissing(text)) return null;
      const plain = String(text)
        .trim()
        .replace(/,(?=\d{3}(\D|$))/g, '');
      const number = plain === '' ? Number.NaN : Number(plain);
      return Number.isFinite(number) ? number : null;
    },
  },
  round: (value: number | null, digits = 0) => {
    if (isMissing(value)) return null;
    const size = Math.abs(value);
    if (size >= 1e21 || !Number.isFinite(size)) return value;
    // Shifting the point in the text keeps 1.005 what it says; multiplying would give 100.49999.
    const rounded = Number(`${Math.round(Number(shift(size, digits)))}e${-digits}`);
    return value < 0 ? -rounded : rounded;
  },
};

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Of a time or of a day, which is its midnight. */
function knownTime<R, A extends unknown[]>(of: (time: number, ...rest: A) => R) {
  const ofNumber = known(of);
  return (time: number | string | null, ...rest: A): R | null =>
    ofNumber(typeof time === 'string' && isDate(time) ? parseTimestamp(time) : (time as number), ...rest);
}

function known<R, A extends unknown[]>(of: (time: number, ...rest: A) => R) {
  return (time: number | null, ...rest: A): R | null => (typeof time === 'number' && Number.isFinite(time) ? of(time, ...rest) : null);
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

function shift(value: number, digits: number): string {
  const [digitsOfValue, exponent = '0'] = String(value).split('e');
  return `${digitsOfValue}e${Number(exponent) + digits}`;
}

function floorTime(time: number, unit: string | number): number {
  const length = typeof unit === 'number' ? unit : lengths[unit];
  if (length !== undefined) {
    if (!(length > 0)) throw new RangeError('time.floor: the length must be above 0');
    return time - modulo(time, length);
  }
  // The first Monday of 1970 was the 5th of January.
  if (unit === 'week') return time - modulo(time - 4 * dayMs, 7 * dayMs);
  if (unit !== 'month' && unit !== 'year') throw new RangeError(`time.floor: there is no unit "${unit}"`);
  const date = new Date(time);
  date.setUTCHours(0, 0, 0, 0);
  date.setUTCDate(1);
  if (unit === 'year') date.setUTCMonth(0);
  return date.getTime();
}
