/** Times as numbers since 1970-01-01T00:00Z, in seconds, milliseconds, microseconds or nanoseconds. */
import { maxTimestamp } from './timestamp.ts';

export const epochUnits = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;
export type EpochUnit = (typeof epochUnits)[number];
/** How many decimal places a unit has before the milliseconds: seconds have three. */
const places: Readonly<Record<EpochUnit, number>> = { seconds: 3, milliseconds: 0, microseconds: -3, nanoseconds: -6 };

export interface EpochTime {
  /** Rounded down, towards the past. */
  readonly ms: number;
  /** False if something is finer than a millisecond. */
  readonly isExact: boolean;
}

/**
 * Reads decimal text, with or without a fraction, as a time. Null for anything else, and for what no Date can hold. The text is processed
 * digit by digit: nanoseconds exceed 2^53.
 */
export function readEpoch(text: string, unit: EpochUnit): EpochTime | null {
  const found = /^\s*([+-]?)(\d+)(?:\.(\d*))?\s*$/.exec(text);
  if (!found) return null;
  const [, sign, digits = '', fraction = ''] = found;
  const shift = places[unit];
  const all = shift >= 0 ? digits + fraction.slice(0, shift).padEnd(shift, '0') : digits.slice(0, shift) || '0';
  const rest = shift >= 0 ? fraction.slice(shift) : digits.slice(shift) + fraction;
  const isExact = !/[1-9]/.test(rest);
  const ms = Number(all);
  if (!(ms <= maxTimestamp)) return null;
  if (sign !== '-') return { ms, isExact };
  const back = isExact ? -ms : -ms - 1;
  return back < -maxTimestamp ? null : { ms: back + 0, isExact };
}
