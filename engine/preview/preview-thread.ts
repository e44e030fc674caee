/** Entry of the thread that previews run in. Owned by preview.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { definitions } from '../../nodes/index.ts';
import { problemOf } from '../protocol/connection.ts';
import type { Monitor } from '../runtime/monitor.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { MillraceError } from '../schema/problem.ts';
import type { PreviewJob } from './preview.ts';
import { PreviewEngine } from './preview-engine.ts';

const { monitor } = workerData as { readonly monitor: Monitor };
const byType = new Map(definitions.map((definition) => [definition.type, definition]));
const engine = new PreviewEngine({
  definition: (type) => byType.get(type),
  sandbox: createSandbox(),
  monitor,
  // Told ahead: once the code runs, this thread may have no more chance to say anything.
  onCode: (code, field) => parentPort!.postMessage({ code, field }),
});

// A promise that users' code leaves behind is nobody's: it must not end the thread.
process.on('unhandledRejection', (reason) => {
  if (reason instanceof MillraceError) throw reason;
});
parentPort!.on('message', async ({ id, job }: { readonly id: number; readonly job: PreviewJob }) => {
  try {
    parentPort!.postMessage({ id, result: await engine.read(job) });
  } catch (error) {
    parentPort!.postMessage({ id, problem: problemOf(error) });
  }
});
parentPort!.postMessage({ ready: true });
