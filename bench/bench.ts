/**
 * `npm run bench [-- --rows 2000000 --runs 3 --jobs J1,J4]`: Millrace against what one would write by hand, and against other
 * programs that are installed. `--memory`: the peak by size of the input. `--checkpoints`: what exactly-once costs.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { dataFolder, readings } from './data.ts';
import { type Job, jobs, pipelineFile } from './jobs.ts';
import { type Measurement, measure } from './measure.ts';
import { nodeRed, peersOf } from './peers/peers.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    runs: { type: 'string', default: '3' },
    jobs: { type: 'string', default: jobs.map(({ id }) => id).join(',') },
    memory: { type: 'boolean', default: false },
    checkpoints: { type: 'boolean', default: false },
  },
});
const project = join(import.meta.dirname, '..');
const cli = join(project, 'out', 'main', 'cli.cjs');
/** What the project promises; told beside the figures, never hidden. */
const maxMemoryMb = 200;
/** A thread that reads a part of the input comes on top of that: its heap, engine, and page cache of SQLite. At most eight threads do. */
const maxThreadMb = 65;
const furtherThreads = Math.min(8, availableParallelism()) - 1;
const promisedMb = ({ inParts }: Job) => maxMemoryMb + (inParts ? maxThreadMb * furtherThreads : 0);
const maxCheckpointCost = 1.1;
const checkpointOptions = ['--commit', 'checkpoint', '--checkpoint-every', '5s'];

if (!existsSync(cli)) throw new Error('The engine is not built: run "npm run build" first.');
const chosen = jobs.filter(({ id }) => values.jobs.split(',').includes(id));
if (values.memory) await compareMemory(chosen);
else if (values.checkpoints) await compareCheckpoints(chosen, Number(values.rows), Number(values.runs));
else await compareTimes(chosen, Number(values.rows), Number(values.runs));

async function compareTimes(chosen: readonly Job[], rows: number, runs: number): Promise<void> {
  print(`${rows.toLocaleString('en')} rows, medians of ${runs} interleaved runs, whole processes, Node ${process.versions.node}`);
  const lines = [['job', '', 'Millrace', 'by hand', 'ratio', 'CPU', 'by hand', 'memory', 'all processes']];
  for (const job of chosen) {
    const peers = peersOf(job.id);
    const others = [...job.hand, ...peers.map(({ name }) => name)];
    const taken = new Map<string, Measurement[]>(['millrace', ...others].map((who) => [who, []]));
    for (let run = 0; run < runs; run++) {
      for (const [who, measurements] of taken) measurements.push(await measureJob(job, who, rows));
    }
    const own = taken.get('millrace')!;
    const seconds = median(own.map((each) => each.seconds));
    for (const other of others) {
      const measured = taken.get(other)!;
      const theirs = median(measured.map((each) => each.seconds));
      const isFirst = other === job.hand[0];
      const peer = peers.find(({ name }) => name === other);
      const promised = peer ? peer.maxRatio : job.maxRatio;
      lines.push([
        isFirst ? job.id : '',
        isFirst ? job.title : `  against ${other}`,
        isFirst ? `${seconds.toFixed(2)} s` : '',
        `${theirs.toFixed(2)} s`,
        verdict((seconds / theirs).toFixed(2), promised === null || seconds / theirs <= promised),
        isFirst ? cpu(own) : '',
        cpu(measured),
        isFirst ? verdict(mb(peak(own)), (peak(own) ?? 0) <= promisedMb(job)) : '',
        isFirst ? mb(own[0]!.allMb) : '',
      ]);
    }
  }
  printTable(lines);
  const red = nodeRed();
  const drawn = chosen.find(({ id }) => id === 'J2');
  if (red && drawn) await compareNodeRed(drawn, red, runs);
}

/** Memory must not depend on the size of the input. */
async function compareMemory(chosen: readonly Job[]): Promise<void> {
  const sizes = [2_000_000, ...(values.rows === '2000000' ? [10_000_000] : [Number(values.rows)])];
  const lines = [['job', '', ...sizes.map((rows) => `${rows / 1e6} M rows`)]];
  for (const job of chosen) {
    const peaks: (number | null)[] = [];
    for (const rows of sizes) peaks.push(peak([await measureJob(job, 'millrace', rows)]));
    lines.push([job.id, job.title, ...peaks.map((size) => verdict(mb(size), (size ?? 0) <= promisedMb(job)))]);
  }
  printTable(lines);
}

/** The same job committed at its end, and with a checkpoint every five seconds. */
async function compareCheckpoints(chosen: readonly Job[], rows: number, runs: number): Promise<void> {
  print(`${rows.toLocaleString('en')} rows, medians of ${runs} interleaved runs`);
  const lines = [['job', '', 'at the end', 'every 5 s', 'ratio', 'CPU', 'CPU']];
  for (const job of chosen) {
    const [once, often]: [Measurement[], Measurement[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      once.push(await measureJob(job, 'millrace', rows));
      often.push(await measureJob(job, 'millrace', rows, checkpointOptions));
    }
    const [atEnd, withCheckpoints] = [once, often].map((measured) => median(measured.map((each) => each.seconds))) as [number, number];
    const ratio = withCheckpoints / atEnd;
    lines.push([
      job.id,
      job.title,
      `${atEnd.toFixed(2)} s`,
      `${withCheckpoints.toFixed(2)} s`,
      verdict(ratio.toFixed(2), ratio <= maxCheckpointCost),
      cpu(once),
      cpu(often),
    ]);
  }
  printTable(lines);
}

function measureJob(job: Job, who: string, rows: number, options: readonly string[] = []): Promise<Measurement> {
  const peer = peersOf(job.id).find(({ name }) => name === who);
  if (!peer) return measure([...commandOf(job, who, rows), ...options]);
  const output = join(dataFolder, `${who}-${job.output}`);
  rmSync(output, { force: true });
  return measure(peer.args(readings(rows)[job.input], output), peer.command);
}

/** Node-RED handles a message for each row: it is measured with fewer of them, and told in rows a second. */
async function compareNodeRed(job: Job, red: string, runs: number): Promise<void> {
  const script = join(import.meta.dirname, 'peers', 'node-red.ts');
  for (const [rows, transactions, words] of [
    [100_000, 'all', 'one transaction'],
    [5000, 'each', 'a transaction for each row, as its node does by itself'],
  ] as const) {
    const output = join(dataFolder, `node-red-${job.output}`);
    const own: number[] = [];
    const theirs: number[] = [];
    const measured: Measurement[] = [];
    for (let run = 0; run < runs; run++) {
      own.push((await measureJob(job, 'millrace', rows)).seconds);
      const database = new DatabaseSync(join(dataFolder, job.output), { readOnly: true });
      const { written } = database.prepare('SELECT count(*) AS written FROM readings').get() as { written: number };
      database.close();
      rmSync(output, { force: true });
      measured.push(await measure([script, red, readings(rows)[job.input], output, String(written), transactions]));
      theirs.push(Number(readFileSync(`${output}.seconds`, 'utf8')));
    }
    const perSecond = (seconds: number) => `${Math.round(rows / seconds).toLocaleString('en')} rows/s`;
    print(
      `${job.id} beside Node-RED, ${rows.toLocaleString('en')} rows, ${words}: Millrace ${perSecond(median(own))}, its start included; ` +
        `Node-RED ${perSecond(median(theirs))} once it has started, CPU ${cpu(measured)}, ${mb(peak(measured))}; ${(median(own) / median(theirs)).toFixed(3)} of its time`,
    );
  }
}

function commandOf(job: Job, who: string, rows: number): string[] {
  const output = join(dataFolder, who === 'millrace' ? job.output : `hand-${job.output}`);
  rmSync(output, { force: true });
  if (who === 'millrace') return [cli, 'run', pipelineFile(job, rows)];
  return [join(import.meta.dirname, 'hand', `${who}.ts`), readings(rows)[job.input], output];
}

function peak(measurements: readonly Measurement[]): number | null {
  const sizes = measurements.flatMap(({ largestMb }) => (largestMb === null ? [] : [largestMb]));
  return sizes.length > 0 ? Math.max(...sizes) : null;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function cpu(measurements: readonly Measurement[]): string {
  const seconds = measurements.flatMap(({ cpuSeconds }) => (cpuSeconds === null ? [] : [cpuSeconds]));
  return seconds.length > 0 ? `${median(seconds).toFixed(2)} s` : '-';
}

function mb(size: number | null): string {
  return size === null ? '-' : `${size.toFixed(0)} MB`;
}

function verdict(figure: string, isGood: boolean): string {
  return isGood ? figure : `${figure} (!)`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printTable(lines: readonly (readonly string[])[]): void {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  for (const line of lines) print(line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '));
  print(
    `(!) more than promised: times the time by hand, 1 against sqlite3, 1.1 against duckdb-to-sqlite, or ${maxMemoryMb} MB and ${maxThreadMb} MB for each further thread that reads a part`,
  );
}
