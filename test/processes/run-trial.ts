import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Pipeline, PipelineNode } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { forkNode } from '../../engine/processes/fork-node.ts';
import { Client } from '../../engine/protocol/connection.ts';
import type { LogLine, RunState, RunSummary } from '../../engine/protocol/messages.ts';
import { defaultRunOptions, type RunJob, type RunOptions, type RunProtocol } from '../../engine/protocol/run-api.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import { definitions } from '../../nodes/index.ts';

const catalogue = new Catalogue(definitions);

export const newFolder = () => mkdtempSync(join(tmpdir(), 'millrace-run-'));

export function node(type: string, params: PipelineNode['params'] = {}, onError?: PipelineNode['onError']): PipelineNode {
  return { type, typeVersion: catalogue.get(type)!.version, params, ...(onError ? { onError } : {}) };
}

/** `a.rows -> b.rows`; the port may be left out where it is `rows`. */
export function pipeline(nodes: Pipeline['nodes'], edges: readonly string[]): Pipeline {
  const endpoint = (text: string) => {
    const [id, port = 'rows'] = text.split('.');
    return { node: id!, port };
  };
  return {
    name: 'Trial',
    parameters: {},
    nodes,
    edges: edges.map((edge) => {
      const [from, to] = edge.split(' -> ');
      return { from: endpoint(from!), to: endpoint(to!) };
    }),
    layout: {},
  };
}

/** One pipeline in a run process of its own, from the build. */
export class RunTrial {
  readonly states: RunState[] = [];
  readonly logs: LogLine[] = [];
  readonly client: Client<RunProtocol>;
  /** Resolves at the end of the run, or when its process is gone. */
  readonly ended: Promise<RunSummary>;
  summary: RunSummary | null = null;
  readonly #process = forkNode('run');

  constructor() {
    this.client = new Client<RunProtocol>(this.#process.port);
    this.client.on('logged', (line) => this.logs.push(line));
    this.ended = new Promise((resolve, reject) => {
      this.client.on('changed', (summary) => {
        this.summary = summary;
        if (this.states.at(-1) !== summary.state) this.states.push(summary.state);
        if (summary.endedAt !== null) resolve(summary);
      });
      let place = '';
      this.client.on('at', ({ node, field }) => {
        place = `, in ${node} ${field}`;
      });
      this.#process.onExit((_, reason) => reject(new Error(`The process ended: ${reason}${place}`)));
    });
    this.ended.catch(() => {});
  }

  /** `unchecked` code, or params by node, take the place of those of the node `code` when all checks are done. */
  async start(
    pipeline: Pipeline,
    folder: string,
    unchecked: string | { readonly [node: string]: PipelineNode['params'] } = {},
    options: Partial<RunOptions> = {},
  ): Promise<void> {
    const { checked } = await new Checker(catalogue, codeAnalysis).check(pipeline, { folder, path: null }, { touch: true, mustKnow: true, parameters: {} });
    const plan = planRun(checked);
    const given = typeof unchecked === 'string' ? { code: { code: unchecked } } : unchecked;
    const nodes = plan.nodes.map(({ op, ...each }) =>
      given[each.id] ? { ...each, params: { ...each.params, ...given[each.id] } } : { ...each, ...(op && { op }) },
    );
    await this.client.request('start', {
      id: 'trial',
      name: pipeline.name,
      path: null,
      folder,
      plan: { ...plan, nodes },
      options: { ...defaultRunOptions(plan), ...options },
    });
  }

  async run(pipeline: Pipeline, folder: string, unchecked?: Parameters<RunTrial['start']>[2]): Promise<RunSummary> {
    await this.start(pipeline, folder, unchecked);
    return this.ended;
  }

  /** Resolves when so many rows have reached a node, and there is a checkpoint where one is asked for. */
  async reached(id: string, rows: number, withCheckpoint = false): Promise<void> {
    const isReached = () => (this.summary?.stats[id]?.in ?? 0) >= rows && (!withCheckpoint || this.summary!.checkpoint !== null);
    while (!isReached()) {
      if (this.summary?.endedAt) throw new Error(`The run ended before ${rows} rows reached ${id}: ${JSON.stringify(this.summary.problems)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** SIGKILL. */
  kill(): void {
    this.#process.kill();
  }
}

/** A pipeline as it is given to a host. */
export async function jobOf(pipeline: Pipeline, folder: string): Promise<RunJob> {
  const { checked } = await new Checker(catalogue, codeAnalysis).check(pipeline, { folder, path: null }, { touch: true, mustKnow: true, parameters: {} });
  const plan = planRun(checked);
  return { id: randomUUID(), name: pipeline.name, path: null, folder, plan, options: defaultRunOptions(plan) };
}

/** Process ids of the children of a process. Linux only. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/** Makes a database with a table of numbers, for runs to be tried on. */
export function oldDatabase(path: string): void {
  const db = new Database(path);
  db.exec("CREATE TABLE readings (n INTEGER); INSERT INTO readings VALUES (1), (2), (3); CREATE TABLE other (t TEXT); INSERT INTO other VALUES ('kept')");
  db.close();
}

/** Of the generator's rows in table `readings`, in the order in which they were written: seconds since the first one, which rise by one. */
export function readingSeconds(path: string): number[] {
  const rows = contents(path)['readings'] as { readonly time: string | number }[];
  return rows.map(({ time }) => (new Date(time).getTime() - Date.parse('2026-01-01T00:00:00Z')) / 1000);
}

/** What a database holds, by table; throws unless it is sound. */
export function contents(path: string): { readonly [table: string]: unknown[] } {
  const db = new Database(path, { readonly: true, timeout: 60_000 });
  try {
    const check = db.pragma('integrity_check', { simple: true });
    if (check !== 'ok') throw new Error(String(check));
    const tables = db.prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return Object.fromEntries(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]));
  } finally {
    db.close();
  }
}
