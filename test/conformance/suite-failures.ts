/** What the contract suite says of nodes that break a promise. */
import type { ContractTest } from '@millrace/kit/testing/contract';

/** How long such a node is waited for, in milliseconds. */
export const patience = 300;
/** Functions that a mutant does in another way. */
export type Parts<T> = { -readonly [K in keyof T]?: T[K] };

/** How the test of this name fails. */
export async function failureOf(tests: readonly ContractTest[], name: string): Promise<string | null> {
  const test = tests.find((each) => each.name === name);
  if (!test) throw new Error(`The suite has no test "${name}" for it`);
  return test.run().then(
    () => null,
    (error: Error) => error.message,
  );
}

export async function failuresOf(tests: readonly ContractTest[]): Promise<(string | null)[]> {
  const failures: (string | null)[] = [];
  for (const { name } of tests) failures.push(await failureOf(tests, name));
  return failures.filter((failure) => failure !== null);
}
