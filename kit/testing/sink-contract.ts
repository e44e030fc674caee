/** What every sink promises, as named tests: see `SinkContext` in ../node.ts for the contract. */
import type { SinkDefinition } from '../node.ts';
import { type ContractTest, type Promised, type SuiteOptions, testsOf } from './contract.ts';
import { boundedRuns } from './sink-bounded-runs.ts';
import { resources } from './sink-resources.ts';
import { streams } from './sink-streams.ts';
import { transactions } from './sink-transactions.ts';
import { type SinkHarness, SinkTrial } from './sink-trial.ts';

const promises: readonly Promised<SinkTrial>[] = [...boundedRuns, ...streams, ...transactions, ...resources];

/** The tests of one sink in one setting. A sink whose writers have a transaction is also tested beside another one that decides. */
export function sinkTests(definition: SinkDefinition<any>, harness: SinkHarness, options: SuiteOptions = {}): ContractTest[] {
  const tests = testsOf(promises, (folder) => new SinkTrial(folder, definition, harness, options));
  if (!definition.committedCheckpoint || harness.delivers) return tests;
  const beside = testsOf(promises, (folder) => new SinkTrial(folder, definition, harness, { ...options, decides: false }));
  return [...tests, ...beside.map(({ name, run }) => ({ name: `beside another database: ${name}`, run }))];
}
