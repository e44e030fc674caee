/** What the data thread and the threads that read stretches of its input tell each other. Plain data; messages of one sender arrive in order. */
import type { Reader, SplitEnd } from '@millrace/kit/node';
import type { Problem } from '../../../../model/problems/problem.ts';
import type { Json } from '../../../../model/values/types.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { NodeCounts } from '../counters.ts';

/** What a thread is given: the whole plan, a stretch of the input, and where to write what comes of it. */
export interface PartJob {
  readonly plan: PhysicalPlan;
  readonly folder: string;
  readonly source: NodeId;
  /** As of `SourceDefinition.split`. */
  readonly split: Json;
  /** By sink, as of `Writer.part`. */
  readonly places: { readonly [sink: NodeId]: Json };
}
export interface PartLog {
  readonly level: 'info' | 'warning';
  readonly message: string;
  readonly node: NodeId;
}
export type Counts = { readonly [node: NodeId]: NodeCounts };
export type ReadProgress = { readonly [source: NodeId]: ReturnType<NonNullable<Reader['progress']>> };

/** All that came of a stretch: none of it counts before all stretches up to it are known to be right. */
export interface PartResult {
  readonly end: SplitEnd;
  /** By sink, as of `PartWriter.finish`. */
  readonly finished: { readonly [sink: NodeId]: Json };
  readonly counts: Counts;
  /** The first failures of rows. */
  readonly failures: readonly Problem[];
  readonly logs: readonly PartLog[];
}

export type ToPart =
  /** Answered by `ended` or `failed`. */
  { readonly kind: 'open'; readonly job: PartJob } | { readonly kind: 'pause' } | { readonly kind: 'resume' };

export type FromPart =
  | { readonly kind: 'stats'; readonly counts: Counts; readonly progress: ReadProgress }
  | { readonly kind: 'log'; readonly log: PartLog }
  /** See `DataflowEnv.onCode`. */
  | { readonly kind: 'code'; readonly number: number; readonly node: NodeId; readonly field: string }
  /** Its outputs are closed. */
  | { readonly kind: 'ended'; readonly result: PartResult }
  /** Something ended it, such as a row that fails under the policy "stop". What, the first thread finds out: it reads on up to there. */
  | { readonly kind: 'failed' };

/** The end of a channel, in whatever thread the other one is. */
export interface PartPort<Sent, Received> {
  post(message: Sent): void;
  onMessage(listener: (message: Received) => void): void;
}
export interface PartHandle extends PartPort<ToPart, FromPart> {
  /** It ended by itself. */
  onLost(listener: (error: Error) => void): void;
  /** Ends it wherever it is; resolves when it is gone. */
  terminate(): Promise<void>;
}
/** Starts a thread, or whatever else serves as one (part.ts). */
export interface PartHost {
  /** `index` counts from 1; `nodes`: by their numbers in the plan. */
  startPart(index: number, nodes: readonly NodeId[]): PartHandle;
}
