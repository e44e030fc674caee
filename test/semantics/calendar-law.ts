/** The law of the calendar: its stretches partition time. */
import { expect } from 'vitest';
import { Calendar, type CalendarUnit } from '../../model/time/calendar.ts';
import { type Zone, zoneOf } from '../../model/time/zone.ts';

const dayMs = 86_400_000;

/** From 1970 to 2040; for hours, in some years and around each change of the zone's offset. */
export function expectPartition(name: string, unit: CalendarUnit): void {
  const zone = zoneOf(name)!;
  const calendar = new Calendar(zone, unit);
  const years = [1975, 1999, 2011, 2026].map((year) => [Date.UTC(year, 0), Date.UTC(year + 1, 0)] as const);
  const spans = unit === 'hour' ? [...years, ...changesOf(zone).map((day) => [day - dayMs, day + 2 * dayMs] as const)] : [[0, Date.UTC(2040, 0)] as const];
  for (const [from, to] of spans) {
    for (let start = calendar.startOf(from); start < to; ) {
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

/** The days from 1970 to 2040 in which the offset changes. */
function changesOf(zone: Zone): number[] {
  const days: number[] = [];
  for (let day = 0; day < Date.UTC(2040, 0); day += dayMs) if (zone.offsetAt(day) !== zone.offsetAt(day + dayMs)) days.push(day);
  return days;
}
