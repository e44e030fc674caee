import { resolve } from 'node:path';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { QueryResult, Table } from '../protocol/messages.ts';
import type { QueryJob } from './query.ts';

const defaultLimitMs = 10_000;
const memoryMb = 1024;
/** Several result panels may be open at once. */
const most = 2;

/** Reads SQLite databases in processes that can be killed: when a query is cancelled, or exceeds its limits of time or memory. */
export class Results {
  readonly #pool: WorkerPool<QueryJob, unknown>;

  constructor({ limitMs = defaultLimitMs }: { readonly limitMs?: number } = {}) {
    this.#pool = new WorkerPool({ entry: 'query', limitMs, memoryMb, most });
  }

  tables(path: string, signal: AbortSignal): Promise<readonly Table[]> {
    return this.#ask({ path: resolve(path), sql: null }, signal) as Promise<readonly Table[]>;
  }

  query(path: string, sql: string, offset: number, limit: number, signal: AbortSignal): Promise<QueryResult> {
    return this.#ask({ path: resolve(path), sql, offset, limit }, signal) as Promise<QueryResult>;
  }

  close(): void {
    this.#pool.close();
  }

  async #ask(job: QueryJob, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#pool.run(job, { signal });
    } catch (error) {
      throw error instanceof WorkerEnded ? new MillraceError(this.#problem(error)) : error;
    }
  }

  #problem({ reason, message }: WorkerEnded): Omit<Problem, 'severity'> {
    const hint = 'Narrow it: a WHERE clause, a LIMIT, or fewer joined rows.';
    switch (reason) {
      case 'time':
        return { code: 'result/slow', message: `The query took longer than ${this.#pool.limitMs / 1000} s and was stopped.`, hint };
      case 'memory':
        return { code: 'result/memory', message: `The query needed more than ${memoryMb} MB of memory and was stopped.`, hint };
      case 'cancelled':
        return { code: 'result/stopped', message: 'The query was stopped.', hint: 'Run it again.' };
      default:
        return { code: 'result/crashed', message: `The process that reads results ended unexpectedly: ${message}.`, hint: 'Run the query again.' };
    }
  }
}
