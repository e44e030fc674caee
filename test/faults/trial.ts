/** One small pipeline in a folder of its own, run by the real command line against an output that exists already. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import { entryFile } from '../../engine/processes/entries.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import { dataFolder, runPipeline } from '../command-line.ts';

type Params = { readonly [name: string]: Json };
export type Chain = readonly (readonly [id: string, type: string, params: Params, onError?: PipelineNode['onError']])[];

export interface Outcome {
  readonly code: number | null;
  readonly state: string;
  readonly problems: readonly Problem[];
}

export class Trial {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-fault-'));

  at(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.at(name), content);
  }

  /** A database with a table `kept` (id INTEGER, name TEXT) of one row. */
  database(name = 'out.db'): void {
    const database = new Sqlite(this.at(name));
    database.exec("CREATE TABLE kept (id INTEGER, name TEXT); INSERT INTO kept VALUES (1, 'from before')");
    database.close();
  }

  tables(name = 'out.db'): unknown {
    const database = new Sqlite(this.at(name), { readonly: true, timeout: 60_000 });
    const tables = database.prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all();
    const rows = tables.map(({ name, sql }) => ({ sql, rows: database.prepare(`SELECT * FROM "${name}"`).all() }));
    database.close();
    return rows;
  }

  /** Writes a pipeline of nodes in a row and runs it. */
  async run(chain: Chain): Promise<Outcome> {
    this.#writePipeline(chain);
    return this.runFile('trial.millrace.json');
  }

  /** Runs it until `isTime`, and kills all of its processes. */
  async kill(chain: Chain, isTime: () => boolean): Promise<void> {
    this.#writePipeline(chain);
    const child = spawn(process.execPath, [entryFile('cli'), 'run', 'trial.millrace.json'], {
      cwd: this.folder,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, MILLRACE_DATA: dataFolder },
    });
    const ended = new Promise((done) => child.on('exit', done));
    while (!isTime()) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
  }

  #writePipeline(chain: Chain): void {
    this.write('trial.millrace.json', this.textOf(chain));
  }

  /** The file of a pipeline of nodes in a row. */
  textOf(chain: Chain): string {
    const nodes = Object.fromEntries(
      chain.map(([id, type, params, onError]): [string, PipelineNode] => [id, { type, typeVersion: 1, params, ...(onError ? { onError } : {}) }]),
    );
    const edges = chain
      .slice(1)
      .map(([id], i) => ({ from: { node: chain[i]![0], port: chain[i]![1] === 'filter' ? 'kept' : 'rows' }, to: { node: id, port: 'rows' } }));
    return formatPipeline({ name: 'Trial', parameters: {}, nodes, edges, layout: {} });
  }

  async runFile(name: string): Promise<Outcome> {
    const { code, result } = await runPipeline(name, this.folder);
    return { code, state: result.state, problems: result.problems };
  }

  /** Everything in the folder but what a trial itself puts there later: to see that nothing was left behind or changed. */
  snapshot(...names: string[]): (string | null)[] {
    return names.map((name) => (statSync(this.at(name), { throwIfNoEntry: false }) ? readFileSync(this.at(name), 'base64') : null));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What every problem must say: which node, what happened, and what to do. */
export function expectProblem(problem: Problem | undefined, wanted: Partial<Omit<Problem, 'message'>> & { readonly message: RegExp }): void {
  const { message, ...rest } = wanted;
  expect(problem).toMatchObject(rest);
  expect(problem!.message).toMatch(message);
  expect(problem!.hint ?? '').toMatch(/\S+ \S+/);
}
