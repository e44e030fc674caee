/**
 * `npm run soak [-- --minutes 10 --rate 50000]`: windows, keyed state and exactly-once sinks at a steady rate, for long. Tells
 * memory and handles minute by minute, and the latency from the making of a row to its commit. Ends with 1 where memory or
 * handles grow.
 *
 * Garbage says more about what else the machine does than about the run, so memory is measured after collections: twice a minute,
 * all threads of the run collect at once (collect-garbage.cjs). What counts is what their heaps and buffers still hold, and the
 * resident memory of their processes, which includes SQLite and what the allocator keeps. Both are compared from the minute in which
 * caches are full (`fullFrom`): the mean of that minute and the next against that of the last two.
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
/** Counted from 1. By then code is compiled, and the page caches of SQLite and the buffers of the threads have their size. */
const fullFrom = 4;
const mebibyte = 1024 * 1024;

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

const collected = join(folder, 'collected');
writeFileSync(collected, '');
const child = spawn(process.execPath, [entryFile('cli'), 'run', file, '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    MILLRACE_DATA: join(folder, 'data'),
    NODE_OPTIONS: `--require "${join(import.meta.dirname, 'collect-garbage.cjs')}"`,
    COLLECTED: collected,
  },
});
let summary = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => {
  summary += text;
});
const ended = new Promise<number | null>((resolve) => child.once('close', resolve));

interface Minute {
  mb: number;
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
  byMinute[minute] ??= { mb: 0, handles: 0, samples: 0 };
  byMinute[minute].mb += mb;
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

const left = afterCollections();
const means = byMinute
  .map(({ mb, handles, samples }, i) => ({ mb: mb / samples, handles: handles / samples, samples, left: left.filter(({ minute }) => minute === i) }))
  .filter((minute) => minute.samples > 30 && minute.left.length > 0)
  .map((minute) => ({ ...minute, held: mean(minute.left.map(({ held }) => held)), resident: mean(minute.left.map(({ resident }) => resident)) }));
means.forEach(({ mb, held, resident, handles }, i) => {
  const after = `after collections ${held.toFixed(1)} MB held, ${resident.toFixed(0)} MB resident`;
  process.stdout.write(`minute ${i + 1}: ${mb.toFixed(0)} MB on average; ${after}; ${handles.toFixed(0)} handles\n`);
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
const [early, late] = [means.slice(fullFrom - 1, fullFrom + 1), means.slice(-2)];
const growth = (of: (minute: (typeof means)[number]) => number) => mean(late.map(of)) / mean(early.map(of)) - 1;
const [held, resident, average] = [growth((minute) => minute.held), growth((minute) => minute.resident), growth((minute) => minute.mb)];
const opened = mean(late.map(({ handles }) => handles)) - mean(early.map(({ handles }) => handles));
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
process.stdout.write(
  `the last two minutes against the minutes ${fullFrom} and ${fullFrom + 1}, after collections: held ${percent(held)}, resident ${percent(resident)} more; ` +
    `with garbage, which does not count: ${percent(average)}; handles: ${opened.toFixed(1)}\n`,
);
if (means.length < fullFrom + 3) process.stdout.write(`Too short to tell whether memory grows: that takes ${fullFrom + 3} minutes.\n`);
process.exit(held > allowedGrowth || resident > allowedGrowth || opened > 2 ? 1 : 0);

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

/** By moment at which all threads collected: what their heaps and buffers hold, and what their processes occupy, in MB. */
function afterCollections(): { readonly minute: number; readonly held: number; readonly resident: number }[] {
  const moments = new Map<number, { held: number; readonly residents: Map<string, number> }>();
  const lines = readFileSync(collected, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const [time = '', pid = '', , held, resident] = line.split('\t');
    const moment = Math.floor(Number(time) / 30_000);
    const { residents, ...so } = moments.get(moment) ?? { held: 0, residents: new Map<string, number>() };
    // The least of its threads: the last of them had the least garbage beside it.
    residents.set(pid, Math.min(residents.get(pid) ?? Number.POSITIVE_INFINITY, Number(resident)));
    moments.set(moment, { held: so.held + Number(held), residents });
  }
  return [...moments].map(([moment, { held, residents }]) => ({
    minute: Math.floor((moment * 30_000 - startedAt) / 60_000),
    held: held / mebibyte,
    resident: [...residents.values()].reduce((sum, each) => sum + each, 0) / mebibyte,
  }));
}

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
