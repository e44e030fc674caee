/** Values of a column as times: numbers since 1970 in some unit, ISO 8601, or text in a pattern. */
import { readEpoch } from '../../model/time/epoch.ts';
import { isBeyondMilliseconds, isWithoutOffset, parseTimestamp } from '../../model/time/timestamp.ts';
import { utc, type Zone, zoneOf } from '../../model/time/zone.ts';
import type { Value } from '../../model/values/types.ts';
import { TimePattern } from '../formats/time-pattern.ts';

export const timeFormats = ['automatic', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds', 'pattern'] as const;
export type TimeFormat = (typeof timeFormats)[number];

export interface TimeReading {
  readonly format: TimeFormat;
  /** For `pattern`, else empty. */
  readonly pattern: string;
  /** For days, and for texts without an offset; empty for numbers. */
  readonly zone: string;
  /** What happens to times finer than a millisecond. */
  readonly finer: 'fail' | 'cut';
}
/** A column as the time of its rows, and its watermark. Durations are in milliseconds; null is never, or no limit. */
export interface ColumnTime {
  readonly column: string;
  /** How its values are read; null if it contains timestamps. */
  readonly reading: TimeReading | null;
  readonly outOfOrder: number;
  readonly idleAfter: number | null;
  /** After this long without rows, time advances with the clock. */
  readonly quietAfter: number | null;
  readonly ahead: number | null;
}
export interface TimeValues {
  /** Milliseconds since 1970, or NaN for values that are not such a time, or too fine. */
  read(value: Value): number;
  /** Why `read` returns NaN for a value: "does not fit ..." */
  fault(value: Value): string;
}

/** A time, and whether nothing of it is finer than a millisecond. */
interface Found {
  readonly ms: number;
  readonly isExact: boolean;
}

export function timeValues({ format, pattern, zone, finer }: TimeReading): TimeValues {
  const [find, expected] = finder(format, pattern, zone);
  return {
    read(value) {
      const found = find(value);
      return found === null || !(found.isExact || finer === 'cut') ? Number.NaN : found.ms;
    },
    fault: (value) => (find(value) === null ? `does not fit ${expected}` : 'is finer than a millisecond, which a timestamp cannot hold'),
  };
}

function finder(format: TimeFormat, pattern: string, zone: string): readonly [(value: Value) => Found | null, expected: string] {
  if (format === 'automatic') return [isoReader(zoneOf(zone) ?? utc), 'ISO 8601, such as 2026-01-31T12:00:00Z'];
  if (format !== 'pattern') {
    // Text of digits is accepted as well, since such numbers soon exceed 2^53.
    return [(value) => (typeof value === 'number' || typeof value === 'string' ? readEpoch(decimalText(value), format) : null), `${format} since 1970`];
  }
  const compiled = new TimePattern(pattern, zoneOf(zone) ?? utc);
  const find = (value: Value) => {
    const ms = typeof value === 'string' ? compiled.read(value) : Number.NaN;
    return Number.isNaN(ms) ? null : { ms, isExact: compiled.isExact };
  };
  return [find, pattern];
}

function isoReader(zone: Zone): (value: Value) => Found | null {
  return (value) => {
    if (typeof value !== 'string') return null;
    const ms = parseTimestamp(value);
    if (ms === null) return null;
    return { ms: zone !== utc && isWithoutOffset(value) ? zone.instantOf(ms) : ms, isExact: !isBeyondMilliseconds(value) };
  };
}

/** A number without an exponent, which small fractions of a second have. */
function decimalText(value: number | string): string {
  const text = String(value);
  return typeof value === 'number' && text.includes('e') ? value.toFixed(20) : text;
}
