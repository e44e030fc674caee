/** What every source promises, as named tests: see `Reader` in ../source.ts for the contract. */
import type { SourceDefinition } from '../node.ts';
import { type ContractTest, type Promised, type SuiteOptions, testsOf } from './contract.ts';
import { demand } from './source-demand.ts';
import { ends } from './source-ends.ts';
import { positions } from './source-positions.ts';
import { type SourceHarness, SourceTrial } from './source-trial.ts';

const promises: readonly Promised<SourceTrial>[] = [...positions, ...ends, ...demand];

/** The tests of one source in one setting. */
export function sourceTests(definition: SourceDefinition<any>, harness: SourceHarness, options: SuiteOptions = {}): ContractTest[] {
  return testsOf(promises, (folder) => new SourceTrial(folder, definition, harness, options));
}
