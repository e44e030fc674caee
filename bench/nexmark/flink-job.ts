/** A process in which Flink SQL answers one query, as often as it is asked to: see flink/Job.java. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

export interface Cost {
  /** From start to end, and of processor time. */
  readonly seconds: number;
  readonly cpu: number;
  /** The highest resident memory so far. */
  readonly mb: number;
  readonly rows: number;
}

const opened = ['lang', 'util', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util.concurrent', 'util.concurrent.atomic', 'util.concurrent.locks'];

export class FlinkJob {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #out: string;
  #complaint = '';

  /** `heap` is the most that Java may take for its objects, such as `4g`. */
  constructor(classPath: string, sqlFile: string, parallelism: number, out: string, heap: string) {
    const flags = [`-Xmx${heap}`, ...opened.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)];
    const log = `-Dlog4j2.configurationFile=${join(dirname(sqlFile), 'log4j2.properties')}`;
    this.#process = spawn('java', [...flags, log, '-cp', classPath, 'Job', sqlFile, String(parallelism), out]);
    const lines: Interface = createInterface({ input: this.#process.stdout! });
    this.#lines = lines[Symbol.asyncIterator]();
    this.#process.stderr!.on('data', (text) => {
      this.#complaint = `${this.#complaint}${text}`.slice(0, 4000);
    });
    this.#out = out;
  }

  /** Throws with what Java said if it fails. */
  async answer(data: string): Promise<Cost> {
    this.#process.stdin!.write(`${data}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`Flink failed: ${this.#complaint}`);
    const [seconds, cpu, counted] = value.split(' ').map(Number) as [number, number, number];
    return { seconds, cpu, mb: peakMb(this.#process.pid!), rows: counted || rowsIn(this.#out, false) };
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin!.end();
    await ended;
  }
}

/** The lines of all files in a folder and its folders, less the headers where each file has one. */
export function rowsIn(folder: string, headers: boolean): number {
  if (!existsSync(folder)) return 0;
  const block = Buffer.allocUnsafe(1 << 20);
  let rows = 0;
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || (file.name.startsWith('.') && file.name.endsWith('.crc'))) continue;
    const descriptor = openSync(join(file.parentPath, file.name), 'r');
    if (headers) rows--;
    for (let read = readSync(descriptor, block); read > 0; read = readSync(descriptor, block)) {
      for (let at = block.indexOf(10); at >= 0 && at < read; at = block.indexOf(10, at + 1)) rows++;
    }
    closeSync(descriptor);
  }
  return rows;
}

function peakMb(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(peak?.[1]) / 1024;
}
