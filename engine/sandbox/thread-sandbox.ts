import { runsCode } from '@millrace/kit/op-traits';
import type { PlannedNode } from '../protocol/physical-plan.ts';
import type { Sandbox } from './sandbox.ts';
import { thrownProblem } from './thrown.ts';

/**
 * The sandbox of the thread that executes these nodes. If one of them contains code, SES is loaded and the thread locked down, permanently,
 * before this resolves; until then nothing can be compiled here.
 */
export async function threadSandbox(nodes: readonly Pick<PlannedNode, 'kind' | 'op'>[]): Promise<Sandbox> {
  // A transform whose operation is not known yet may contain code.
  if (!nodes.some(({ kind, op }) => kind === 'transform' && (!op || runsCode(op)))) return withoutCode;
  const { createSandbox } = await import('./sandbox.ts');
  return createSandbox();
}

/** For a thread that is not locked down: it explains what was thrown, and refuses to compile anything. */
export const withoutCode: Sandbox = {
  expression: refuse,
  snippet: refuse,
  keyed: refuse,
  explain: (thrown) => thrownProblem(thrown),
};

function refuse(): never {
  throw new Error('Code was to be compiled in a thread that is not locked down');
}
