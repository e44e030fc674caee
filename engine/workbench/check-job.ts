/** What a check process is asked to do, and its work. Plain data on both sides. */
import type { CodeAnalysis, Discovery } from '@millrace/kit/node';
import { isShown, type Params } from '@millrace/kit/params';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { NodeId, Pipeline, PipelineNode } from '../document/pipeline.ts';
import type { SentPipeline } from '../document/transfer.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { checkPipeline } from '../plan/check.ts';
import type { CheckedNode, CheckedPipeline } from '../plan/checked.ts';
import { connectionField, type KnownConnections } from '../plan/connections.ts';
import type { ParameterValues } from '../plan/parameters.ts';
import { type PlanOptions, planRun } from '../plan/plan.ts';
import { reachedByNode } from '../plan/touches.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import { problemOf } from '../protocol/connection.ts';
import type { CheckAnswer, CheckResult } from '../protocol/messages.ts';
import type { PhysicalPlan, PlannedConnection, SecretUse } from '../protocol/physical-plan.ts';
import { codeIn } from './typed-code.ts';

/** The pipeline's file without its folder, and values for its parameters. */
export interface CheckAbout {
  readonly file: string | null;
  readonly parameters?: ParameterValues | undefined;
  readonly connections?: KnownConnections | undefined;
  readonly needsSecrets?: boolean | undefined;
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
  readonly connection?: PlannedConnection;
  readonly secrets: readonly SecretUse[];
  /** See `PlannedNode.reaches`. */
  readonly reaches: readonly string[];
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
  const canBeLookedAt = (node: CheckedNode) => node.valid && !node.lacksSecrets && (node.connection !== null || !namesConnection(node));
  return [...alone.nodes.values()].filter(canBeLookedAt).map(({ id, node, definition, params, connection, secrets }) => ({
    id,
    type: node.type,
    params,
    secrets,
    reaches: reachedByNode(definition, params, connection),
    ...(connection && { connection: connection.planned }),
  }));
}

function namesConnection({ definition, params }: CheckedNode): boolean {
  const field = connectionField(definition);
  return field !== null && isShown(definition.params, field.name, params);
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
