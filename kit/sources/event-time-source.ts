/**
 * Gives every source an event time and a watermark, so that no source needs code for it: params in addition to its own, and a reader around
 * its reader. If no event time is chosen, the source runs unchanged.
 */

import { itemAt, missing } from '../../model/faults/missing.ts';
import { nullness } from '../../model/schema/nulls.ts';
import { zoneOf, zoneProblem } from '../../model/time/zone.ts';
import type { Column, ColumnType, Schema } from '../../model/values/types.ts';
import { columnOf, onlyTime } from '../columns.ts';
import { f, type ParamsOf } from '../fields.ts';
import { isDayPattern, patternHelp, patternProblem } from '../formats/time-pattern.ts';
import type { Inference, NodeProblem, Reader, SourceContext, SourceDefinition } from '../node.ts';
import { outputColumnProblem } from '../params.ts';
import type { ColumnTime } from './time-values.ts';
import { ArrivalReader, ColumnTimeReader, disorderOf, type TimedPosition } from './timed-readers.ts';

const dayMs = 86_400_000;
const group = 'Event time';
const byColumn = { param: 'eventTime', is: ['column'] } as const;
const inPattern = { param: 'timeFormat', is: ['pattern'] } as const;
const ofText = { param: 'timeFormat', is: ['automatic', 'pattern'] } as const;

/** How a column is read as a time, and its watermark. */
export const columnTimeFields = {
  timeColumn: f.column({ label: 'Time column', group, optional: true, types: ['timestamp', 'date', 'string', 'integer', 'number'] }),
  timeFormat: f.choice({
    label: 'Time format',
    group,
    default: 'automatic',
    options: [
      { value: 'automatic', label: 'Timestamps, or text in ISO 8601' },
      { value: 'seconds', label: 'Seconds since 1970' },
      { value: 'milliseconds', label: 'Milliseconds since 1970' },
      { value: 'microseconds', label: 'Microseconds since 1970' },
      { value: 'nanoseconds', label: 'Nanoseconds since 1970' },
      { value: 'pattern', label: 'Text by a pattern' },
    ],
  }),
  timePattern: f.text({ label: 'Time pattern', group, default: 'dd/MM/yyyy HH:mm:ss', help: patternHelp, when: inPattern }),
  timeZone: f.text({
    label: 'Time zone',
    group,
    default: '+00:00',
    suggest: 'timeZones',
    help: 'Of days, and of text that names no offset itself: Europe/Berlin, UTC, +02:00. Of a local time that comes twice when the clocks go back, the first counts.',
    when: ofText,
  }),
  timeFiner: f.choice({
    label: 'Finer than 1 ms',
    group,
    default: 'fail',
    advanced: true,
    help: 'Event times are milliseconds. A time that is cut off takes the place of the one in the row.',
    options: [
      { value: 'fail', label: 'Does not fit' },
      { value: 'cut', label: 'Is cut off' },
    ],
  }),
  outOfOrder: f.duration({
    label: 'Out of order by at most',
    group,
    default: 0,
    min: 0,
    help: 'How far a time may be before the latest time so far. Windows wait this much longer. Input that ends loses no rows to their order: it is read again if this is too short.',
  }),
  idleAfter: f.duration({
    label: 'Idle after',
    group,
    placeholder: 'never',
    optional: true,
    min: 1,
    help: 'After this long without rows, the source no longer holds back windows over several sources. Empty: it always does.',
  }),
  quietAfter: f.duration({
    label: 'Close windows when quiet for',
    group,
    placeholder: 'never',
    optional: true,
    min: 1,
    help: "After this long without rows, event time advances with this machine's clock, behind it by as much, and the last windows close. Rows that arrive later with older times are then late. Empty: the last windows wait for more rows.",
  }),
  ahead: f.duration({
    label: 'At most ahead of the clock',
    group,
    placeholder: 'no limit',
    optional: true,
    advanced: true,
    min: 0,
    default: dayMs,
    help: "A time that is further ahead of this machine's clock closes no window, so that one wrong clock does not make all other rows late. Empty: no limit.",
  }),
};
export type ColumnTimeParams = ParamsOf<typeof columnTimeFields>;

const { timeColumn, timeFormat, timePattern, timeZone, timeFiner, outOfOrder, idleAfter, quietAfter, ahead } = columnTimeFields;
const fields = {
  eventTime: f.choice({
    label: 'Event time',
    group,
    default: 'none',
    help: 'Windows group rows by it.',
    options: [
      { value: 'none', label: 'None' },
      { value: 'column', label: 'A column', help: 'The time in a column of the row.' },
      {
        value: 'arrival',
        label: 'Arrival',
        help: 'The time at which this machine read the row. If its clock is set back, event time continues from where it was, a tenth slower, until the clock has caught up.',
      },
    ],
  }),
  // Optional for `validateParams`, so that the source can be looked at before one is chosen: `infer` reports that it is missing.
  timeColumn: { ...timeColumn, of: 'output' as const, when: byColumn },
  timeFormat: { ...timeFormat, when: byColumn },
  timePattern,
  timeZone,
  timeFiner: { ...timeFiner, when: byColumn },
  outOfOrder: { ...outOfOrder, when: byColumn },
  idleAfter: { ...idleAfter, when: byColumn },
  quietAfter: { ...quietAfter, when: byColumn },
  ahead: { ...ahead, when: byColumn },
  arrivalColumn: f.text({ label: 'Column for the arrival', group, default: 'arrived_at', when: { param: 'eventTime', is: ['arrival'] } }),
};
export type EventTimeParams = ParamsOf<typeof fields>;

/** The source with an event time. Throws if it declares a param of the same name itself. */
export function withEventTime(definition: SourceDefinition): SourceDefinition {
  const { eventTime: hint } = definition;
  const timeColumn = hint ? { ...fields.timeColumn, default: hint.column } : fields.timeColumn;
  const { default: _, ...anyTime } = fields.ahead;
  const own: typeof fields = { ...fields, timeColumn, ahead: hint?.simulated ? (anyTime as typeof fields.ahead) : fields.ahead };
  const clash = Object.keys(own).find((name) => Object.hasOwn(definition.params, name));
  if (clash !== undefined) throw new Error(`The source "${definition.type}" declares a param "${clash}", which every source has`);
  const port = itemAt(definition.outputs, 0).name;
  const { split } = definition;
  return {
    ...definition,
    // Each row has arrived after the one before it.
    ...(split && { split: (context, wanted) => split(context, isByArrival(context.params) ? { ...wanted, most: 1 } : wanted) }),
    params: { ...definition.params, ...own },
    holdsBack: ({ eventTime, idleAfter, quietAfter }) => eventTime === 'column' && idleAfter === null && quietAfter === null && !hint?.simulated,
    timesByReading: ({ eventTime }) => eventTime === 'arrival',
    infer: (context) => inferTimes(definition.infer(context), context.params as EventTimeParams, port),
    run(context) {
      const params = context.params as EventTimeParams;
      if (params.eventTime === 'none') return definition.run(context);
      const start = context.start as TimedPosition | null;
      const schema = context.outputs[port] ?? missing(`the output "${port}"`);
      const inner = { ...context, start: start?.source ?? null, outputs: { ...context.outputs, [port]: schemaWithin(schema, params) } };
      const open = () => definition.run(inner);
      if (params.eventTime === 'arrival') return around(open(), (reader) => new ArrivalReader(reader, context, params.arrivalColumn, start?.time ?? null));
      const time = columnTime(params, schema.eventTime?.from ?? 'timestamp');
      const { order } = context;
      if (!order || order.startsOver || order.disorder !== null) return around(open(), (reader) => new ColumnTimeReader(reader, context, time, start));
      return measuredFirst(() => definition.run({ ...inner, fail: () => {}, refuse: () => {}, log: () => {} }), open, context, time);
    },
  };
}

function isByArrival(params: object): boolean {
  return (params as EventTimeParams).eventTime === 'arrival';
}

function around(opened: Reader | Promise<Reader>, time: (reader: Reader) => Reader): Reader | Promise<Reader> {
  return opened instanceof Promise ? opened.then(time) : time(opened);
}

/** At the start, the source is read once in advance, to know how far its rows are out of order: its position keeps that. */
async function measuredFirst(
  openOnce: () => Reader | Promise<Reader>,
  open: () => Reader | Promise<Reader>,
  context: SourceContext,
  time: ColumnTime,
): Promise<Reader> {
  const start = context.start as TimedPosition | null;
  // A checkpoint of a run that did not need it: nothing is known about the remaining rows.
  const disorder = start ? (start.disorder ?? Number.POSITIVE_INFINITY) : await disorderOf(await openOnce(), context, time);
  const known = { ...context, order: { disorder, startsOver: false } };
  return new ColumnTimeReader(await open(), known, time, start, Number.isFinite(disorder) ? disorder : null);
}

function inferTimes(inference: Inference, params: EventTimeParams, port: string): Inference {
  const schema = inference.outputs[port];
  if (!schema || params.eventTime === 'none') return inference;
  const found = params.eventTime === 'arrival' ? withArrival(schema, params) : withTimeColumn(schema, params);
  if ('schema' in found) return { ...inference, outputs: { ...inference.outputs, [port]: found.schema } };
  return { ...inference, problems: [...(inference.problems ?? []), ...(found.problem ? [found.problem] : [])] };
}

export type Found = { readonly schema: Schema } | { readonly problem: NodeProblem | null };

function withArrival(schema: Schema, { arrivalColumn: name }: EventTimeParams): Found {
  // Already reported as missing.
  if (name === '') return { problem: null };
  if (schema.columns.some((column) => column.name === name)) {
    const message = `There is a column "${name}" already`;
    return {
      problem: { code: 'event-time/column', severity: 'error', message, hint: 'Give the column for the arrival another name.', field: 'arrivalColumn' },
    };
  }
  return { schema: { columns: [...schema.columns, { name, type: 'timestamp', nullable: false }], eventTime: { column: name } } };
}

/** The schema with the event time that these params make of one of its columns. A missing column is reported. */
export function withTimeColumn(schema: Schema, { timeColumn, timeFormat, timePattern, timeZone }: ColumnTimeParams): Found {
  if (!timeColumn) {
    const message = 'Time column is missing';
    const fix = onlyTime(schema);
    const hint = 'Choose the column that holds the event time.';
    return { problem: { code: 'event-time/column', severity: 'error', message, hint, field: 'timeColumn', ...(fix && { fix }) } };
  }
  const wrong = outputColumnProblem(schema, fields.timeColumn, timeColumn, 'timeColumn');
  if (wrong) return { problem: wrong };
  const found = columnOf(schema, timeColumn);
  const problem = (field: string, message: string, hint: string): Found => ({
    problem: { code: 'event-time/format', severity: 'error', message, hint, field },
  });
  const isText = found.type === 'string' || found.type === 'date';
  if (found.type !== 'timestamp') {
    if (timeFormat === 'automatic' && !isText) {
      return problem('timeFormat', `Column "${timeColumn}" is of type ${found.type}: it is not known what it counts`, 'Choose a time format.');
    }
    if (timeFormat === 'pattern') {
      const patternFault = patternProblem(timePattern);
      if (!isText) return problem('timeFormat', `Column "${timeColumn}" is of type ${found.type}, not text`, 'Choose what its numbers count.');
      if (patternFault !== null) return problem('timePattern', `"${timePattern}" is not a time format. ${patternFault}`, patternHelp);
    }
    const unknown = timeFormat === 'automatic' || timeFormat === 'pattern' ? zoneProblem(timeZone) : null;
    if (unknown) return problem('timeZone', unknown.message, unknown.hint);
  }
  const column: Column = { name: timeColumn, type: 'timestamp', nullable: false };
  const columns = schema.columns.map((other) => (other === found ? column : other));
  const days = daysOf(found, schema, { timeFormat, timePattern, timeZone });
  return { schema: { columns, eventTime: { column: timeColumn, ...(found.type !== 'timestamp' && { from: found.type }), ...(days !== null && { days }) } } };
}

/** The zone of the midnights as which days are read; null if the column has no days, or no zone is known. */
function daysOf({ name, type }: Column, { eventTime }: Schema, reading: Pick<ColumnTimeParams, 'timeFormat' | 'timePattern' | 'timeZone'>): string | null {
  if (type === 'timestamp') return eventTime?.column === name ? (eventTime.days ?? null) : null;
  const { timeFormat, timePattern, timeZone } = reading;
  const areDays = timeFormat === 'automatic' ? type === 'date' : timeFormat === 'pattern' && isDayPattern(timePattern);
  return areDays ? (zoneOf(timeZone)?.name ?? null) : null;
}

/** The schema that the source itself promised: the inverse of `infer`. */
function schemaWithin({ columns, eventTime }: Schema, params: EventTimeParams): Schema {
  if (params.eventTime === 'arrival') return { columns: columns.slice(0, -1) };
  return {
    columns: columns.map((column) => (column.name === eventTime?.column ? { ...column, type: eventTime.from ?? 'timestamp', ...nullness([], true) } : column)),
  };
}

/** `type`: the incoming type of the time column. */
export function columnTime(params: ColumnTimeParams, type: ColumnType): ColumnTime {
  const { timeColumn, timeFormat: format, timePattern, timeZone, timeFiner: finer, outOfOrder, idleAfter, quietAfter, ahead } = params;
  const pattern = format === 'pattern' ? timePattern : '';
  const zone = format === 'pattern' || format === 'automatic' ? timeZone : '';
  const reading = type === 'timestamp' ? null : { format, pattern, zone, finer };
  return { column: timeColumn ?? '', reading, outOfOrder, idleAfter, quietAfter, ahead };
}
