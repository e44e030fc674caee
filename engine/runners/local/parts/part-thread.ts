/** A thread of a run that reads a stretch of its input: users' code is confined in it as in the data thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { missing } from '../../../../model/faults/missing.ts';
import { MillraceError } from '../../../../model/problems/problem.ts';
import { definitions } from '../../../../nodes/index.ts';
import { Catalogue } from '../../../plan/catalogue.ts';
import { threadSandbox, withoutCode } from '../../../sandbox/thread-sandbox.ts';
import type { Monitor } from '../monitor.ts';
import type { FromPart, ToPart } from './messages.ts';
import { servePart } from './part.ts';

const port = parentPort ?? missing('the port of the thread');
const { monitor } = workerData as { readonly monitor: Monitor };
const catalogue = new Catalogue(definitions);
const post = (message: FromPart) => port.postMessage(message);
let sandbox = withoutCode;

servePart(
  { post, onMessage: (listener: (message: ToPart) => void) => void port.on('message', listener) },
  {
    definition: (type) => catalogue.get(type),
    async sandboxOf(nodes) {
      sandbox = await threadSandbox(nodes);
      return sandbox;
    },
    monitor,
  },
);
// A promise that users' code leaves behind is nobody's: it must not end the run. What it is rejected with may be anything.
process.on('unhandledRejection', (reason) => {
  if (reason instanceof MillraceError) throw reason;
  const { message } = sandbox.explain(reason);
  post({ kind: 'log', log: { level: 'warning', message: `A promise in the code failed: ${message}`, node: '' } });
});
