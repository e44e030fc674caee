/**
 * The queries by Millrace and by Flink SQL, in turns, from CSV files to CSV files: see README.md. Flink answers each query several times in
 * one process, of which the first run warms it up and those of a thousand events tell what starting a job takes.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Row } from '../../model/values/types.ts';
import { auction, bid, detailedBid, kindOf, type NexmarkOptions, person } from '../../nodes/generate/nexmark-events.ts';
import { measure } from '../measure.ts';

const sqlFolder = join(import.meta.dirname, 'flink');
const known = readdirSync(sqlFolder).flatMap((name) => (name.endsWith('.sql') ? [name.slice(0, -4)] : []));
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: known.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))).join(',') },
    runs: { type: 'string', default: '3' },
    parallelism: { type: 'string', default: '2' },
    folder: { type: 'string', default: join(import.meta.dirname, '../.data/nexmark') },
  },
});
const [events, runs, parallelism] = [Number(values.events), Number(values.runs), Number(values.parallelism)];
const folder = values.folder;
const few = 1000;
const version = '2.3.0';
const print = (text: string) => process.stdout.write(`${text}\n`);

/** What both read: for Millrace a file with a header and ISO times, for Flink parts with milliseconds, which cost it least. */
function writeEvents(count: number, details: boolean): string {
  const into = join(folder, details ? `${count}-detailed` : String(count));
  if (existsSync(join(into, 'done'))) return into;
  print(`Writing ${count.toLocaleString('en')} events ...`);
  const options: NexmarkOptions = { seed: 1, start: Date.parse('2015-07-15T00:00:00Z'), eventRate: 10_000 };
  const makers = { person, auction, bid, ...(details && { detailed: detailedBid }) };
  const files = Object.fromEntries(Object.keys(makers).map((kind) => [kind, new EventFiles(into, kind)]));
  for (let event = 0; event < count; event++) {
    const kind = kindOf(event);
    files[kind]!.add(makers[kind](event, options));
    if (kind === 'bid' && details) files['detailed']!.add(detailedBid(event, options));
  }
  for (const each of Object.values(files)) each.close();
  const side = readFileSync(join(import.meta.dirname, 'side-input.csv'), 'utf8');
  mkdirSync(join(into, 'side'));
  writeFileSync(join(into, 'side/0.csv'), side.slice(side.indexOf('\n') + 1));
  writeFileSync(join(into, 'done'), '');
  return into;
}

class EventFiles {
  readonly #times: TextFile;
  readonly #parts: readonly TextFile[];
  #count = 0;

  constructor(into: string, kind: string) {
    mkdirSync(join(into, kind), { recursive: true });
    this.#times = new TextFile(join(into, `${kind}.csv`));
    this.#parts = Array.from({ length: parallelism }, (_, i) => new TextFile(join(into, kind, `${i}.csv`)));
  }
  add(row: Row): void {
    if (this.#count === 0) this.#times.line(Object.keys(row));
    this.#parts[this.#count++ % parallelism]!.line(Object.values(row));
    this.#times.line(Object.entries(row).map(([name, value]) => (name === 'time' || name === 'expires' ? new Date(Number(value)).toISOString() : value)));
  }
  close(): void {
    for (const file of [this.#times, ...this.#parts]) file.close();
  }
}

class TextFile {
  readonly #descriptor: number;
  #text = '';
  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }
  line(cells: readonly unknown[]): void {
    this.#text += `${cells.join(',')}\n`;
    if (this.#text.length > 1 << 20) this.#flush();
  }
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }
  #flush(): void {
    writeSync(this.#descriptor, this.#text);
    this.#text = '';
  }
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

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr.slice(-4000)}`);
  return stdout;
}

const opened = ['lang', 'util', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util.concurrent', 'util.concurrent.atomic', 'util.concurrent.locks'];

interface Cost {
  readonly seconds: number;
  readonly cpu: number;
}

/** What the events took without what few of them do, when others have warmed it up. */
function byFlink(query: string): Cost {
  const flags = ['-Xmx2g', ...opened.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)];
  const log = `-Dlog4j2.configurationFile=${join(sqlFolder, 'log4j2.properties')}`;
  const rounds = [warming, tiny, tiny, data].join(',');
  const said = must('java', [...flags, log, '-cp', classPath, 'Job', join(sqlFolder, `${query}.sql`), rounds, String(parallelism), join(folder, 'flink-out')]);
  const costs = said
    .trim()
    .split('\n')
    .map((line): Cost => {
      const [, seconds, cpu] = line.split(' ').map(Number) as [number, number, number];
      return { seconds, cpu };
    });
  const [, first, second, whole] = costs as [Cost, Cost, Cost, Cost];
  return { seconds: whole.seconds - Math.min(first.seconds, second.seconds), cpu: whole.cpu - Math.min(first.cpu, second.cpu) };
}

function least(one: Cost, other: Cost): Cost {
  return { seconds: Math.min(one.seconds, other.seconds), cpu: Math.min(one.cpu, other.cpu) };
}

/** The query's own pipeline, from the files to files. */
function writePipeline(query: string, from: string): string {
  const pipeline = JSON.parse(readFileSync(join(import.meta.dirname, `${query}.millrace.json`), 'utf8'));
  const out = join(folder, 'millrace-out');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const node of Object.values(pipeline.nodes) as { type: string; params: Record<string, unknown> }[]) {
    const { params } = node;
    if (node.type === 'nexmark') {
      const kind = params['details'] === true ? 'detailed' : String(params['events']).slice(0, -1);
      Object.assign(node, { type: 'csv-file', params: { path: join(from, `${kind}.csv`), eventTime: 'column', timeColumn: 'time' } });
    } else if (node.type === 'csv-file') params['path'] = join(import.meta.dirname, 'side-input.csv');
    else if (node.type === 'sqlite-table') Object.assign(node, { type: 'csv-output', params: { path: join(out, `${String(params['table'])}.csv`) } });
    else if (node.type === 'csv-output') params['path'] = join(out, 'bids.csv');
  }
  const file = join(folder, `${query}.millrace.json`);
  writeFileSync(file, JSON.stringify(pipeline));
  return file;
}

const cli = join(import.meta.dirname, '../../out/main/cli.cjs');
const asked = values.queries.split(',');
const details = asked.some((query) => /\b(channel|url|extra)\b/.test(readFileSync(join(sqlFolder, `${query}.sql`), 'utf8')));
const [tiny, warming, data] = [few, Math.min(events, 1_000_000), events].map((count) => writeEvents(count, details)) as [string, string, string];
const classPath = flink();
print(`${events.toLocaleString('en')} events, CSV to CSV, ${parallelism} cores for Flink SQL ${version}; the least of ${runs}, start-up apart`);
const none: Cost = { seconds: Infinity, cpu: Infinity };
for (const query of asked) {
  let [ours, theirs, memory] = [none, none, 0];
  for (let run = 0; run < runs; run++) {
    const start = await measure([cli, 'run', writePipeline(query, tiny)]);
    const whole = await measure([cli, 'run', writePipeline(query, data)]);
    ours = least(ours, { seconds: whole.seconds - start.seconds, cpu: (whole.cpuSeconds ?? 0) - (start.cpuSeconds ?? 0) });
    memory = Math.max(memory, whole.largestMb ?? 0);
    theirs = least(theirs, byFlink(query));
  }
  const cell = ({ seconds, cpu }: Cost) => `${seconds.toFixed(2).padStart(7)} s ${cpu.toFixed(2).padStart(7)} s CPU`;
  const ratio = (of: keyof Cost) => (theirs[of] / ours[of]).toFixed(1);
  const ahead = `${ratio('seconds')} times in time, ${ratio('cpu')} in CPU`;
  print(`${query.padEnd(4)} Millrace ${cell(ours)} ${memory.toFixed(0).padStart(5)} MB   Flink ${cell(theirs)}   ${ahead}   load ${loadavg()[0]!.toFixed(1)}`);
}
