import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { connectionTypes, definitions } from '../../nodes/index.ts';
import { type Pipeline, runNodeTitle } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { type PlanOptions, planRun } from '../plan/plan.ts';
import { reachFacts } from '../plan/reach-facts.ts';
import { Discoveries, looksToRun } from '../preview/discoveries.ts';
import type { CheckResult } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Store } from '../store/store.ts';
import { Checker } from '../workbench/checker.ts';
import { readConnectionsFile, refuseUnknownEnvironment } from '../workbench/connections-file.ts';
import { readText } from '../workbench/disk.ts';
import { pipelineOf } from '../workbench/documents.ts';
import type { AssessOptions } from './assess.ts';

const saysThatItLooksAfterMs = 5000;
/** Ten times what the check of a usual pipeline takes. What it can allocate in that time is its limit of memory. */
const quickMs = 500;

export interface PipelineFile {
  readonly file: string;
  readonly folder: string;
  /** Of the file; absolute. */
  readonly path: string;
  /** That of the folder's connections which was chosen, or null. */
  readonly environment: string | null;
  readonly pipeline: Pipeline;
  readonly catalogue: Catalogue;
  /** By the user of this installation, as the file is now. */
  readonly trusted: boolean;
  /** What a node is called in messages. */
  titleOf(node: string): string;
}

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
  const checker = new Checker(opened.catalogue, codeAnalysis, new Discoveries({ looks: looksToRun }), quickMs);
  try {
    const { checked } = await checker.check(opened.pipeline, opened, { touch: true, mustKnow: true, parameters });
    return { result: checked.result, plan: async (options) => planRun(checked, options) };
  } finally {
    checker.close();
  }
}

/** Opens nothing but the file itself. Throws a MillraceError where it cannot be read as a pipeline. */
export async function openPipeline(file: string, environment: string | null = null): Promise<PipelineFile> {
  const path = resolve(file);
  const { text, stamp } = await readText(path);
  const { pipeline } = pipelineOf(text);
  const folder = dirname(path);
  const { connections } = await readConnectionsFile(folder);
  refuseUnknownEnvironment(connections, environment);
  const catalogue = new Catalogue(definitions, connectionTypes);
  const trusted = isTrusted(path, stamp, reachFacts(pipeline, connections, catalogue));
  const titleOf = (node: string) => {
    const found = pipeline.nodes[node];
    return found?.title ?? (found && catalogue.get(found.type)?.title) ?? (found ? undefined : runNodeTitle(node)) ?? node;
  };
  return { file: basename(path), folder, path, environment, pipeline, catalogue, trusted, titleOf };
}

/** Makes no store where there is none. */
function isTrusted(path: string, stamp: string, facts: string): boolean {
  if (!existsSync(join(dataFolder(), 'millrace.sqlite'))) return false;
  const store = Store.open(dataFolder());
  try {
    return store.trust.covers(path, stamp, facts);
  } finally {
    store.close();
  }
}
