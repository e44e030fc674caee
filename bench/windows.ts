/** `node bench/windows.mjs [--keys 500]`: what windows cost by themselves, without a source and a sink. Millions of rows in order of time. */
import { parseArgs } from 'node:util';
import { MemoryState } from '@millrace/kit/keyed-state';
import type { AggregateFunction, WindowSpec } from '@millrace/kit/ops';
import { grouping } from '../engine/operators/group/grouping.ts';
import type { Column, Row, Schema } from '../model/values/types.ts';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '500' }, rows: { type: 'string', default: '1000000' } } });
const rowsPerSecond = 200;
const batchSize = 1000;
const minute = 60_000;
const ids = Array.from({ length: Number(values.keys) }, (_, i) => `sensor-${i}`);
const column = (name: string, type: Column['type'] = 'number'): Column => ({ name, type, nullable: true });
const input: Schema = { columns: [column('time', 'timestamp'), column('id', 'string'), column('value')], eventTime: { column: 'time' } };

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const batches = Array.from({ length: Number(values.rows) / batchSize }, (_, batch): Row[] =>
  Array.from({ length: batchSize }, (_, i) => ({
    time: Math.floor(((batch * batchSize + i) * 1000) / rowsPerSecond),
    id: ids[random(ids.length)]!,
    value: random(100),
  })),
);

/** Each row counts `times` times: what it would cost to count it in every window that holds it. */
function measure(title: string, spec: WindowSpec, functions: readonly AggregateFunction[], times = 1): void {
  let out = 0;
  const operator = grouping({
    input,
    output: { columns: ['window_start', 'window_end', 'id', ...functions].map((name) => column(name)) },
    keys: ['id'],
    window: { spec, column: null, field: 'timeColumn', lateness: 0, early: null, empty: false },
    aggregates: functions.map((name) => ({ function: name, column: 'value', percent: name === 'percentile' ? 95 : null })),
    memory: 32 * 2 ** 20,
    state: () => new MemoryState(),
    yieldNow: () => {},
    signal: new AbortController().signal,
    emit: (_, rows) => {
      out += rows.length;
    },
    fail: ({ message }) => {
      throw new Error(message);
    },
  });
  const { user: before } = process.cpuUsage();
  for (const batch of batches) {
    for (let time = 0; time < times; time++) operator.process(batch, 'rows');
    operator.advance!((batch.at(-1)!['time'] as number) - 1);
  }
  operator.finish!();
  const ms = (process.cpuUsage().user - before) / 1000;
  process.stdout.write(`${functions.join(', ')}: ${title}: ${ms.toFixed(0)} ms, ${out.toLocaleString('en')} rows out\n`);
}

const tumbling = { every: minute, length: minute, offset: 0 };
for (const functions of [['count', 'average'], ['distinctCount'], ['percentile']] as const) {
  // Twice: the first time warms up.
  for (let run = 0; run < 2; run++) {
    measure('tumbling, 1 min', tumbling, functions);
    measure('sliding, 10 min every 1 min', { ...tumbling, length: 10 * minute }, functions);
    measure('tumbling, 1 min, each row 10 times', tumbling, functions, 10);
    measure('session, gap 60 s', { gap: minute }, functions);
  }
}
measure('sliding, 60 min every 1 min', { ...tumbling, length: 60 * minute }, ['count', 'average']);
measure('tumbling, 1 min, each row 60 times', tumbling, ['count', 'average'], 60);
measure('session, gap 1 s', { gap: 1000 }, ['count', 'average']);
