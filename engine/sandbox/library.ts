import { Calendar, type CalendarUnit, calendarUnits } from '../../model/time/calendar.ts';
import { formatTimestamp, isDate, isWithoutOffset, parseTimestamp } from '../../model/time/timestamp.ts';
import { utc, type Zone, zoneOf, zoneProblem } from '../../model/time/zone.ts';
import { numberReader } from '../../model/values/number-format.ts';
import { decimals } from './decimals.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const lengths: Readonly<Record<string, number>> = { second: 1000, minute: minuteMs };

/**
 * The helpers of users' code: pure functions, so that the same rows give the same result. Declared in model/code/snippet-library.ts. Null
 * and undefined give null, as missing values are not errors.
 */
export const library = {
  time: {
    parse: (text: string | null, zone?: string) => (typeof text === 'string' ? parseIn(text.trim(), zone) : null),
    iso: knownTime((time, zone?: string) => (zone === undefined ? formatTimestamp(time) : isoIn(time, zoned(zone)))),
    date: knownTime((time, zone?: string) => formatTimestamp(local(time, zone)).replace(/T.*$/, '')),
    year: knownTime((time, zone?: string) => new Date(local(time, zone)).getUTCFullYear()),
    month: knownTime((time, zone?: string) => new Date(local(time, zone)).getUTCMonth() + 1),
    day: knownTime((time, zone?: string) => new Date(local(time, zone)).getUTCDate()),
    weekday: knownTime((time, zone?: string) => new Date(local(time, zone)).getUTCDay() || 7),
    hour: knownTime((time, zone?: string) => Math.floor(modulo(local(time, zone), dayMs) / hourMs)),
    minute: knownTime((time, zone?: string) => Math.floor(modulo(local(time, zone), hourMs) / minuteMs)),
    second: knownTime((time, zone?: string) => Math.floor(modulo(local(time, zone), minuteMs) / 1000)),
    floor: knownTime(floorTime, 1),
  },
  text: {
    clean: (text: string | null) => (isMissing(text) ? null : String(text).trim().replace(/\s+/g, ' ')),
    title: (text: string | null) =>
      isMissing(text)
        ? null
        : String(text)
            .toLowerCase()
            .replace(/(^|[^\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase()),
    number: (text: string | null, decimal: '.' | ',' = '.') => {
      if (isMissing(text)) return null;
      const plain = (decimal === ',' ? withComma : withDot)(String(text));
      const number = plain === null ? Number.NaN : Number(plain);
      return Number.isFinite(number) ? number : null;
    },
  },
  decimal: decimals,
  round: (value: number | null, digits: number | null = 0) => {
    if (isMissing(value) || digits === null) return null;
    const size = Math.abs(value);
    if (size >= 1e21 || !Number.isFinite(size)) return value;
    // Shifting the point in the text keeps 1.005 exact; multiplying would give 100.49999.
    const rounded = Number(`${Math.round(Number(shift(size, digits)))}e${-digits}`);
    return value < 0 ? -rounded : rounded;
  },
};

const plainNumbers = { units: [], percent: 'none', brackets: false } as const;
const withDot = numberReader({ ...plainNumbers, decimal: 'dot', thousands: 'comma' });
const withComma = numberReader({ ...plainNumbers, decimal: 'comma', thousands: 'dot' });

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The instant of a time, or of a day's midnight in the zone that is argument `zoneAt` of `rest`, so that it is the same day there. */
function knownTime<R, A extends unknown[]>(of: (time: number, ...rest: A) => R, zoneAt = 0) {
  const ofNumber = known(of);
  return (time: number | string | null, ...rest: A): R | null =>
    ofNumber(typeof time === 'string' && isDate(time) ? midnight(time, rest[zoneAt]) : (time as number), ...rest);
}

function midnight(day: string, zone: unknown): number {
  const time = parseTimestamp(day) ?? Number.NaN;
  return zone === undefined ? time : zoned(zone as string).instantOf(time);
}

function known<R, A extends unknown[]>(of: (time: number, ...rest: A) => R) {
  return (time: number | null, ...rest: A): R | null => {
    if (typeof time === 'number' && Number.isFinite(time)) return of(time, ...rest);
    return typeof time === 'string' ? noTime(time) : null;
  };
}

function noTime(text: string): never {
  throw new TypeError(`${JSON.stringify(text.slice(0, 60))} is a text, and no day such as "2026-01-31": read the time from it with time.parse(…)`);
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

function shift(value: number, digits: number): string {
  const [digitsOfValue, exponent = '0'] = String(value).split('e');
  return `${digitsOfValue}e${Number(exponent) + digits}`;
}

function zoned(name: string): Zone {
  const zone = zoneOf(String(name));
  if (!zone) throw new RangeError(zoneProblem(String(name))?.message);
  return zone;
}

/** What clocks show in that zone, as if it were UTC. */
function local(time: number, zone: string | undefined): number {
  return zone === undefined ? time : time + zoned(zone).offsetAt(time);
}

/** Text with an offset of its own needs no zone. */
function parseIn(text: string, zone: string | undefined): number | null {
  const time = parseTimestamp(text);
  return time === null || zone === undefined || !isWithoutOffset(text) ? time : zoned(zone).instantOf(time);
}

function isoIn(time: number, zone: Zone): string {
  const offset = zone.offsetAt(time);
  const minutes = Math.round(Math.abs(offset) / minuteMs);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${formatTimestamp(time + offset).replace(/Z$/, '')}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function floorTime(time: number, unit: string | number, zone?: string): number {
  const length = typeof unit === 'number' ? unit : lengths[unit];
  if (length !== undefined && !(length > 0)) throw new RangeError('time.floor: the length must be above 0');
  const there = zone === undefined ? utc : zoned(zone);
  if (length !== undefined && length < hourMs) {
    const offset = there.offsetAt(time);
    return time - modulo(time + offset, length);
  }
  if (typeof unit === 'number') return time - modulo(time, unit);
  if (!(calendarUnits as readonly string[]).includes(unit)) throw new RangeError(`time.floor: there is no unit "${unit}"`);
  return new Calendar(there, unit as CalendarUnit).startOf(time);
}
