import type { PlanOptions } from '../plan/plan.ts';
import type { Assessment } from '../workbench/check-job.ts';
import { Checks } from '../workbench/checks.ts';
import { openPipeline, type PipelineFile } from './pipeline-file.ts';

export interface Assessed extends PipelineFile, Assessment {
  /** The files that it names were looked at. */
  readonly looked: boolean;
  /** Rejects with what is in the way of a run. */
  plan(options?: PlanOptions): ReturnType<Checks['plan']>;
}

export interface AssessOptions {
  readonly parameters?: { readonly [name: string]: string };
  readonly environment?: string | null;
  /** `trusted`: what the pipeline names is looked at only where the file is trusted; `never`: nothing but the file itself is. */
  readonly look: 'always' | 'trusted' | 'never';
  readonly limitMs?: number;
  readonly memoryMb?: number;
}

/** The caller has nothing else to do, but should be told. */
const defaultLimitMs = 60_000;

/**
 * Opens and checks a pipeline file to say what is in it. Whatever that is, the answer comes in time and memory that are known
 * ahead: it is checked in a process that is killed at its limits (`check/stopped`), and so are its sources. The processes end with
 * this one. Rejects with a MillraceError.
 */
export async function assess(file: string, options: AssessOptions): Promise<Assessed> {
  return assessOpened(await openPipeline(file, options.environment ?? null), options);
}

export async function assessOpened(opened: PipelineFile, { parameters = {}, look, limitMs = defaultLimitMs, memoryMb }: AssessOptions): Promise<Assessed> {
  const { pipeline, catalogue, trusted } = opened;
  const checks = new Checks(catalogue, { limitMs, ...(memoryMb !== undefined && { memoryMb }) });
  const document = { ...opened, id: opened.path };
  const options = { touch: look === 'always' || (look === 'trusted' && trusted), mustKnow: true, parameters };
  const { result, code } = await checks.assess(pipeline, document, options);
  return { ...opened, result, code, looked: options.touch, plan: (planOptions) => checks.plan(pipeline, document, options, planOptions) };
}
