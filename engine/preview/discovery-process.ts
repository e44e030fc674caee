/** Entry of the process that looks at sources: files may be slow, and SQLite cannot be interrupted. Owned by source-looks.ts. */
import { definitions } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { type LookJob, lookAt, stampsOf } from './look.ts';

const byType = new Map(definitions.map((definition) => [definition.type, definition]));

serveJobs<LookJob, unknown>((job) => ('paths' in job ? stampsOf(job.paths) : lookAt(byType.get(job.type)!, job)));
