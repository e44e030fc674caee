import type { Problem } from '../../model/problems/problem.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { TypedCode } from './typecheck.ts';

/** Long enough to skip the checks of half-typed words. */
const debounceMs = 120;
const defaultLimitMs = 15_000;
const memoryMb = 1024;
/** How long a check may continue once no request waits for it: what the process has loaded makes the next check fast. */
const unwantedMs = 3000;
/** Of one check. Code that comes after is not checked for its types. */
const mostStopped = 3;

type Pool = WorkerPool<readonly TypedCode[], readonly Problem[]>;

/** Type checks in a process of their own, which is killed at its limits. */
export class TypeChecks {
  readonly #onChecked: (documentId: string, problems: readonly Problem[]) => void;
  readonly #pool: Pool;
  /** By document: ends what it asked last. */
  readonly #newest = new Map<string, AbortController>();

  constructor(onChecked: (documentId: string, problems: readonly Problem[]) => void, options: { readonly limitMs?: number } = {}) {
    this.#onChecked = onChecked;
    this.#pool = newPool(options.limitMs);
  }

  /** Answers by `onChecked`, unless something newer of the same document is asked before. */
  request(documentId: string, code: readonly TypedCode[]): void {
    this.forget(documentId);
    if (code.length === 0) {
      this.#onChecked(documentId, []);
      return;
    }
    const { signal } = this.#start(documentId);
    const timer = setTimeout(async () => {
      const problems = await checkWithin(this.#pool, code, signal);
      if (!signal.aborted) this.#onChecked(documentId, problems);
    }, debounceMs);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  forget(documentId: string): void {
    this.#newest.get(documentId)?.abort();
    this.#newest.delete(documentId);
  }

  close(): void {
    for (const documentId of [...this.#newest.keys()]) this.forget(documentId);
    this.#pool.close();
  }

  #start(documentId: string): AbortController {
    const own = new AbortController();
    this.#newest.set(documentId, own);
    return own;
  }
}

/** One check, for those who keep no process. Never rejects. */
export async function checkTypesOnce(code: readonly TypedCode[]): Promise<readonly Problem[]> {
  const pool = newPool();
  try {
    return await checkWithin(pool, code);
  } finally {
    pool.close();
  }
}

function newPool(limitMs = defaultLimitMs): Pool {
  return new WorkerPool({ entry: 'typecheck', limitMs, memoryMb });
}

/** Never rejects. Code whose check had to be stopped is reported, and the rest is checked without it. */
async function checkWithin(pool: Pool, code: readonly TypedCode[], signal?: AbortSignal): Promise<readonly Problem[]> {
  const stopped: Problem[] = [];
  for (let left = code; left.length > 0; ) {
    try {
      return [...stopped, ...(await pool.run(left, { ...(signal && { signal }), graceMs: unwantedMs }))];
    } catch (error) {
      if (signal?.aborted) return [];
      const culprit = error instanceof WorkerEnded ? (error.notes.at(-1) as Pick<TypedCode, 'node' | 'field'> | undefined) : undefined;
      stopped.push(unchecked(error, pool, culprit));
      if (!culprit || stopped.length >= mostStopped) break;
      left = left.filter(({ node, field }) => node !== culprit.node || field !== culprit.field);
    }
  }
  return stopped;
}

function unchecked(error: unknown, pool: Pool, at: Pick<TypedCode, 'node' | 'field'> | undefined): Problem {
  const where = { severity: 'warning' as const, ...at };
  const what = at ? 'this code' : 'the code';
  const reason = error instanceof WorkerEnded ? error.reason : 'crashed';
  if (reason === 'time' || reason === 'memory') {
    const limit = reason === 'time' ? `took longer than ${pool.limitMs / 1000} s` : `needed more than ${pool.memoryMb} MB of memory`;
    const message = `The types of ${what} are not checked: the check ${limit} and was stopped.`;
    return { code: 'code/types-stopped', message, hint: 'Use simpler types: deep or recursive ones take longest. The code itself runs as it is.', ...where };
  }
  const { message } = error as Error;
  return { code: 'code/types-failed', message: `The types of ${what} are not checked: ${message}.`, hint: 'Change the code, or try again.', ...where };
}
