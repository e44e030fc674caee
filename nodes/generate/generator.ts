import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import { thousands } from '../../model/text/thousands.ts';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import { Pace } from './pace.ts';
import { randomAt } from './random.ts';

const regions = ['north', 'south', 'east', 'west'] as const;
const dayMs = 86_400_000;
/** The maximum number of rows that are shuffled together: they are kept in memory. */
const maxBlock = 65_536;
const schema: Schema = {
  columns: [
    { name: 'time', type: 'timestamp', nullable: false },
    { name: 'sensor', type: 'string', nullable: false },
    { name: 'region', type: 'string', nullable: false },
    { name: 'temperature', type: 'number', nullable: true },
    { name: 'humidity', type: 'number', nullable: false },
    { name: 'status', type: 'string', nullable: false },
  ],
};

export default defineNode({
  type: 'generator',
  kind: 'source',
  title: 'Generator',
  summary: 'Generates sensor readings at any rate. The same seed always gives the same rows.',
  category: 'Generate',
  icon: 'wave-sine',
  version: 1,
  keywords: ['test', 'demo', 'random', 'sensor', 'fake', 'sample'],
  docs: `
Generates readings of weather sensors: \`time\`, \`sensor\`, \`region\`, \`temperature\` in degrees Celsius (1 in 100 is null), \`humidity\` in percent, and \`status\` (ok, warn or error). Times continue from **First time** in even steps, or are those of this machine's clock.

Use it to try out and measure a pipeline. The rows depend only on the seed: a run that resumes in the middle, or runs at another rate, generates the same ones (except for times by the clock).

To see how a pipeline handles real streams:

- **Out of order** shuffles the rows. None is moved by more than that time, and at most ${thousands(maxBlock)} rows are shuffled together.
- **Late rows** have a time that is earlier than it should be, by **Late by** plus the time out of order.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ endless }) => !endless,
  eventTime: { column: 'time', simulated: true },
  params: {
    endless: f.boolean({ label: 'Never ends', default: false }),
    count: f.number({ label: 'Rows', default: 1000, min: 0, integer: true, when: { param: 'endless', is: [false] } }),
    rate: f.number({ label: 'Rate', default: 0, min: 0, unit: 'rows/s', help: '0: as fast as the pipeline can.' }),
    sensors: f.number({ label: 'Sensors', default: 20, min: 1, max: 100_000, integer: true }),
    times: f.choice({
      label: 'Times',
      default: 'steps',
      advanced: true,
      options: [
        { value: 'steps', label: 'In even steps' },
        { value: 'clock', label: "By this machine's clock" },
      ],
    }),
    start: f.text({ label: 'First time', default: '2026-01-01T00:00:00Z', advanced: true, when: { param: 'times', is: ['steps'] } }),
    step: f.duration({ label: 'Time between rows', default: 1000, min: 1, advanced: true, when: { param: 'times', is: ['steps'] } }),
    disorder: f.duration({ label: 'Out of order by at most', default: 0, min: 0, advanced: true }),
    lateShare: f.number({ label: 'Late rows', default: 0, min: 0, max: 100, unit: '%', advanced: true }),
    lateness: f.duration({ label: 'Late by', default: 60_000, min: 0, advanced: true }),
    seed: f.number({ label: 'Seed', default: 1, integer: true, advanced: true }),
  },
  card: ({ endless, count, rate }) => `${endless ? 'Endless rows' : `${thousands(count)} rows`}${rate > 0 ? ` at ${rate}/s` : ''}`,
  infer({ params }) {
    if (params.times === 'clock' || parseTimestamp(params.start) !== null) return { outputs: { rows: schema } };
    const problem = {
      code: 'params/timestamp',
      severity: 'error',
      message: `"${params.start}" is not a timestamp.`,
      hint: 'Write it as 2026-01-31T12:00:00Z.',
      field: 'start',
    } as const;
    return { outputs: { rows: schema }, problems: [problem] };
  },
  run({ params, batchSize, start, signal, sample, now }) {
    const { step, sensors, seed, disorder, lateShare, lateness } = params;
    const count = params.endless ? Number.POSITIVE_INFINITY : params.count;
    const isByClock = params.times === 'clock';
    const firstTime = isByClock ? 0 : (parseTimestamp(params.start) ?? 0);
    const names = Array.from({ length: sensors }, (_, i) => `sensor-${String(i + 1).padStart(String(sensors).length, '0')}`);
    const pace = params.rate > 0 && !sample ? new Pace(params.rate, signal) : null;
    const order = isByClock ? null : blockOrder(Math.min(Math.floor(disorder / step) + 1, maxBlock), count, seed);
    let made = (start as { readonly rows: number } | null)?.rows ?? 0;

    const rowAt = (index: number, clock: number): Row => {
      const sensor = Math.floor(randomAt(seed, index, 0) * sensors);
      let time = isByClock ? clock - Math.floor(randomAt(seed, index, 5) * (disorder + 1)) : firstTime + index * step;
      if (lateShare > 0 && randomAt(seed, index, 6) * 100 < lateShare) time -= lateness + disorder;
      const warmth = 15 + (sensor % 7) + 8 * Math.sin((2 * Math.PI * (time % dayMs)) / dayMs - Math.PI / 2);
      const state = randomAt(seed, index, 3);
      return {
        time,
        sensor: itemAt(names, sensor),
        region: itemAt(regions, sensor % regions.length),
        temperature: randomAt(seed, index, 4) < 0.01 ? null : Math.round((warmth + 4 * randomAt(seed, index, 1)) * 100) / 100,
        humidity: Math.round((40 + 50 * randomAt(seed, index, 2)) * 10) / 10,
        status: state < 0.94 ? 'ok' : state < 0.99 ? 'warn' : 'error',
      };
    };
    const next = (most: number) => {
      const clock = isByClock ? now() : 0;
      const end = Math.min(made + most, count);
      const rows: Row[] = [];
      for (; made < end; made++) rows.push(rowAt(order ? order(made) : made, clock));
      return rows.length > 0 ? { rows } : null;
    };
    return {
      read: () => (pace && made < count ? pace.next(batchSize).then((most) => (most === 0 ? null : next(most))) : next(batchSize)),
      position: (): Json => ({ rows: made }),
      progress: () => ({ done: made, total: params.endless ? null : count, unit: 'rows' }),
      close: () => pace?.close(),
    };
  },
  examples: [
    {
      title: 'Three readings',
      params: { count: 3, sensors: 2 },
      outputs: {
        rows: [
          { time: 1767225600000, sensor: 'sensor-2', region: 'south', temperature: 8.09, humidity: 51.6, status: 'ok' },
          { time: 1767225601000, sensor: 'sensor-2', region: 'south', temperature: 8.13, humidity: 72.2, status: 'ok' },
          { time: 1767225602000, sensor: 'sensor-1', region: 'north', temperature: 7.56, humidity: 84.9, status: 'warn' },
        ],
      },
    },
    {
      title: 'Out of order by up to two seconds',
      params: { count: 3, sensors: 2, disorder: 2000 },
      outputs: {
        rows: [
          { time: 1767225601000, sensor: 'sensor-2', region: 'south', temperature: 8.13, humidity: 72.2, status: 'ok' },
          { time: 1767225600000, sensor: 'sensor-2', region: 'south', temperature: 8.09, humidity: 51.6, status: 'ok' },
          { time: 1767225602000, sensor: 'sensor-1', region: 'north', temperature: 7.56, humidity: 84.9, status: 'warn' },
        ],
      },
    },
    { title: 'None', params: { count: 0 }, outputs: { rows: [] } },
  ],
});

/** Which row is at a place: rows are shuffled in blocks of this size. Null if each is at its own. */
function blockOrder(size: number, count: number, seed: number): ((place: number) => number) | null {
  if (size <= 1) return null;
  const order = new Uint32Array(size);
  let block = -1;
  return (place) => {
    const own = Math.floor(place / size);
    const first = own * size;
    if (own !== block) {
      block = own;
      shuffle(order, Math.min(size, count - first), (i) => randomAt(seed, first + i, 7));
    }
    return first + itemAt(order, place - first);
  };
}

/** The numbers from 0 to `length`, in an order that follows from `random` (Fisher and Yates). */
function shuffle(order: Uint32Array, length: number, random: (index: number) => number): void {
  for (let i = 0; i < length; i++) {
    const j = Math.floor(random(i) * (i + 1));
    order[i] = itemAt(order, j);
    order[j] = i;
  }
}
