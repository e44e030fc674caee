/** The options of `millrace run` that say where a run begins and how it commits. */

import { MillraceError } from '../../model/problems/problem.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { defaultRunOptions, type RunOptions } from '../protocol/run-api.ts';
import { CheckpointStore, latestCheckpoint } from '../store/checkpoints.ts';
import { age } from './report.ts';

export interface StartOptions {
  readonly from?: RunOptions['from'];
  /** Milliseconds. */
  readonly checkpointEvery?: number;
  readonly commit?: RunOptions['commits'];
  readonly dropChangedState?: boolean;
  readonly acceptDuplicates?: boolean;
  readonly keepCheckpoints?: number;
  readonly stateMemory?: string;
  readonly instances?: RunOptions['instances'];
}

export interface RunCommandOptions extends StartOptions {
  readonly set?: { readonly [name: string]: string };
  /** Of the connections beside the pipeline. */
  readonly env?: string;
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly detach?: boolean;
  /** Nodes at which a row that fails would stop the run keep it in the errors table instead. */
  readonly keepErrors?: boolean;
  /** Takes the rows up that wait in the errors table. */
  readonly replayErrors?: boolean;
  /** The name of the group of which this process is an instance. */
  readonly group?: string;
  /** Into how many shares a new group divides its input. */
  readonly shares?: number;
  /** Where `/metrics` is served, on this machine only; 0 for a free port. */
  readonly metrics?: number;
}

/**
 * The options of a run, and what to tell the user of where it begins, or null. Without `--from` it goes on from the latest
 * checkpoint, where there is one.
 */
export function chooseOptions(plan: PhysicalPlan, stateFolder: string, given: StartOptions): { readonly options: RunOptions; readonly notice: string | null } {
  const usual = defaultRunOptions(plan);
  const commits = given.commit ?? usual.commits;
  if (commits === 'end' && !plan.bounded) {
    throw new MillraceError({
      code: 'run/neverEnds',
      message: 'This pipeline has a source that never ends: with "--commit end" nothing would ever be written.',
      hint: 'Leave --commit out: then it commits with every checkpoint.',
    });
  }
  const latest = given.from === undefined || given.from === 'latest' ? latestCheckpoint(stateFolder) : null;
  const store = new CheckpointStore(stateFolder);
  const hasAny = store.highest() > 0;
  // If none is valid, or all of a lineage are gone, the run says so instead of starting from scratch.
  const hasBegun = hasAny || (commits === 'checkpoint' && store.lineage() !== null);
  const from = given.from ?? (hasBegun ? 'latest' : 'scratch');
  let notice: string | null = null;
  // From which checkpoint, the run itself says: the newest one may turn out to be damaged.
  if (latest && given.from === undefined) notice = `It resumes from its checkpoint of ${age(latest.at)} ago; --from scratch starts over.`;
  else if (given.from === 'latest' && !hasAny) notice = 'There is no checkpoint of this pipeline: it starts from scratch.';
  const options: RunOptions = {
    stateFolder,
    commits,
    checkpointEveryMs: given.checkpointEvery ?? usual.checkpointEveryMs,
    from,
    dropChangedState: given.dropChangedState ?? false,
    acceptDuplicates: given.acceptDuplicates ?? false,
    keepCheckpoints: given.keepCheckpoints ?? usual.keepCheckpoints,
    ...(given.instances !== undefined && { instances: given.instances }),
    ...(given.stateMemory !== undefined && { stateMemory: given.stateMemory }),
  };
  return { options, notice };
}
