/** Stretches of the calendar in a time zone: hours, days, weeks, months, quarters and years as people there count them. */
import { maxTimestamp } from './timestamp.ts';
import type { Zone } from './zone.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

export const calendarUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type CalendarUnit = (typeof calendarUnits)[number];

/**
 * Divides all of time into stretches, each from its start up to the next one's. A day begins at the first instant of its date, a week on
 * Monday (ISO 8601). If the clocks are put back across midnight, what comes after the first midnight belongs to the new day. If they are
 * changed by less than an hour, the hour of the change is shorter.
 */
export class Calendar {
  readonly zone: Zone;
  readonly #unit: CalendarUnit;

  constructor(zone: Zone, unit: CalendarUnit) {
    this.zone = zone;
    this.#unit = unit;
  }

  /** The start of the stretch that contains an instant; an instant outside the range of time is its own start. */
  startOf(instant: number): number {
    if (!(Math.abs(instant) < maxTimestamp)) return instant;
    if (this.#unit === 'hour') return this.#hourOf(instant).start;
    const first = floorLocal(instant + this.zone.offsetAt(instant), this.#unit, 0);
    // The next one may have begun already, before the clocks were put back.
    const next = this.zone.instantOf(floorLocal(first, this.#unit, 1));
    return next <= instant ? next : this.zone.instantOf(first);
  }

  /** The start of the stretch after the one that starts here. */
  endOf(start: number): number {
    if (!(Math.abs(start) < maxTimestamp)) return start;
    if (this.#unit === 'hour') return this.#hourOf(start).end;
    const local = start + this.zone.offsetAt(start);
    for (let steps = 1; ; steps++) {
      const end = this.zone.instantOf(floorLocal(local, this.#unit, steps));
      // A day that a zone skips is over before it begins.
      if (end > start) return end;
    }
  }

  #hourOf(instant: number): { readonly start: number; readonly end: number } {
    const offset = this.zone.offsetAt(instant);
    const start = Math.floor((instant + offset) / hourMs) * hourMs - offset;
    const { from, to } = this.zone.changesAround(instant);
    return { start: Math.max(start, from), end: Math.min(start + hourMs, to) };
  }
}

/** For a local time, given as if it were UTC: the start of its stretch, or of one that is this many later. */
function floorLocal(local: number, unit: Exclude<CalendarUnit, 'hour'>, later: number): number {
  if (unit === 'day') return (Math.floor(local / dayMs) + later) * dayMs;
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return (Math.floor((local / dayMs + 3) / 7) + later) * 7 * dayMs - 3 * dayMs;
  // At the ends of time, local times of some zones are outside the range of a Date.
  const date = new Date(Math.min(maxTimestamp, Math.max(-maxTimestamp, local)));
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (unit === 'month') return startOfMonth(year, month + later);
  if (unit === 'quarter') return startOfMonth(year, (Math.floor(month / 3) + later) * 3);
  return startOfMonth(year + later, 0);
}

function startOfMonth(year: number, month: number): number {
  // `Date.UTC` treats years below 100 as those of the twentieth century.
  const time = new Date(0).setUTCFullYear(year, month, 1);
  return Number.isNaN(time) ? Math.sign(year) * maxTimestamp : time;
}
