import type { Field } from '@millrace/kit/fields';
import type { CodeAnalysis } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import { type PlanOptions, planRun } from '../plan/plan.ts';
import { Discoveries, looksToRun } from '../preview/discoveries.ts';
import type { CheckResult } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { Checker } from '../workbench/checker.ts';
import type { AssessOptions } from './assess.ts';
import { openPipeline, type PipelineFile } from './pipeline-file.ts';

const saysThatItLooksAfterMs = 5000;
/** Ten times what the check of a usual pipeline takes. What it can allocate in that time is its limit of memory. */
const quickMs = 500;

export interface Loaded extends PipelineFile {
  readonly result: CheckResult;
  /** Rejects with what is in the way of a run. */
  plan(options?: PlanOptions): Promise<PhysicalPlan>;
}

/**
 * Opens and checks a pipeline that is to run, in this process where that is quick: starting another one takes 0.2 s. A check that
 * takes longer is left to a process with `limits` of time and memory. Rejects with a MillraceError: where the file cannot be read as
 * a pipeline, and where its check exceeds a limit.
 */
export async function load(
  file: string,
  parameters: { readonly [name: string]: string } = {},
  { environment = null, ...limits }: Pick<AssessOptions, 'limitMs' | 'memoryMb' | 'environment'> = {},
): Promise<Loaded> {
  const opened = await openPipeline(file, environment);
  const waits = setTimeout(
    () => process.stderr.write(`Still looking at the first rows of the inputs, as a slow query takes. Ctrl+C ends it.\n`),
    saysThatItLooksAfterMs,
  );
  try {
    return { ...opened, ...(await checkHere(opened, parameters)) };
  } catch (error) {
    if (!(error instanceof MillraceError) || error.problem.code !== 'check/stopped') throw error;
    const { assessOpened } = await import('./assess.ts');
    const assessed = await assessOpened(opened, { look: 'always', parameters, ...limits });
    return { ...assessed, plan: async (options) => (await assessed.plan(options)).plan };
  } finally {
    clearTimeout(waits);
  }
}

async function checkHere(opened: PipelineFile, parameters: { readonly [name: string]: string }): Promise<Pick<Loaded, 'result' | 'plan'>> {
  const analyse = holdsCode(opened) ? (await import('../sandbox/analysis.ts')).codeAnalysis : withoutCode;
  const checker = new Checker(opened.catalogue, analyse, new Discoveries({ looks: looksToRun }), quickMs);
  try {
    const { checked } = await checker.check(opened.pipeline, opened, { touch: true, mustKnow: true, parameters });
    return { result: checked.result, plan: async (options) => planRun(checked, options) };
  } finally {
    checker.close();
  }
}

/** Whether a node could hold users' code: only such nodes ask for an analysis, and its parser takes time to load. */
function holdsCode({ pipeline, catalogue }: PipelineFile): boolean {
  return Object.values(pipeline.nodes).some(({ type }) => Object.values(catalogue.get(type)?.params ?? {}).some(hasCode));
}

function hasCode(field: Field): boolean {
  return field.kind === 'code' || field.kind === 'expression' || (field.kind === 'list' && Object.values(field.item).some(hasCode));
}

function refuse(): never {
  throw new Error('A node without a field for code asked for an analysis of code');
}
const withoutCode: CodeAnalysis = { expression: refuse, snippet: refuse, keyed: refuse };
