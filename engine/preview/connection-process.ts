/** Entry of the process that tries connections: servers may be slow, or never answer. Owned by connection-trials.ts. */
import { KnownMap } from '../../model/values/known-map.ts';
import { connectionTypes } from '../../nodes/index.ts';
import { serveJobs } from '../processes/serve.ts';
import { guardSockets } from '../processes/socket-guard.ts';
import { type Connected, type ConnectJob, connectTo } from './connect.ts';

const byType = new KnownMap(
  'connection type',
  connectionTypes.map((definition) => [definition.type, definition]),
);
const guard = guardSockets();

serveJobs<ConnectJob, Connected>(
  (job) => {
    guard.allow(job.reaches);
    return connectTo(byType.of(job.connection.type), job);
  },
  { secrets: ({ texts }) => texts },
);
