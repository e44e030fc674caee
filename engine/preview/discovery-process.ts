/** Entry of the process that looks at sources: files may be slow, and SQLite cannot be interrupted. Owned by source-looks.ts. */

import { KnownMap } from '../../model/values/known-map.ts';
import { definitions } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { linkedPaths } from '../store/output-place.ts';
import { type LookJob, lookAt, stampsOf } from './look.ts';

const byType = new KnownMap(
  'node type',
  definitions.map((definition) => [definition.type, definition]),
);

serveJobs<LookJob, unknown>((job) => {
  if ('paths' in job) return stampsOf(job.paths);
  return 'links' in job ? linkedPaths(job.links, job.folder) : lookAt(byType.of(job.type), job);
});
