/**
 * The queries by Millrace and by Flink SQL, in turns, from CSV files to CSV files: see README.md. Flink answers a query several times in one
 * process, of which the first warms it up, and its clocks start when a job is handed to its cluster. From Millrace's whole processes, what
 * a thousand events take is taken off.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from '../measure.ts';
import { type EventKind, writeEvents, writeSideInput } from './event-files.ts';
import { type Cost, FlinkJob, rowsIn } from './flink-job.ts';

const sqlFolder = join(import.meta.dirname, 'flink');
const sideInput = join(import.meta.dirname, 'side-input.csv');
const known = readdirSync(sqlFolder).flatMap((name) => (name.endsWith('.sql') ? [name.slice(0, -4)] : []));
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: known.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))).join(',') },
    runs: { type: 'string', default: '3' },
    parallelism: { type: 'string', default: '2' },
    heap: { type: 'string', default: '4g' },
    folder: { type: 'string', default: join(import.meta.dirname, '../.data/nexmark') },
  },
});
const [events, runs, parallelism] = [Number(values.events), Number(values.runs), Number(values.parallelism)];
const [few, warming] = [1000, Math.min(events, 1_000_000)];
const folder = values.folder;
const version = '2.3.0';
const out = { millrace: join(folder, 'millrace-out'), flink: join(folder, 'flink-out') };
const cli = join(import.meta.dirname, '../../out/main/cli.cjs');
const print = (text: string) => process.stdout.write(`${text}\n`);

/** The folder with so many events of the kinds that a query reads. */
function data(query: string, count: number): string {
  const into = join(folder, String(count));
  for (const kind of kindsOf(query)) writeEvents(into, kind, count, parallelism);
  writeSideInput(into, sideInput);
  return into;
}

function kindsOf(query: string): EventKind[] {
  const sql = readFileSync(join(sqlFolder, `${query}.sql`), 'utf8');
  const bids: EventKind = /\b(channel|url|extra)\b/.test(sql) ? 'detailed' : 'bid';
  return (['bid', 'auction', 'person'] as const).flatMap((kind) => (new RegExp(`\\b${kind}\\b`).test(sql) ? [kind === 'bid' ? bids : kind] : []));
}

/** Flink's libraries from PyPI, once, and the job compiled; gives the class path. */
function flink(): string {
  const home = join(folder, `flink-${version}`);
  const libraries = join(home, 'pyflink/lib/*');
  if (!existsSync(join(home, 'pyflink'))) {
    mkdirSync(home, { recursive: true });
    must('python3', ['-m', 'pip', 'download', '--no-deps', '--dest', home, `apache-flink-libraries==${version}`]);
    const wheel = readdirSync(home).find((name) => name.endsWith('.whl'))!;
    must('python3', ['-m', 'zipfile', '--extract', join(home, wheel), home]);
    rmSync(join(home, wheel));
  }
  const classes = join(home, 'classes');
  must('javac', ['-cp', libraries, '-d', classes, join(sqlFolder, 'Job.java')]);
  return `${classes}:${libraries}`;
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr.slice(-4000)}`);
}

/** The query's own pipeline, from the files to files. */
function writePipeline(query: string, from: string): string {
  const pipeline = JSON.parse(readFileSync(join(import.meta.dirname, `${query}.millrace.json`), 'utf8'));
  rmSync(out.millrace, { recursive: true, force: true });
  mkdirSync(out.millrace, { recursive: true });
  for (const node of Object.values(pipeline.nodes) as { type: string; params: Record<string, unknown> }[]) {
    const { params } = node;
    if (node.type === 'nexmark') {
      const kind = params['details'] === true ? 'detailed' : String(params['events']).slice(0, -1);
      Object.assign(node, { type: 'csv-file', params: { path: join(from, `${kind}.csv`), eventTime: 'column', timeColumn: 'time' } });
    } else if (node.type === 'csv-file') params['path'] = sideInput;
    else if (node.type === 'sqlite-table') Object.assign(node, { type: 'csv-output', params: { path: join(out.millrace, `${String(params['table'])}.csv`) } });
    else if (node.type === 'csv-output') params['path'] = join(out.millrace, 'bids.csv');
  }
  const file = join(folder, `${query}.millrace.json`);
  writeFileSync(file, JSON.stringify(pipeline));
  return file;
}

async function byMillrace(query: string, count: number): Promise<Cost> {
  const { seconds, cpuSeconds, allMb } = await measure([cli, 'run', writePipeline(query, data(query, count))]);
  return { seconds, cpu: cpuSeconds ?? Number.NaN, mb: allMb ?? Number.NaN, rows: rowsIn(out.millrace, true) };
}

/** Of the times the least, as other programs only add to them; of the memory the most. */
function together(costs: readonly Cost[]): Cost {
  const least = (of: 'seconds' | 'cpu') => Math.min(...costs.map((cost) => cost[of]));
  return { seconds: least('seconds'), cpu: least('cpu'), mb: Math.max(...costs.map(({ mb }) => mb)), rows: costs[0]!.rows };
}

const classPath = flink();
print(`${events.toLocaleString('en')} events, CSV to CSV, ${parallelism} cores for Flink SQL ${version}; the least of ${runs}, start-up apart`);
for (const query of values.queries.split(',')) {
  const job = new FlinkJob(classPath, join(sqlFolder, `${query}.sql`), parallelism, out.flink, values.heap);
  try {
    await job.answer(data(query, warming));
    const [starts, ours, theirs]: [Cost[], Cost[], Cost[]] = [[], [], []];
    for (let run = 0; run < runs; run++) {
      starts.push(await byMillrace(query, few));
      ours.push(await byMillrace(query, events));
      theirs.push(await job.answer(data(query, events)));
    }
    report(query, together(starts), together(ours), together(theirs));
  } catch (error) {
    print(`${query.padEnd(4)} ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await job.end();
  }
}
for (const answer of Object.values(out)) rmSync(answer, { recursive: true, force: true });

function report(query: string, start: Cost, whole: Cost, theirs: Cost): void {
  const ours = { ...whole, seconds: whole.seconds - start.seconds, cpu: whole.cpu - start.cpu };
  const cell = ({ seconds, cpu, mb }: Cost) => `${cpu.toFixed(2).padStart(7)} s CPU ${seconds.toFixed(2).padStart(7)} s ${mb.toFixed(0).padStart(5)} MB`;
  const ratios = `CPU ${(theirs.cpu / ours.cpu).toFixed(1)}, time ${(theirs.seconds / ours.seconds).toFixed(1)}`;
  const rows = ours.rows === theirs.rows ? `${ours.rows} rows` : `${ours.rows} rows, NOT ${theirs.rows}`;
  print(`${query.padEnd(4)} Millrace ${cell(ours)}   Flink ${cell(theirs)}   ${ratios}   ${rows}   load ${loadavg()[0]!.toFixed(1)}`);
}
