import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { QueryResult, Table } from '../protocol/messages.ts';
import { MillraceError, type Problem } from '../schema/problem.ts';
import { nodeBinary } from '../supervisor/fork-node.ts';
import { entryFile } from '../threads.ts';
import type { QueryJob } from './query.ts';

const limitMs = 10_000;
/** A process without work is let go, so that an idle editor holds no memory for it. */
const idleMs = 60_000;

type Reply = { readonly id: number; readonly result?: unknown; readonly problem?: Problem };

/** Reads SQLite databases in a process of its own, which is killed when a query is cancelled or takes longer than the limit. */
export class Results {
  readonly #limitMs: number;
  #process: QueryProcess | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: { readonly limitMs?: number } = {}) {
    this.#limitMs = options.limitMs ?? limitMs;
  }

  tables(path: string, signal: AbortSignal): Promise<readonly Table[]> {
    return this.#ask({ path: resolve(path), sql: null }, signal) as Promise<readonly Table[]>;
  }

  query(path: string, sql: string, offset: number, limit: number, signal: AbortSignal): Promise<QueryResult> {
    return this.#ask({ path: resolve(path), sql, offset, limit }, signal) as Promise<QueryResult>;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#process?.kill(stopped);
  }

  async #ask(job: QueryJob, signal: AbortSignal): Promise<unknown> {
    clearTimeout(this.#idle);
    if (!this.#process?.alive) this.#process = new QueryProcess();
    const process = this.#process;
    const seconds = this.#limitMs / 1000;
    const timer = setTimeout(
      () =>
        process.kill({
          code: 'result/slow',
          message: `The query took longer than ${seconds} s and was stopped.`,
          hint: 'Narrow it: a WHERE clause, a LIMIT, or fewer joined rows.',
        }),
      this.#limitMs,
    );
    const cancel = () => process.kill(stopped);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await process.ask(job);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#process?.kill(stopped), idleMs);
      this.#idle.unref();
    }
  }
}

const stopped = { code: 'result/stopped', message: 'The query was stopped.', hint: 'Run it again.' };

class QueryProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #nextId = 1;
  alive = true;

  constructor() {
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: undefined };
    this.#child = fork(entryFile('query'), [], { execPath: nodeBinary(), execArgv: [], serialization: 'advanced', env });
    this.#child.on('message', ({ id, result, problem }: Reply) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (problem) pending?.reject(new MillraceError(problem));
      else pending?.resolve(result);
    });
    const gone = () => this.#end({ code: 'result/crashed', message: 'The process that reads results ended unexpectedly.', hint: 'Run the query again.' });
    this.#child.on('error', gone);
    this.#child.on('exit', gone);
  }

  ask(job: QueryJob): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, job });
    });
  }

  /** Everything asked and not yet answered is rejected with `problem`. */
  kill(problem: Omit<Problem, 'severity'>): void {
    this.#end(problem);
    this.#child.kill('SIGKILL');
  }

  #end(problem: Omit<Problem, 'severity'>): void {
    this.alive = false;
    for (const { reject } of this.#pending.values()) reject(new MillraceError(problem));
    this.#pending.clear();
  }
}
