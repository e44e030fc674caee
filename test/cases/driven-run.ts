/** A run of a case in which something happens meanwhile: what its `drive.ts` works with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryFile } from '../../engine/threads.ts';
import { dataFolder } from '../command-line.ts';

/** `drive.ts` exports it by default. It starts the run; the run is stopped as Ctrl+C does once it is done. */
export type Drive = (run: DrivenRun) => Promise<void>;

const patienceMs = 180_000;

export class DrivenRun {
  readonly folder: string;
  #child: ChildProcess | null = null;
  #output = '';
  #errors = '';
  #ended: Promise<number | null> = Promise.resolve(null);
  /** What was answered to what was posted, one JSON text a line. */
  answers = '';

  constructor(folder: string) {
    this.folder = folder;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  start(): void {
    const child = spawn(process.execPath, [entryFile('cli'), 'run', 'p.millrace.json', '--checkpoint-every', '100ms', '--from', 'scratch'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { MILLRACE_DATA: dataFolder, ...process.env },
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    this.#ended = new Promise((done) => child.once('close', done));
  }

  /** Those on its standard output so far. */
  rows(): string[] {
    return this.#output.split('\n').filter((line) => line.startsWith('{'));
  }

  get errors(): string {
    return this.#errors;
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!(await condition())) {
      if (this.#child?.exitCode !== null) throw new Error(`The run has ended by itself: ${this.#errors}`);
      if (performance.now() > until) throw new Error(`It did not come to pass: ${condition}\n${this.#output}\n${this.#errors}`);
      await sleep(20);
    }
  }

  /** Makes its HTTP source listen at a port that is free; to be called before `start`. */
  async useFreePort(): Promise<number> {
    const server = createServer();
    const port = await new Promise<number>((found) => server.listen(0, '127.0.0.1', () => found((server.address() as { port: number }).port)));
    await new Promise((closed) => server.close(closed));
    const file = this.at('p.millrace.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"port": \d+/, `"port": ${port}`));
    return port;
  }

  /** Posts once the port is open, and notes the answer. */
  async post(port: number, body: string | Uint8Array, headers: { readonly [name: string]: string }): Promise<void> {
    let response: Response | null = null;
    await this.until(async () => {
      response = await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', body: body as string, headers }).catch(() => null);
      return response !== null;
    });
    this.answers += `${JSON.stringify([response!.status, await response!.json()])}\n`;
  }

  /** As Ctrl+C does. */
  async stop(): Promise<number | null> {
    this.#child?.kill('SIGINT');
    return this.#ended;
  }
}
