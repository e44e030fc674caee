/** The times that windows go by. */
import { eventTimeReader, sameLocalTime } from '../../engine/schema/event-time.ts';
import { parseTimestamp } from '../../engine/schema/timestamp.ts';
import type { Row, Schema, Value } from '../../engine/schema/types.ts';
import { utc, type Zone, zoneOf } from '../../engine/schema/zone.ts';
import { findColumn } from './columns.ts';
import { columnReader } from './rows.ts';
import type { WindowSpec } from './windows.ts';

export interface WindowTimes {
  /** Puts the time of each row into `values`, or null where it has none. */
  read(rows: readonly Row[], values: Value[]): void;
  /** What a watermark of the column says of these times. */
  watermark(watermark: number): number;
}

/**
 * `column` is null for the event time. Windows of a calendar take a day, which has no zone, for that day in their own zone: it
 * is at the midnight there. Other windows are aligned to UTC, and so are days in them.
 */
export function windowTimes(input: Schema, { spec, column }: { readonly spec: WindowSpec; readonly column: string | null }): WindowTimes {
  const { eventTime } = input;
  const name = column ?? eventTime!.column;
  const here = 'calendar' in spec ? spec.calendar.zone : utc;
  if (findColumn(input, name)?.type === 'date') return { read: dayReader(name, here), watermark: (watermark) => watermark };
  const days = eventTime?.column === name && 'calendar' in spec ? zoneOf(eventTime.days ?? here.name)! : here;
  if (days !== here) return movedDays(name, days, here);
  return { read: timeReader(name, column === null ? (eventTime!.shift ?? 0) : 0), watermark: (watermark) => watermark };
}

/** Days as their midnights in a zone. */
function dayReader(column: string, zone: Zone): WindowTimes['read'] {
  const read = columnReader(column);
  return (rows, values) => {
    read(rows, values);
    for (let i = 0; i < rows.length; i++) values[i] = typeof values[i] === 'string' ? zone.instantOf(parseTimestamp(values[i] as string)!) : null;
  };
}

/** Days that were read as midnights in one zone, as midnights in another one. */
function movedDays(column: string, from: Zone, to: Zone): WindowTimes {
  const read = columnReader(column);
  return {
    read(rows, values) {
      read(rows, values);
      for (let i = 0; i < rows.length; i++) if (typeof values[i] === 'number') values[i] = sameLocalTime(values[i] as number, from, to);
    },
    // All rows up to the watermark have come, so the next one is a millisecond later at the earliest.
    watermark: (watermark) => sameLocalTime(watermark + 1, from, to) - 1,
  };
}

function timeReader(column: string, shift: number): WindowTimes['read'] {
  if (shift === 0) return columnReader(column);
  const read = eventTimeReader({ columns: [], eventTime: { column, shift } })!;
  return (rows, values) => {
    for (let i = 0; i < rows.length; i++) values[i] = read(rows[i]!);
  };
}
