/** Entry of the process that looks at sources: files may be slow, and SQLite cannot be interrupted. Owned by source-looks.ts. */

import { KnownMap } from '../../model/values/known-map.ts';
import { definitions } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { guardSockets } from '../processes/socket-guard.ts';
import { linkedPaths } from '../store/output-place.ts';
import { type LookJob, lookAt, stampsOf } from './look.ts';

const byType = new KnownMap(
  'node type',
  definitions.map((definition) => [definition.type, definition]),
);

const guard = guardSockets();
serveJobs<LookJob, unknown>(
  (job) => {
    if ('paths' in job) return stampsOf(job.paths);
    if ('links' in job) return linkedPaths(job.links, job.folder);
    guard.allow(job.reaches ?? []);
    return lookAt(byType.of(job.type), job);
  },
  { secrets: (job) => ('texts' in job ? job.texts : undefined) },
);
