/** What the data thread and the instances of its stages tell each other. Plain data; messages of one sender arrive in order. */
import type { Undo } from '@millrace/kit/node';
import type { Problem } from '../../../../model/problems/problem.ts';
import type { Row } from '../../../../model/values/types.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import type { RunSummary } from '../../../protocol/messages.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { RunOptions } from '../../../protocol/run-api.ts';
import type { NodeCounts } from '../counters.ts';
import type { EarlierFlow } from '../earlier-flows.ts';
import type { Division, FlowSnapshot } from '../flow-snapshot.ts';
import type { KeyedSnapshot } from '../keyed-snapshot.ts';
import type { PackedRows } from './packed-rows.ts';

/** What an instance is opened with. */
export interface InstanceJob {
  /** Its nodes, and for each way in and out of it a node more: see part-plan.ts. */
  readonly plan: PhysicalPlan;
  readonly folder: string;
  readonly commits: RunOptions['commits'];
  readonly lineage: string;
  /** Its own folder for state, or null. */
  readonly stateFolder: string | null;
  /** Bytes of state that it may have in memory. */
  readonly memory: number;
  readonly from: InstanceStart | null;
}
export interface InstanceStart {
  readonly checkpoint: number;
  readonly isOlder: boolean;
  /** Of its nodes, and the ways in. */
  readonly snapshot: Omit<FlowSnapshot, 'keyed'>;
  /** Nodes whose state goes on, and ways in. */
  readonly carried: readonly NodeId[];
  /** What it kept itself; null where it kept nothing, or `divided` has it. */
  readonly keyed: KeyedSnapshot | null;
  /** Where keys were divided in another way: what all had, and what is now its own. */
  readonly divided: ({ readonly flows: readonly EarlierFlow[]; readonly instance: number } & Division) | null;
}

/** Where rows came from, by row: for the failures among them. */
export interface PackedPlaces {
  /** Of all rows, or of each. */
  readonly source: string | undefined | readonly (string | undefined)[];
  /** By row; NaN where it is not known. */
  readonly lines: Float64Array;
  /** Where a row is only known to be in a range of lines: the last one of it. */
  readonly toLine: number | undefined;
}

/** Something that happens at a way in or out, in its order. Ways are numbered. */
export type FlowEvent =
  /** Rows from one place to another of the message's pack of that way. */
  | { readonly kind: 'rows'; readonly way: number; readonly from: number; readonly to: number; readonly places: PackedPlaces | null }
  | { readonly kind: 'advance'; readonly way: number; readonly watermark: number }
  | { readonly kind: 'idle'; readonly way: number; readonly isIdle: boolean }
  | { readonly kind: 'end'; readonly way: number }
  | { readonly kind: 'tick' };
export interface FlowEvents {
  /** By way: its rows. */
  readonly packs: readonly (PackedRows | null)[];
  readonly events: readonly FlowEvent[];
}

/** What need not be copied. */
export function transferOf({ packs }: FlowEvents): ArrayBuffer[] {
  return packs.flatMap((pack) => (pack ? [pack.buffer] : []));
}

export type ToInstance =
  | { readonly kind: 'open'; readonly job: InstanceJob }
  /** Answered by `done`, once all that comes of it has been sent. */
  | ({ readonly kind: 'work' } & FlowEvents)
  /** A message of its rows was worked off. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'snapshot'; readonly checkpoint: number }
  | { readonly kind: 'committed'; readonly oldestKept: number }
  | { readonly kind: 'recent'; readonly id: number; readonly node: NodeId; readonly port: string; readonly limit: number }
  /** Nothing goes on from here. */
  | { readonly kind: 'forget' }
  /** To be answered by `closed`. */
  | { readonly kind: 'close' };

export type FromInstance =
  | { readonly kind: 'opened'; readonly ticks: boolean; readonly timed: readonly NodeId[] }
  | ({ readonly kind: 'work' } & FlowEvents)
  | { readonly kind: 'done' }
  | { readonly kind: 'snapshot'; readonly flow: FlowSnapshot }
  | { readonly kind: 'recent'; readonly id: number; readonly rows: readonly Row[] }
  | { readonly kind: 'stats'; readonly stats: InstanceStats }
  | { readonly kind: 'failure'; readonly problem: Problem }
  | { readonly kind: 'log'; readonly level: 'info' | 'warning'; readonly message: string; readonly node: NodeId }
  /** See `DataflowEnv.onCode`. */
  | { readonly kind: 'code'; readonly number: number; readonly node: NodeId; readonly field: string }
  | { readonly kind: 'guard'; readonly node: NodeId; readonly undo: Undo | readonly Undo[] }
  /** It is of no more use. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'closed' };

export interface InstanceStats {
  readonly counts: { readonly [node: NodeId]: NodeCounts };
  readonly stateUse: Omit<NonNullable<RunSummary['stateUse']>, 'mostInMemory' | 'mostOnDisk'>;
  /** As of `Dataflow.waiting`; holders may be ways in. */
  readonly waiting: readonly { readonly node: NodeId; readonly watermark: number; readonly holder: NodeId }[];
}

/** The end of a channel, in whatever thread the other one is. */
export interface InstancePort<Sent, Received> {
  /** `transfer` is gone here afterwards. */
  post(message: Sent, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: Received) => void): void;
}
export interface InstanceHandle extends InstancePort<ToInstance, FromInstance> {
  /** It ended by itself. */
  onLost(listener: (error: Error & { code?: string }) => void): void;
  /** Ends it wherever it is. */
  terminate(): Promise<void>;
}
/** Starts a thread, or whatever else serves as one (instance.ts). */
export interface InstanceHost {
  /** `nodes`: of its part of the plan, by their numbers there. */
  start(index: number, nodes: readonly NodeId[]): InstanceHandle;
}
