/** `--replay-errors`: a run that takes the rows up that wait in the errors table, and what became of them. */
import { definitions } from '../../nodes/index.ts';
import type { NodeId } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { errorsFile } from '../plan/errors-table.ts';
import type { PhysicalPlan } from '../plan/physical.ts';
import type { RunOptions } from '../protocol/run-api.ts';
import { MillraceError } from '../schema/problem.ts';
import { readKeptErrors } from '../store/kept-errors.ts';
import { errorsPath, planTakeUp, type TakeUp } from '../workbench/replay.ts';
import type { Loaded } from './load.ts';
import type { StartOptions } from './options.ts';
import { count } from './report.ts';
import { printProblems } from './run-report.ts';

export interface TakenUp extends TakeUp {
  /** The errors table's database. */
  readonly path: string;
}
/** What became of the rows of one node that waited at the start. */
export interface Outcome {
  readonly node: NodeId;
  readonly replayed: number;
  readonly left: number;
}

/** Rows are marked with the checkpoints that hold what became of them. */
export function committingForReplays<T extends StartOptions>(options: T): T {
  if (options.commit !== 'end') return { ...options, commit: 'checkpoint' };
  throw new MillraceError({
    code: 'replay/commit',
    message: 'A run that takes failed rows up commits with checkpoints: with "--commit end" one that is killed could replay rows twice.',
    hint: 'Leave --commit out.',
  });
}

export function takeUp(
  plan: PhysicalPlan,
  loaded: Loaded,
  request: {
    readonly stateFolder: string;
    readonly from: RunOptions['from'];
    readonly errors?: string;
    readonly nodes?: readonly NodeId[];
    readonly only?: readonly number[];
  },
): TakenUp {
  const file = request.errors ?? errorsFile(loaded.pipeline.name);
  const { folder } = loaded;
  return { ...planTakeUp({ ...request, plan, catalogue: new Catalogue(definitions), folder, file }), path: errorsPath(folder, file) };
}

/** Says what is taken up, and what cannot be. */
export function announce({ rows, refused, path }: TakenUp, loaded: Loaded): void {
  printProblems(
    refused.map((problem) => ({ ...problem, severity: 'warning' })),
    loaded,
  );
  const parts = [...rows].map(([node, number]) => `${count(number)} of "${loaded.titleOf(node)}"`);
  process.stderr.write(parts.length > 0 ? `Rows that failed are replayed: ${parts.join(', ')}.\n` : `No rows wait to be replayed in ${path}.\n`);
}

export function outcomes({ rows, last, path }: TakenUp): Outcome[] {
  const { counts } = readKeptErrors(path, { through: last });
  return [...rows].map(([node, number]) => ({ node, replayed: Math.max(0, number - (counts.get(node) ?? 0)), left: counts.get(node) ?? 0 }));
}

/** `  Prices: 12 rows replayed, 1 left` */
export function describeOutcomes(found: readonly Outcome[], { titleOf }: Loaded): string {
  return found
    .map(
      ({ node, replayed, left }) =>
        `  ${titleOf(node)}: ${count(replayed)} ${replayed === 1 ? 'row' : 'rows'} replayed${left > 0 ? `, ${count(left)} left` : ''}\n`,
    )
    .join('');
}
