/**
 * Event time and watermarks, in milliseconds since 1970-01-01T00:00:00Z. A watermark W says: every row whose event time is W or less has
 * arrived; one that arrives later is late. The lowest and the highest watermark are finite, so that they survive JSON.
 */
import { midnightOf } from '../time/timestamp.ts';
import type { Zone } from '../time/zone.ts';
import type { EventTime, Row, Schema } from '../values/types.ts';

/** The watermark of a stream about which nothing is known yet. */
export const beginningOfTime = -8.64e15;
/** The watermark of a stream that has ended. */
export const endOfTime = 8.64e15;

/** Reads a row's event time, or null if the row has none. Null for rows whose schema names no event time. */
export function eventTimeReader({ eventTime }: Schema): ((row: Row) => number | null) | null {
  if (!eventTime) return null;
  return timeReader(eventTime.column, eventTime.shift);
}

/** Reads a column of times, in milliseconds, plus a shift. Null if there is none. */
export function timeReader(column: string, shift = 0): (row: Row) => number | null {
  return (row) => {
    const time = row[column];
    return typeof time === 'number' ? time + shift : null;
  };
}

/** Whether both name the same column in the same way. */
export function isSameEventTime(a: EventTime | null, b: EventTime | null): boolean {
  return a?.column === b?.column && (a?.shift ?? 0) === (b?.shift ?? 0) && a?.days === b?.days;
}

/** The instant at which the clocks of one zone show what those of another one show at this instant. */
export function sameLocalTime(instant: number, from: Zone, to: Zone): number {
  return Math.abs(instant) < endOfTime ? to.instantOf(instant + from.offsetAt(instant)) : instant;
}

/** Reads a column of times: for a day, its midnight in UTC. Null if there is none. */
export function instantReader(schema: Schema, column: string, shift = 0): (row: Row) => number | null {
  if (schema.columns.find(({ name }) => name === column)?.type !== 'date') return timeReader(column, shift);
  return (row) => {
    const day = row[column];
    return typeof day === 'string' ? midnightOf(day) + shift : null;
  };
}
