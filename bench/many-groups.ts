/**
 * `node bench/many-groups.mjs [--groups 5000000] [--memory 64] [--window none]`: an aggregation of more groups than memory is to hold,
 * over the state of a run. Twice as many rows as groups, in no order. Processor time, and the most memory the process had.
 */
import { parseArgs } from 'node:util';
import { grouping } from '../engine/operators/group/grouping.ts';
import { NodeStates } from '../engine/runners/local/node-states.ts';
import type { Column, Row, Schema } from '../model/values/types.ts';

const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '5000000' },
    memory: { type: 'string', default: '64' },
    window: { type: 'string', default: 'none' },
  },
});
const groups = Number(values.groups);
const batchSize = 1000;
const hour = 3_600_000;
const column = (name: string, type: Column['type'] = 'number'): Column => ({ name, type, nullable: true });
const input: Schema = { columns: [column('time', 'timestamp'), column('id', 'string'), column('value')], eventTime: { column: 'time' } };
const spec = values.window === 'session' ? { gap: hour } : { every: hour, length: hour, offset: 0 };
const window = values.window === 'none' ? null : { spec, column: null, field: 'timeColumn', lateness: 0, early: null, empty: false };

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

const states = new NodeStates({ memory: Number(values.memory) * 2 ** 20 });
let out = 0;
let sum = 0;
const operator = grouping({
  input,
  output: { columns: [...(window ? ['window_start', 'window_end'] : []), 'id', 'count', 'average'].map((name) => column(name)) },
  keys: ['id'],
  window,
  aggregates: (['count', 'average'] as const).map((name) => ({ function: name, column: 'value', percent: null })),
  memory: states.limit / 2,
  state: (name) => states.of('aggregate').open(name),
  yieldNow: () => {},
  signal: new AbortController().signal,
  emit: (_, rows) => {
    out += rows.length;
    for (const row of rows) sum += row['count'] as number;
  },
  fail: ({ message }) => {
    throw new Error(message);
  },
});
const started = performance.now();
for (let row = 0; row < 2 * groups; row += batchSize) {
  const rows = Array.from({ length: batchSize }, (_, i): Row => ({ time: Math.floor((row + i) / 100), id: `device-${random(groups)}`, value: random(100) }));
  operator.process(rows, 'rows');
}
const read = performance.now();
const { entries, bytes } = operator.stateSize!();
operator.finish!();
const { user, system } = process.cpuUsage();
const megabytes = (of: number) => `${Math.round(of / 2 ** 20)} MB`;
process.stdout.write(
  `${values.window}, ${values.memory} MB: ${((user + system) / 1e6).toFixed(1)} s of processor time; ${((read - started) / 1000).toFixed(1)} s reading, ${((performance.now() - read) / 1000).toFixed(1)} s at the end; ` +
    `${out.toLocaleString('en')} groups of ${sum.toLocaleString('en')} rows; ${entries.toLocaleString('en')} entries, ${megabytes(bytes)} held; ` +
    `peak memory ${megabytes(process.resourceUsage().maxRSS * 1024)}\n`,
);
states.close();
