/** Entry of the process that previews run in. Owned by preview.ts. */

import { MillraceError } from '../../model/problems/problem.ts';
import { definitions } from '../../nodes/index.ts';
import { reachedBy } from '../plan/connections.ts';
import { serveJobs } from '../processes/serve.ts';
import { guardSockets } from '../processes/socket-guard.ts';
import { runInUniversalTime } from '../processes/time-zone.ts';
import { newMonitor } from '../runners/local/monitor.ts';
import { threadSandbox } from '../sandbox/thread-sandbox.ts';
import type { PreviewJob } from './preview.ts';
import { PreviewEngine } from './preview-engine.ts';

runInUniversalTime();
// Users' code may reject a promise that nothing awaits. That must not end the process.
process.on('unhandledRejection', (reason) => {
  if (reason instanceof MillraceError) throw reason;
});
const monitor = newMonitor();
const byType = new Map(definitions.map((definition) => [definition.type, definition]));
const guard = guardSockets();
const note = serveJobs(
  (job: PreviewJob) => {
    guard.allow(reachedBy(job.plan));
    return engine.read(job);
  },
  { monitor, secrets: ({ secrets }) => secrets },
);
const engine = new PreviewEngine({
  definition: (type) => byType.get(type),
  sandbox: threadSandbox,
  monitor,
  // Told ahead: once the code runs, there may be no more chance to say anything.
  onCode: (code, field) => note({ code, field }),
});
