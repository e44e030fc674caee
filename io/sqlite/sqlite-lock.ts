import { outputProblem } from '../files/output-problem.ts';

/** How long another program may hold the lock before we give up, or report that we wait. */
const lockWaitMs = 5000;
const lockRetryMs = 50;

export interface LockPatience {
  readonly path: string;
  readonly signal: AbortSignal;
  /** Called once when waiting takes long. Without it, waiting then ends with a MillraceError. */
  readonly onLongWait?: ((message: string) => void) | undefined;
}

export function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY');
}

/** Does what needs the lock of a database as soon as the lock is free. Throws MillraceErrors; also when it is cancelled. */
export async function withLock<T>(attempt: () => T, { path, signal, onLongWait }: LockPatience): Promise<T> {
  const deadline = performance.now() + lockWaitMs;
  let told = false;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const isLate = performance.now() > deadline;
      if (!isBusy(error) || signal.aborted || (isLate && !onLongWait)) throw outputProblem(error, path);
      if (isLate && !told) onLongWait?.(`Waiting for another program that has locked ${path}.`);
      told ||= isLate;
    }
    await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
  }
}
