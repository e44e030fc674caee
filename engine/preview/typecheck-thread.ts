/** Entry of the thread that checks types, so that the workbench answers meanwhile. Owned by type-checks.ts. */
import { parentPort } from 'node:worker_threads';
import { TypeChecker, type TypedCode } from './typecheck.ts';

const checker = TypeChecker.load();

parentPort!.on('message', async ({ id, code }: { readonly id: number; readonly code: readonly TypedCode[] }) => {
  parentPort!.postMessage({ id, problems: (await checker).check(code) });
});
