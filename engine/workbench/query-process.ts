/** Entry of the process that reads result databases: SQLite cannot be interrupted from JavaScript. Owned by results.ts. */
import { serveJobs } from '../processes/serve.ts';
import { type QueryJob, readTables, runQuery } from './query.ts';

serveJobs((job: QueryJob) => (job.sql === null ? readTables(job.path) : runQuery(job.path, job.sql, job.offset, job.limit)));
