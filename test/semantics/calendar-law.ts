/** The law of the calendar: its stretches partition time. */
import { expect } from 'vitest';
import { Calendar, type CalendarUnit } from '../../engine/schema/calendar.ts';
import { zoneOf } from '../../engine/schema/zone.ts';

/** From 1970 to 2040; for hours, in some years. */
export function expectPartition(name: string, unit: CalendarUnit): void {
  const calendar = new Calendar(zoneOf(name)!, unit);
  const spans = unit === 'hour' ? [1975, 1999, 2011, 2026].map((year) => [year, year + 1] as const) : [[1970, 2040] as const];
  for (const [from, to] of spans) {
    for (let start = calendar.startOf(Date.UTC(from, 0)); start < Date.UTC(to, 0); ) {
      const end = calendar.endOf(start);
      const middle = start + Math.floor((end - start) / 2);
      const isWhole = [start, middle, end - 1].every((instant) => calendar.startOf(instant) === start);
      if (!(end > start && isWhole && calendar.startOf(end) === end)) {
        expect.fail(`${name} ${unit}: ${new Date(start).toISOString()} to ${new Date(end).toISOString()}`);
      }
      start = end;
    }
  }
}
