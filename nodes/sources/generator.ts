import { parseTimestamp } from '../../engine/schema/timestamp.ts';
import type { Json, Row, Schema } from '../../engine/schema/types.ts';
import { Pace } from '../formats/pace.ts';
import { randomAt } from '../formats/random.ts';
import { f } from '../kit/fields.ts';
import { defineNode } from '../kit/node.ts';

const regions = ['north', 'south', 'east', 'west'] as const;
const dayMs = 86_400_000;
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
  summary: 'Makes up sensor readings, at any rate, always the same for the same seed.',
  category: 'Generate',
  icon: 'wave-sine',
  version: 1,
  keywords: ['test', 'demo', 'random', 'sensor', 'fake', 'sample'],
  docs: `
Makes readings of weather sensors: \`time\`, \`sensor\`, \`region\`, \`temperature\` in degrees Celsius (1 in 100 is null),
\`humidity\` in percent, and \`status\` (ok, warn or error). The times go on from **First time** in even steps.

Useful to try a pipeline out, and to measure it. The rows follow from the seed alone: a run that goes on in the middle, or
at another rate, makes the same ones.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    count: f.number({ label: 'Rows', default: 1000, min: 0, integer: true }),
    rate: f.number({ label: 'Rate', default: 0, min: 0, unit: 'rows/s', help: '0: as fast as the pipeline can.' }),
    sensors: f.number({ label: 'Sensors', default: 20, min: 1, max: 100_000, integer: true }),
    start: f.text({ label: 'First time', default: '2026-01-01T00:00:00Z', advanced: true }),
    step: f.duration({ label: 'Time between rows', default: 1000, min: 1, advanced: true }),
    seed: f.number({ label: 'Seed', default: 1, integer: true, advanced: true }),
  },
  card: ({ count, rate }) => `${count.toLocaleString('en')} rows${rate > 0 ? ` at ${rate}/s` : ''}`,
  infer({ params }) {
    if (parseTimestamp(params.start) !== null) return { outputs: { rows: schema } };
    const problem = {
      code: 'param/timestamp',
      severity: 'error',
      message: `"${params.start}" is not a timestamp.`,
      hint: 'Write it as 2026-01-31T12:00:00Z.',
      field: 'start',
    } as const;
    return { outputs: { rows: schema }, problems: [problem] };
  },
  run({ params, batchSize, start, signal }) {
    const { count, step, sensors, seed } = params;
    const firstTime = parseTimestamp(params.start)!;
    const names = Array.from({ length: sensors }, (_, i) => `sensor-${String(i + 1).padStart(String(sensors).length, '0')}`);
    const pace = params.rate > 0 ? new Pace(params.rate, signal) : null;
    let made = (start as { readonly rows: number } | null)?.rows ?? 0;

    const rowAt = (index: number): Row => {
      const random = (use: number) => randomAt(seed, index, use);
      const sensor = Math.floor(random(0) * sensors);
      const time = firstTime + index * step;
      const warmth = 15 + (sensor % 7) + 8 * Math.sin((2 * Math.PI * (time % dayMs)) / dayMs - Math.PI / 2);
      const state = random(3);
      return {
        time,
        sensor: names[sensor]!,
        region: regions[sensor % regions.length]!,
        temperature: random(4) < 0.01 ? null : Math.round((warmth + 4 * random(1)) * 100) / 100,
        humidity: Math.round((40 + 50 * random(2)) * 10) / 10,
        status: state < 0.94 ? 'ok' : state < 0.99 ? 'warn' : 'error',
      };
    };
    const next = (most: number) => {
      const rows = Array.from({ length: Math.min(most, count - made) }, (_, i) => rowAt(made + i));
      made += rows.length;
      return rows.length > 0 ? { rows } : null;
    };
    return {
      read: () => (pace && made < count ? pace.next(batchSize).then((most) => (most === 0 ? null : next(most))) : next(batchSize)),
      position: (): Json => ({ rows: made }),
      progress: () => ({ done: made, total: count, unit: 'rows' }),
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
    { title: 'None', params: { count: 0 }, outputs: { rows: [] } },
  ],
});
