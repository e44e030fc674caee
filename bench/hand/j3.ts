/** CSV -> filter -> 1-minute tumbling window per sensor (count, average) -> SQLite. The input is in order of time. */
import { eachReading } from './csv.ts';
import { table } from './sqlite.ts';

const [input, output] = process.argv.slice(2) as [string, string];
const out = table(output, ['id TEXT', 'window_start TIMESTAMP', 'window_end TIMESTAMP', 'readings INTEGER', 'temperature REAL']);
let minute = '';
let start = 0;
let bySensor = new Map<string, { count: number; sum: number; values: number }>();

eachReading(input, (row) => {
  if (!(row.status !== 'error')) return;
  if (!row.time.startsWith(minute) || minute === '') {
    fire();
    minute = row.time.slice(0, 17);
    start = Date.parse(`${minute}00Z`);
  }
  let state = bySensor.get(row.id);
  if (!state) {
    state = { count: 0, sum: 0, values: 0 };
    bySensor.set(row.id, state);
  }
  state.count++;
  if (row.temperature === null) return;
  state.sum += row.temperature;
  state.values++;
});
fire();
out.end();

function fire(): void {
  if (bySensor.size === 0) return;
  const from = new Date(start).toISOString();
  const to = new Date(start + 60_000).toISOString();
  for (const [id, { count, sum, values }] of bySensor) out.insert(id, from, to, count, values === 0 ? null : sum / values);
  bySensor = new Map();
}
