/** A thread of a run that has an instance of its stages: users' code is confined in it as in the data thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { missing } from '../../../../model/faults/missing.ts';
import { MillraceError } from '../../../../model/problems/problem.ts';
import { definitions } from '../../../../nodes/index.ts';
import { Catalogue } from '../../../plan/catalogue.ts';
import { createSandbox } from '../../../sandbox/sandbox.ts';
import type { Monitor } from '../monitor.ts';
import { serveInstance } from './instance.ts';
import type { FromInstance, ToInstance } from './messages.ts';

const port = parentPort ?? missing('the port of the thread');
const { monitor } = workerData as { readonly monitor: Monitor };
const sandbox = createSandbox();
const catalogue = new Catalogue(definitions);

serveInstance(
  {
    post: (message: FromInstance, transfer = []) => port.postMessage(message, transfer),
    onMessage: (listener: (message: ToInstance) => void) => void port.on('message', listener),
  },
  { definition: (type) => catalogue.get(type), sandbox, monitor },
);
// A promise that users' code leaves behind is nobody's: it must not end the run. What it is rejected with may be anything.
process.on('unhandledRejection', (reason) => {
  if (reason instanceof MillraceError) throw reason;
  const { message } = sandbox.explain(reason);
  port.postMessage({ kind: 'log', level: 'warning', message: `A promise in the code failed: ${message}`, node: '' } satisfies FromInstance);
});
