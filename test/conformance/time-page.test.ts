/** docs/time.md: what its tables say is what happens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Params, validateParams } from '@millrace/kit/params';
import { ColumnTimes } from '@millrace/kit/sources/column-times';
import { type ColumnTimeParams, columnTimeFields, withTimeColumn } from '@millrace/kit/sources/event-time-source';
import { type ColumnTime, type TimeFormat, timeValues } from '@millrace/kit/sources/time-values';
import { describe, expect, test } from 'vitest';
import { formatTimestamp, parseTimestamp } from '../../model/time/timestamp.ts';
import type { Row, Value } from '../../model/values/types.ts';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import { playStream, type StreamEvent, timed } from '../semantics/stream.ts';
import { schema } from '../transform-trial.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/time.md'), 'utf8');
/** The rows of the table with this head, as cells. */
function table(head: string): string[][] {
  const start = page.indexOf(head);
  if (start === -1) throw new Error(`docs/time.md has no table "${head}"`);
  const lines = page.slice(start, page.indexOf('\n\n', start)).split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
const code = (cell: string): string => codes(cell)[0]!;

const day = Date.UTC(2026, 0, 31);
const at = (clock: string): number => day + Date.parse(`1970-01-01T${clock}Z`);
const clock = (time: number): string => formatTimestamp(time).slice(11, 16);
const minutes = (cell: string): number | null => (cell === 'never' ? null : Number.parseInt(cell, 10) * 60_000);
const plain: ColumnTime = { column: 'time', reading: null, outOfOrder: 0, idleAfter: null, quietAfter: null, ahead: null };
const readings = timed(schema({ time: 'timestamp', sensor: 'string?' }), 'time');
const counting = { groupBy: ['sensor'], aggregations: [{ function: 'count', name: 'n' }] };
const played = (params: Params, ...events: StreamEvent[]) =>
  playStream(aggregate, { params: { ...counting, ...params }, inputs: { rows: readings }, events }).emitted;

test.each(table('| Time format |'))('as %s, %s is %s', (label, value, instant) => {
  const format = columnTimeFields.timeFormat.options.find((option) => option.label === label)!.value as TimeFormat;
  const read = timeValues({ format, pattern: '', zone: 'UTC', finer: 'fail' }).read(code(value!));
  expect(formatTimestamp(read)).toBe(code(instant!));
});

test.each(table('| Text, as'))('%s in %s is %s', (text, zone, instant) => {
  const values = timeValues({ format: 'pattern', pattern: 'dd.MM.yyyy HH:mm', zone: code(zone!), finer: 'fail' });
  expect(formatTimestamp(values.read(code(text!)))).toBe(code(instant!));
});

test.each(table('| Times, in order of arrival |'))('%s, out of order by %s: the watermark is %s, late is %s', (times, bound, watermark, late) => {
  const rows = codes(times!).map((time): Row => ({ time: at(time), sensor: null }));
  const context = { now: () => day, elapsed: () => 0, log: () => {}, fail: () => {} };
  const events: StreamEvent[] = [];
  let reached = 0;
  const source = new ColumnTimes(context, { ...plain, outOfOrder: minutes(bound!)! });
  for (const row of rows) {
    const batch = source.time({ rows: [row] });
    for (const step of (batch.watermarks ?? []).filter(({ after }) => after === 0)) events.push({ watermark: step.watermark });
    events.push({ rows: batch.rows });
    for (const step of (batch.watermarks ?? []).filter(({ after }) => after === 1)) events.push({ watermark: step.watermark });
    reached = batch.watermarks?.at(-1)?.watermark ?? reached;
  }
  expect(clock(reached + 1)).toBe(code(watermark!));
  const found = played({ window: 'tumbling', every: 300_000 }, ...events).filter(({ port }) => port === 'late');
  expect(found.flatMap((emission) => emission.rows.map(({ time }) => clock(time as number)))).toEqual(codes(late!));
});

test.each(table('| Close windows when quiet for |'))('quiet for %s, without rows for %s at %s: the watermark is %s', (setting, silence, now, watermark) => {
  let time = at(code(now!)) - minutes(silence!)!;
  const context = { now: () => time, elapsed: () => time, log: () => {}, fail: () => {} };
  const source = new ColumnTimes(context, { ...plain, quietAfter: minutes(setting!) });
  const first = source.time({ rows: [{ time: at('12:03') }] }).watermarks!.at(-1)!.watermark;
  time = at(code(now!));
  expect(clock((source.waiting().watermark ?? first) + 1)).toBe(code(watermark!));
});

test.each(table('| Windows | Time of the row'))('%s: %s is in the window from %s to %s', (windows, time, from, to) => {
  const [, unit, zone] = /^(\w+) in (.+)$/.exec(windows!) ?? [];
  const params: Params = unit === undefined ? { window: 'tumbling', every: minutes(windows!.split(', ')[1]!) } : { window: 'calendar', unit, zone: zone! };
  const [result] = played(params, { rows: [{ time: parseTimestamp(code(time!))!, sensor: null }] })[0]!.rows;
  expect([result!['window_start'], result!['window_end']].map((each) => formatTimestamp(each as number))).toEqual([code(from!), code(to!)]);
});

test.each(table('| The day of the row |'))('the day %s is in the window from %s to %s, by the event time and by a column', (day, from, to) => {
  const calendar = { window: 'calendar', unit: 'day', zone: 'America/New_York' };
  const found = withTimeColumn(
    schema({ day: 'date', sensor: 'string?' }),
    validateParams(columnTimeFields, { timeColumn: 'day' }, {}).params as ColumnTimeParams,
  );
  const inputs = [
    { params: calendar, schema: 'schema' in found ? found.schema : null, value: parseTimestamp(code(day!))! },
    { params: { ...calendar, timeColumn: 'day' }, schema: schema({ day: 'date', sensor: 'string?' }), value: code(day!) },
  ];
  for (const { params, schema: rows, value } of inputs) {
    // The first row of the next day, a day being its midnight in UTC, says that this one is complete.
    const events = [{ rows: [{ day: value, sensor: null }] }, { watermark: parseTimestamp(code(day!))! + 86_400_000 - 1 }];
    const { emitted } = playStream(aggregate, { params: { ...counting, ...params }, inputs: { rows: rows! }, events });
    const [result] = emitted[0]!.rows;
    expect([result!['window_start'], result!['window_end']].map((each) => formatTimestamp(each as number))).toEqual([code(from!), code(to!)]);
  }
});

describe('windows without rows', () => {
  test.each(table('| Rows | Windows that come out'))('%s: %s', (rows, results) => {
    const input = codes(rows!).map((text): Row => ({ sensor: text.split(' ')[0]!, time: at(text.split(' ')[1]!) }));
    const text = ({ sensor, window_start, n }: { readonly [column: string]: Value }) => `${sensor} ${clock(window_start as number)} ${n}`;
    const found = played({ window: 'tumbling', every: 3_600_000, emptyWindows: true }, { rows: input }).flatMap((emission) => emission.rows.map(text));
    expect(found.sort()).toEqual(codes(results!));
  });
});
