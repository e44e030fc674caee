/** The times that windows go by. */

import { findColumn } from '@millrace/kit/columns';
import type { Windowing } from '@millrace/kit/ops';
import { missing } from '../../../model/faults/missing.ts';
import { instantReader, sameLocalTime } from '../../../model/schema/event-time.ts';
import { midnightOf } from '../../../model/time/timestamp.ts';
import { utc, type Zone, zoneOf } from '../../../model/time/zone.ts';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import { columnReader } from '../rows/rows.ts';

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
export function windowTimes(input: Schema, { spec, column }: Pick<Windowing, 'spec' | 'column'>): WindowTimes {
  const { eventTime } = input;
  const name = column ?? eventTime?.column ?? missing('the column of the event time');
  const here = ('unit' in spec && zoneOf(spec.zone)) || utc;
  if (findColumn(input, name)?.type === 'date') return { read: dayReader(name, here), watermark: (watermark) => watermark };
  const days = eventTime?.column === name && 'unit' in spec ? (zoneOf(eventTime.days ?? here.name) ?? missing(`the zone ${eventTime.days}`)) : here;
  if (days !== here) return movedDays(name, days, here);
  return { read: timeReader(name, column === null ? (eventTime?.shift ?? 0) : 0), watermark: (watermark) => watermark };
}

/** Days as their midnights in a zone. */
function dayReader(column: string, zone: Zone): WindowTimes['read'] {
  const read = columnReader(column);
  return (rows, values) => {
    read(rows, values);
    for (let i = 0; i < rows.length; i++) values[i] = typeof values[i] === 'string' ? zone.instantOf(midnightOf(values[i] as string)) : null;
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
  const read = instantReader({ columns: [] }, column, shift);
  return (rows, values) => {
    let i = 0;
    for (const row of rows) values[i++] = read(row);
  };
}
