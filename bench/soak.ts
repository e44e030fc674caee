/**
 * `npm run soak [-- --minutes 10 --rate 50000]`: windows, keyed state and exactly-once sinks at a steady rate, for long. Tells
 * memory and handles minute by minute, and the latency from the making of a row to its commit. Ends with 1 where memory or
 * handles grow. Garbage comes and goes in waves of one to two minutes and some 25 MB, so growth is told from what is left
 * after a collection: the least of the last three minutes is more than 5 % above that of the minutes two to four.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { formatPipeline } from '../engine/document/file.ts';
import type { PipelineNode } from '../engine/document/pipeline.ts';
import { entryFile } from '../engine/processes/entries.ts';
import { tree } from './measure.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '50000' } } });
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const allowedGrowth = 0.05;
const sampleEveryMs = 1000;

const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const node = (type: string, params: PipelineNode['params'], typeVersion = 1): PipelineNode => ({ type, typeVersion, params });
const edge = (from: string, to: string, port = 'rows') => ({ from: { node: from, port }, to: { node: to, port: 'rows' } });
const file = join(folder, 'soak.millrace.json');
writeFileSync(
  file,
  formatPipeline({
    name: 'Soak',
    parameters: {},
    nodes: {
      made: node('generator', { endless: true, rate, sensors: 1000, times: 'clock', eventTime: 'column', timeColumn: 'time', outOfOrder: 1000 }),
      good: node('filter', { mode: 'expression', where: 'row.status !== "error"' }),
      seconds: node('aggregate', {
        groupBy: ['sensor'],
        window: 'tumbling',
        every: 10_000,
        aggregations: [
          { function: 'count', column: null, name: 'readings' },
          { function: 'average', column: 'humidity', name: 'humidity' },
        ],
      }),
      scored: node('anomaly', { keys: ['sensor'], column: 'humidity' }),
      some: node('filter', { mode: 'expression', where: 'row.humidity > 89' }),
      windows: node('sqlite-table', { path: 'soak.db', table: 'windows', mode: 'append' }),
      rows: node('sqlite-table', { path: 'soak.db', table: 'rows', mode: 'append' }),
    },
    edges: [
      edge('made', 'good'),
      edge('good', 'seconds', 'kept'),
      edge('seconds', 'windows'),
      edge('good', 'scored', 'kept'),
      edge('scored', 'some'),
      edge('some', 'rows', 'kept'),
    ],
    layout: {},
  }),
);

const child = spawn(process.execPath, [entryFile('cli'), 'run', file, '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, MILLRACE_DATA: join(folder, 'data') },
});
let summary = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => {
  summary += text;
});
const ended = new Promise<number | null>((resolve) => child.once('close', resolve));

interface Minute {
  mb: number;
  least: number;
  handles: number;
  samples: number;
}
const byMinute: Minute[] = [];
const latencies: number[] = [];
let database: Database.Database | null = null;
let lastRow = 0;
const startedAt = Date.now();

const sampling = setInterval(() => {
  const minute = Math.floor((Date.now() - startedAt) / 60_000);
  const { mb, handles } = processes();
  byMinute[minute] ??= { mb: 0, least: mb, handles: 0, samples: 0 };
  byMinute[minute].mb += mb;
  byMinute[minute].least = Math.min(byMinute[minute].least, mb);
  byMinute[minute].handles += handles;
  byMinute[minute].samples++;
}, sampleEveryMs);
/** Rows that have become visible since the last look: how old they are. */
const looking = setInterval(() => {
  try {
    database ??= new Database(join(folder, 'soak.db'), { readonly: true, fileMustExist: true });
    const now = Date.now();
    const news = database.prepare<[number], { at: number; time: string }>('SELECT rowid AS at, time FROM rows WHERE rowid > ? ORDER BY rowid').all(lastRow);
    for (const { at, time } of news) {
      lastRow = at;
      latencies.push(now - Date.parse(time));
    }
  } catch {
    // Not there yet, or just being committed.
  }
}, 50);

const isDone = await Promise.race([ended.then(() => false), new Promise<true>((resolve) => setTimeout(resolve, minutes * 60_000, true))]);
clearInterval(sampling);
clearInterval(looking);
if (!isDone) throw new Error(`The run ended by itself:\n${summary.slice(-2000)}`);
child.kill('SIGTERM');
await ended;

const means = byMinute
  .filter((minute) => minute.samples > 30)
  .map(({ mb, least, handles, samples }) => ({ mb: mb / samples, least, handles: handles / samples }));
means.forEach(({ mb, least, handles }, i) => {
  process.stdout.write(`minute ${i + 1}: ${mb.toFixed(0)} MB (${least.toFixed(0)} at least), ${handles.toFixed(0)} handles\n`);
});
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
const made = (JSON.parse(summary) as { stats: { [node: string]: { out: { rows: number } } } }).stats['made']!.out.rows;
process.stdout.write(
  `${made.toLocaleString('en')} rows, ${Math.round(made / minutes / 60).toLocaleString('en')} a second (asked: ${rate.toLocaleString('en')})\n`,
);
process.stdout.write(
  `latency to commit, with a checkpoint every 5 s: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms, of ${latencies.length.toLocaleString('en')} rows\n`,
);
const [early, late] = [means[Math.min(2, means.length - 1)]!, means.at(-1)!];
const least = (of: typeof means) => Math.min(...of.map((minute) => minute.least));
const growth = least(means.slice(-3)) / least(means.slice(1, 4)) - 1;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
process.stdout.write(
  `memory: ${percent(growth)} more after a collection; means of the last minute against the third ${percent(late.mb / early.mb - 1)}; handles: ${(late.handles - early.handles).toFixed(1)}\n`,
);
process.exit(growth > allowedGrowth || late.handles > early.handles + 2 ? 1 : 0);

/** Of all processes of the run: resident memory and open handles. */
function processes(): { readonly mb: number; readonly handles: number } {
  let [mb, handles] = [0, 0];
  for (const pid of tree(child.pid!)) {
    try {
      mb += Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      handles += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // Ended meanwhile.
    }
  }
  return { mb, handles };
}
