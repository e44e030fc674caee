/** What a check process is asked to do, and its work. Plain data on both sides. */
import type { CodeAnalysis, Discovery } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { NodeId, Pipeline, PipelineNode } from '../document/pipeline.ts';
import type { SentPipeline } from '../document/transfer.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { checkPipeline } from '../plan/check.ts';
import type { CheckedPipeline } from '../plan/checked.ts';
import type { ParameterValues } from '../plan/parameters.ts';
import { type PlanOptions, planRun } from '../plan/plan.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import { problemOf } from '../protocol/connection.ts';
import type { CheckAnswer, CheckResult } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { codeIn } from './typed-code.ts';

/** The pipeline's file without its folder, and values for its parameters. */
export interface CheckAbout {
  readonly file: string | null;
  readonly parameters?: ParameterValues | undefined;
}

export interface CheckJob extends CheckAbout {
  readonly documentId: string;
  readonly sent: SentPipeline;
  /** Null: only its sources are wanted, with what must be looked up for them first. */
  readonly found: FoundSources | null;
  readonly wanted: Wanted;
}

export interface FoundSources {
  readonly discovered: { readonly [node: NodeId]: Discovery | null };
  /** Differs when `discovered` does. */
  readonly key: string;
}

export type Wanted =
  /** For an editor: the difference from the answer that it has, and users' code where it has changed since. */
  | { readonly for: 'editor'; readonly since: number | undefined }
  | { readonly for: 'result' }
  /** The result, with users' code. */
  | { readonly for: 'assessment' }
  | { readonly for: 'plan'; readonly options: PlanOptions };

/** A source with valid params, so that it can be looked at. */
export interface SoundSource {
  readonly id: NodeId;
  readonly type: string;
  readonly params: Params;
}

/** A check's result, and users' code whose input is known. */
export interface Assessment {
  readonly result: CheckResult;
  readonly code: readonly TypedCode[];
}

export type CheckReply =
  | { readonly sources: readonly SoundSource[] }
  | { readonly answer: CheckAnswer; readonly code: readonly TypedCode[] | null }
  | { readonly result: CheckResult }
  | Assessment
  | { readonly plan: PhysicalPlan }
  | { readonly refusal: Problem };

/** The sources alone, with their params completed and parameters substituted. */
export function soundSources(pipeline: Pipeline, about: CheckAbout, { catalogue, analyse, onNode }: CheckTools): SoundSource[] {
  const isSource = ([, node]: readonly [string, PipelineNode]) => catalogue.get(node.type)?.kind === 'source';
  const nodes = Object.fromEntries(Object.entries(pipeline.nodes).filter(isSource));
  const alone = checkPipeline({ ...pipeline, nodes, edges: [] }, { catalogue, analyse, ...about, discovered: () => null, onNode });
  return [...alone.nodes.values()].filter((node) => node.valid).map(({ id, node, params }) => ({ id, type: node.type, params }));
}

export function checkWith(pipeline: Pipeline, about: CheckAbout, { discovered }: FoundSources, { catalogue, analyse, onNode }: CheckTools): CheckedPipeline {
  return checkPipeline(pipeline, { catalogue, analyse, ...about, discovered: (id) => discovered[id] ?? null, onNode });
}

export function usersCode(checked: CheckedPipeline): TypedCode[] {
  return [...checked.nodes.values()].flatMap(codeIn);
}

/** What prevents a plan is an answer, too. */
export function planOrRefusal(checked: CheckedPipeline, options: PlanOptions): { readonly plan: PhysicalPlan } | { readonly refusal: Problem } {
  try {
    return { plan: planRun(checked, options) };
  } catch (error) {
    return { refusal: problemOf(error) };
  }
}

export interface CheckTools {
  readonly catalogue: Catalogue;
  readonly analyse: CodeAnalysis;
  /** Called before each node is looked at. */
  readonly onNode?: ((node: NodeId) => void) | undefined;
}

/** Numbers for nodes, which a check process can write to shared memory. */
export function nodeNumbers({ nodes }: Pipeline): ReadonlyMap<NodeId, number> {
  return new Map(
    Object.keys(nodes)
      .sort()
      .map((id, i) => [id, i]),
  );
}

interface Stopped {
  readonly reason: string;
  readonly message: string;
  readonly limitMs: number;
  readonly memoryMb: number;
  readonly node: NodeId | undefined;
}

/** The problem for a check without a result. */
export function stoppedCheck({ reason, message, limitMs, memoryMb, node }: Stopped): MillraceError {
  const isLimit = reason === 'time' || reason === 'memory';
  const limit = reason === 'time' ? `took longer than ${limitMs / 1000} s` : `needed more than ${memoryMb} MB of memory`;
  const at = node === undefined ? {} : { node };
  const where = node === undefined ? 'the pipeline' : `the pipeline, at the node "${node}",`;
  return new MillraceError(
    isLimit
      ? {
          code: 'check/stopped',
          message: `Checking ${where} ${limit} and was stopped.`,
          hint:
            node === undefined
              ? 'Split the pipeline into several.'
              : 'Make this node simpler: give it fewer columns or less code, or split it into several nodes.',
          ...at,
        }
      : { code: 'check/failed', message: `The check of the pipeline ended unexpectedly: ${message}.`, hint: 'Change the pipeline, or try again.', ...at },
  );
}
