/** Entry of the process that reads sources to their end: that may take long, and is stopped at any time. Owned by scans.ts. */

import { KnownMap } from '../../model/values/known-map.ts';
import { definitions } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { guardSockets } from '../processes/socket-guard.ts';
import { runInUniversalTime } from '../processes/time-zone.ts';
import { type ScanJob, scan } from './scan.ts';

runInUniversalTime();
const byType = new KnownMap(
  'node type',
  definitions.map((definition) => [definition.type, definition]),
);

const guard = guardSockets();
serveJobs(
  (job: ScanJob, report) => {
    guard.allow(job.node.reaches ?? []);
    return scan(job, byType.of(job.node.type), report);
  },
  { secrets: ({ secrets }) => secrets },
);
