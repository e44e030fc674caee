/**
 * Entry of the process that reads result databases. A process of its own, because SQLite cannot be interrupted from
 * JavaScript: whoever asked kills it when a query takes too long. Forked by results.ts.
 */
import { problemOf } from '../protocol/connection.ts';
import { type QueryJob, readTables, runQuery } from './query.ts';

process.on('message', ({ id, job }: { readonly id: number; readonly job: QueryJob }) => {
  try {
    process.send?.({ id, result: job.sql === null ? readTables(job.path) : runQuery(job.path, job.sql, job.offset, job.limit) });
  } catch (error) {
    process.send?.({ id, problem: problemOf(error) });
  }
});
process.on('disconnect', () => process.exit(0));
