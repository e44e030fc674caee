/** Entry of the process that reads sources to their end: that may take long, and is stopped at any time. Owned by scans.ts. */

import { KnownMap } from '../../model/values/known-map.ts';
import { definitions } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { runInUniversalTime } from '../processes/time-zone.ts';
import { type ScanJob, scan } from './scan.ts';

runInUniversalTime();
const byType = new KnownMap(
  'node type',
  definitions.map((definition) => [definition.type, definition]),
);

serveJobs((job: ScanJob, report) => scan(job, byType.of(job.node.type), report));
