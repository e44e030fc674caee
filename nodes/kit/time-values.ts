/** Values of a column as times: numbers since 1970 in some unit, ISO 8601, or text in a pattern. */
import { maxTimestamp, parseTimestamp } from '../../engine/schema/timestamp.ts';
import type { ColumnType, Value } from '../../engine/schema/types.ts';
import { utc, zoneOf } from '../../engine/schema/zone.ts';
import { TimePattern } from './time-pattern.ts';

export const timeFormats = ['automatic', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds', 'pattern'] as const;
export type TimeFormat = (typeof timeFormats)[number];

export interface TimeReading {
  readonly format: TimeFormat;
  /** For `pattern`. */
  readonly pattern: string;
  readonly zone: string;
}
export interface TimeValues {
  /** Milliseconds since 1970, or NaN for what is no such time. */
  read(value: Value): number;
  /** What a value must look like, as the end of "it does not fit ...". */
  readonly expected: string;
}

const unitsPerMs = { seconds: 0.001, milliseconds: 1, microseconds: 1000, nanoseconds: 1_000_000 } as const;

/** Null for a column that holds timestamps: there is nothing to read. */
export function timeValues({ format, pattern, zone }: TimeReading, type: ColumnType): TimeValues | null {
  if (type === 'timestamp') return null;
  if (format === 'automatic') {
    return {
      read: (value) => (typeof value === 'string' ? (parseTimestamp(value) ?? Number.NaN) : Number.NaN),
      expected: 'ISO 8601, such as 2026-01-31T12:00:00Z',
    };
  }
  if (format === 'pattern') {
    const compiled = new TimePattern(pattern, zoneOf(zone) ?? utc);
    return { read: (value) => (typeof value === 'string' ? compiled.read(value) : Number.NaN), expected: pattern };
  }
  const units = unitsPerMs[format];
  return { read: (value) => fromUnits(value, units), expected: `${format} since 1970` };
}

/** Rounded down to the millisecond; text of digits is taken as well, since such numbers soon exceed 2^53. */
function fromUnits(value: Value, units: number): number {
  let time = Number.NaN;
  if (typeof value === 'number') time = units < 1 ? Math.round(value / units) : Math.floor(value / units);
  else if (typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value)) {
    const number = Number(value);
    if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) time = units < 1 ? Math.round(number / units) : Math.floor(number / units);
    else if (units > 1 && !value.includes('.')) time = floorDivided(BigInt(value), BigInt(units));
  }
  return Math.abs(time) <= maxTimestamp ? time : Number.NaN;
}

function floorDivided(value: bigint, by: bigint): number {
  const quotient = value / by;
  return Number(value < 0n && quotient * by !== value ? quotient - 1n : quotient);
}
