/** The params of windows: their form, their errors, and what is derived from them. */
import type { ProblemCode } from '../model/problems/codes/index.ts';
import { thousands } from '../model/text/thousands.ts';
import { durationText } from '../model/time/duration.ts';
import { zoneProblem } from '../model/time/zone.ts';
import type { Column, Schema } from '../model/values/types.ts';
import { findColumn, onlyTime, timeTypes } from './columns.ts';
import { f, type ParamsOf } from './fields.ts';
import type { NodeProblem } from './node.ts';
import type { Windowing } from './ops.ts';

const dayMs = 86_400_000;
/** Sliding windows that hold one row. */
const mostOverlapping = 10_000;

export const windowFields = {
  window: f.choice({
    label: 'Over',
    default: 'none',
    options: [
      { value: 'none', label: 'The whole input' },
      { value: 'tumbling', label: 'Tumbling windows', help: 'Windows of equal length that follow each other without a gap.' },
      { value: 'calendar', label: 'The calendar', help: 'Hours, days, weeks, months, quarters or years of a time zone.' },
      { value: 'sliding', label: 'Sliding windows', help: 'Windows that overlap: the last hour, every five minutes.' },
      { value: 'session', label: 'Sessions', help: 'Rows of one group that follow each other without a long pause.' },
    ],
  }),
  timeColumn: f.column({
    label: 'Time',
    types: timeTypes,
    optional: true,
    help: 'Leave it empty to go by the event time of the rows.',
    when: { param: 'window', is: ['tumbling', 'calendar', 'sliding', 'session'] },
  }),
  unit: f.choice({
    label: 'Unit',
    default: 'day',
    options: [
      { value: 'hour', label: 'Hours' },
      { value: 'day', label: 'Days' },
      { value: 'week', label: 'Weeks', help: 'They begin on Monday (ISO 8601).' },
      { value: 'month', label: 'Months' },
      { value: 'quarter', label: 'Quarters' },
      { value: 'year', label: 'Years' },
    ],
    when: { param: 'window', is: ['calendar'] },
  }),
  zone: f.text({
    label: 'Time zone',
    default: 'UTC',
    suggest: 'timeZones',
    help: 'The zone whose hours, days or months are meant: Europe/Berlin, UTC or +02:00, for example.',
    when: { param: 'window', is: ['calendar'] },
  }),
  length: f.duration({ label: 'Length', min: 1, default: 300_000, when: { param: 'window', is: ['sliding'] } }),
  every: f.duration({
    label: 'Every',
    min: 1,
    default: 60_000,
    help: 'How often a window begins. Tumbling windows are as long as this.',
    when: { param: 'window', is: ['tumbling', 'sliding'] },
  }),
  gap: f.duration({
    label: 'Gap',
    min: 1,
    default: 300_000,
    help: 'A session ends when its group has had no row for this long.',
    when: { param: 'window', is: ['session'] },
  }),
  lateness: f.duration({
    label: 'Wait for late rows',
    min: 0,
    default: 0,
    help: 'How long after its end a window still accepts late rows. Its result then comes out again.',
    when: { param: 'window', is: ['tumbling', 'calendar', 'sliding', 'session'] },
  }),
  early: f.duration({
    label: 'Early results every',
    whenEmpty: 'none',
    min: 1,
    optional: true,
    help: 'How often, by this machine’s clock, windows give results before they are complete.',
    when: { param: 'window', is: ['tumbling', 'calendar', 'sliding', 'session'] },
  }),
  emptyWindows: f.boolean({
    label: 'Include windows without rows',
    default: false,
    help: 'From its first window on, each group has a row in every window: counts and sums are 0, other results null. This gives a row for each group and window.',
    when: { param: 'window', is: ['tumbling', 'calendar'] },
  }),
  offset: f.duration({
    label: 'Offset',
    min: 0,
    default: 0,
    advanced: true,
    help: 'Moves the start of windows: days that begin at 06:00 are windows of one day with an offset of 6 hours.',
    when: { param: 'window', is: ['tumbling', 'sliding'] },
  }),
};
export type WindowParams = ParamsOf<typeof windowFields>;

/** Params that do not apply to such windows are ignored. */
export function windowOf({ window, timeColumn, unit, zone, every, length, gap, offset, lateness, early, emptyWindows }: WindowParams): Windowing | null {
  const when = { column: timeColumn, field: 'timeColumn', lateness, early, empty: false };
  switch (window) {
    case 'none':
      return null;
    case 'tumbling':
      return { ...when, spec: { every, length: every, offset }, empty: emptyWindows };
    case 'calendar':
      return { ...when, spec: { unit, zone }, empty: emptyWindows };
    case 'sliding':
      return { ...when, spec: { every, length, offset } };
    case 'session':
      return { ...when, spec: { gap } };
  }
}

/** For the card: after "by". */
export function windowText({ window, unit, zone, every, length, gap }: WindowParams): string[] {
  switch (window) {
    case 'none':
      return [];
    case 'tumbling':
      return [`every ${durationText(every)}`];
    case 'calendar':
      return [`${unit} in ${zone}`];
    case 'sliding':
      return [`${durationText(length)} every ${durationText(every)}`];
    case 'session':
      return [`session, gap ${durationText(gap)}`];
  }
}

export function windowProblems({ window, timeColumn, zone, every, length, offset }: WindowParams, rows: Schema | null): NodeProblem[] {
  const problems: NodeProblem[] = [];
  if (window === 'none') return problems;
  if (rows && !rows.eventTime && timeColumn === null) {
    const hint = 'Choose a column with times or days under "Time", or set an event time at the source, or by "Set event time".';
    const fix = onlyTime(rows);
    problems.push({
      code: 'aggregate/no-event-time',
      severity: 'error',
      message: 'The rows have no event time',
      hint,
      field: 'timeColumn',
      ...(fix && { fix }),
    });
  }
  if (rows?.eventTime && watermarkShift(rows, timeColumn) === null) {
    const { column } = rows.eventTime;
    const message = `The event time of these rows is "${column}", so it is not known when a window over "${timeColumn}" is complete: all wait for the end of the input`;
    const hint = `Leave "Time" empty to use the event time, or make "${timeColumn}" the event time at the source.`;
    problems.push({ code: 'aggregate/other-time', severity: 'warning', message, hint, field: 'timeColumn' });
  }
  if (rows && (window === 'tumbling' || window === 'sliding') && offset % dayMs !== 0 && holdsDays(rows, timeColumn)) {
    const message = 'A day has no time: it is at midnight in UTC, which this offset moves into the window before';
    const hint = 'Leave the offset at 0, or go by a column that has the time of day as well.';
    const fix = { title: 'Set the offset to 0', param: 'offset', value: 0 };
    problems.push({ code: 'aggregate/day-offset', severity: 'warning', message, hint, field: 'offset', fix });
  }
  const error = (code: ProblemCode, message: string, hint: string, field: string) => problems.push({ code, severity: 'error', message, hint, field });
  const unknown = window === 'calendar' ? zoneProblem(zone) : null;
  if (unknown) error('aggregate/zone', unknown.message, unknown.hint, 'zone');
  if (window !== 'sliding') return problems;
  if (!Number.isInteger(every) || !Number.isInteger(length)) {
    error('aggregate/fraction', 'Sliding windows are whole milliseconds long', 'Round the length, and how often one begins.', 'length');
  } else if (every > length) {
    error(
      'aggregate/gaps',
      'Rows between two windows would be left out',
      'Make "Length" at least as long as "Every", or filter those rows out first.',
      'every',
    );
  } else if (length / every > mostOverlapping) {
    const message = `Each row would be in ${thousands(Math.ceil(length / every))} windows, and ${thousands(mostOverlapping)} are the most`;
    error('aggregate/overlap', message, 'Let windows begin less often, or make them shorter.', 'every');
  }
  return problems;
}

/** Whether windows are counted in days. */
function holdsDays(rows: Schema, timeColumn: string | null): boolean {
  const { eventTime } = rows;
  const column = timeColumn ?? eventTime?.column ?? '';
  return findColumn(rows, column)?.type === 'date' || (eventTime?.column === column && eventTime.days !== undefined);
}

/** What comes before the columns of groups. */
export function windowColumns(window: Pick<Windowing, 'lateness' | 'early'> | null): Column[] {
  if (window === null) return [];
  const times = ['window_start', 'window_end'].map((name): Column => ({ name, type: 'timestamp', nullable: false }));
  return hasPanes(window) ? [...times, { name: 'pane', type: 'string', nullable: false }] : times;
}

/** Whether results say if they are early, on time or late. */
export function hasPanes({ lateness, early }: Pick<Windowing, 'lateness' | 'early'>): boolean {
  return lateness > 0 || early !== null;
}

/**
 * The distance of the input's watermark from that of the column that counts: a watermark W of the input is W + this for the column. Null if
 * it says nothing about the column, and all windows wait for the end of the input.
 */
export function watermarkShift({ eventTime }: Schema, column: string | null): number | null {
  if (!eventTime || (column !== null && column !== eventTime.column)) return null;
  return column === null ? 0 : -(eventTime.shift ?? 0);
}
