/**
 * The contract of sources and sinks as a library of named tests. It needs no test runner: `sinkTests` and `sourceTests` return objects with
 * a name and a function that throws if a promise is broken. A harness says what they have to know about a node.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One promise of the contract. */
export interface Promised<Trial> {
  readonly name: string;
  /** Whether this node, in this setting, makes the promise. Absent: every node does. */
  applies?(trial: Trial): boolean;
  /** Throws if the promise is broken. */
  run(trial: Trial): Promise<void>;
}

/** One promise, ready to be tested on one node. */
export interface ContractTest {
  readonly name: string;
  run(): Promise<void>;
}

export interface SuiteOptions {
  /**
   * How long, in milliseconds, something that must happen within a second may take: room for a busy machine. It costs time only if a
   * promise is broken.
   */
  readonly patience?: number;
}
export const patience = 20_000;

/** The resources of one test: a folder of its own, and what is to be closed afterwards, whatever happens. */
interface Disposable {
  dispose(): Promise<void>;
}

/** The promises that apply, each in its own trial. */
export function testsOf<Trial extends Disposable>(promises: readonly Promised<Trial>[], open: (folder: string) => Trial): ContractTest[] {
  const nowhere = open('');
  return promises
    .filter(({ applies }) => applies?.(nowhere) ?? true)
    .map(({ name, run }) => ({
      name,
      async run() {
        const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'));
        const trial = open(folder);
        try {
          await run(trial);
        } finally {
          await trial.dispose();
          await rm(folder, { recursive: true, force: true });
        }
      },
    }));
}

/** Rejects if the promise has not settled after this many milliseconds: `what` says what should have happened. */
export async function within<T>(milliseconds: number, what: string, promise: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets some turns of the event loop pass: everything that does not wait has happened then. */
export async function someTurns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
