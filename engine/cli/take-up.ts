/** `--replay-errors`: a run that takes the rows up that wait in the errors table, and what became of them. */

import { itemAt } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { visible } from '../../model/text/visible-text.ts';
import { connectionTypes, definitions } from '../../nodes/index.ts';
import type { NodeId } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import type { RunOptions } from '../protocol/run-api.ts';
import { countKeptAgain, readKeptErrors } from '../store/kept-errors.ts';
import { errorsFiles, planTakeUp, type TakeUp } from '../workbench/replay.ts';
import type { Loaded } from './load.ts';
import type { StartOptions } from './options.ts';
import { count } from './report.ts';
import { printProblems } from './run-report.ts';

/** What became of the rows of one node that waited at the start. */
export interface Outcome {
  readonly node: NodeId;
  readonly replayed: number;
  /** The rows that failed again and were kept again, at this node or at one downstream. */
  readonly failedAgain: number;
  readonly left: number;
}

/** Rows are marked with the checkpoints that hold what became of them. */
export function committingForReplays<T extends StartOptions>(options: T): T {
  if (options.commit !== 'end') return { ...options, commit: 'checkpoint' };
  throw new MillraceError({
    code: 'replay/commit',
    message: 'A run that replays failed rows commits with checkpoints: with "--commit end", a run that is killed could replay rows twice.',
    hint: 'Leave --commit out.',
  });
}

export function takeUp(
  plan: PhysicalPlan,
  loaded: Loaded,
  request: {
    readonly stateFolder: string;
    readonly from: RunOptions['from'];
    /** Databases of errors tables; absent: those of the pipeline. */
    readonly errors?: readonly string[];
    readonly nodes?: readonly NodeId[];
    readonly only?: readonly number[];
  },
): TakeUp {
  const { pipeline, folder } = loaded;
  return planTakeUp({
    ...request,
    plan,
    catalogue: new Catalogue(definitions, connectionTypes),
    folder,
    files: request.errors ?? errorsFiles(pipeline.name, loaded),
  });
}

/** Says what is taken up, and what cannot be. */
export function announce({ rows, refused, tables }: TakeUp, loaded: Loaded): void {
  printProblems(
    refused.map((problem) => ({ ...problem, severity: 'warning' })),
    loaded,
  );
  const parts = [...rows].map(([node, number]) => `${count(number)} of "${visible(loaded.titleOf(node))}"`);
  process.stderr.write(
    parts.length > 0 ? `Replaying failed rows: ${parts.join(', ')}.\n` : `No rows wait to be replayed in ${visible(itemAt(tables, 0).path)}.\n`,
  );
}

export function outcomes({ rows, tables }: TakeUp): Outcome[] {
  const sum = (counts: (table: TakeUp['tables'][number]) => ReadonlyMap<NodeId, number>) => {
    const all = tables.map(counts);
    return (node: NodeId) => all.reduce((total, each) => total + (each.get(node) ?? 0), 0);
  };
  const left = sum(({ path, last }) => readKeptErrors(path, { through: last }).counts);
  const failedAgain = sum(({ path, last }) => countKeptAgain(path, last));
  return [...rows].map(([node, number]) => ({ node, replayed: Math.max(0, number - left(node)), failedAgain: failedAgain(node), left: left(node) }));
}

/** `  Prices: 12 rows replayed, 3 failed again, 1 left` */
export function describeOutcomes(found: readonly Outcome[], { titleOf }: Loaded): string {
  return found.map((each) => `  ${visible(titleOf(each.node))}: ${describeReplayed(each)}\n`).join('');
}

export function describeReplayed({ replayed, failedAgain, left }: Pick<Outcome, 'replayed' | 'failedAgain' | 'left'>): string {
  const words = [`${count(replayed)} ${replayed === 1 ? 'row' : 'rows'} replayed`];
  if (failedAgain > 0) words.push(`${count(failedAgain)} failed again`);
  if (left > 0) words.push(`${count(left)} left`);
  return words.join(', ');
}
