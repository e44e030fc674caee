/** What a plan with its nodes open can do, and what it needs from around it: see open-dataflow.ts. */
import type { EarlierInstance, Owns } from '@millrace/kit/keyed-state';
import type { NodeDefinition, Output, Reader, SourceBatch, Undo } from '@millrace/kit/node';
import type { Problem } from '../../../model/problems/problem.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { RunOutput } from '../../protocol/messages.ts';
import type { SecretTexts } from '../../protocol/physical-plan.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { NodeCounts } from './counters.ts';
import type { EarlierFlow } from './earlier-flows.ts';
import type { FlowSnapshot } from './flow-snapshot.ts';
import type { InstanceHost } from './instances/messages.ts';
import type { Monitor } from './monitor.ts';
import type { NodeStates } from './node-states.ts';
import type { Router, Unit } from './router.ts';

export interface DataflowEnv {
  definition(type: string): NodeDefinition | undefined;
  readonly sandbox: Sandbox;
  /** Absolute; relative paths of the params start here. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** A row failed at a node whose policy is not "stop". */
  onFailure(problem: Problem, row: Row | undefined): void;
  onLog(level: 'info' | 'warning', message: string, node: NodeId): void;
  /** Of the plan. */
  readonly secrets?: SecretTexts | undefined;
  /** See `RunContext.waits`. */
  onWaits?(node: NodeId, reason: string | null): void;
  /** Sees all rows that leave a port, and, with writers "none", those that arrive at a sink. Turns fusing off. */
  tap?(node: NodeId, port: string, rows: readonly Row[]): void;
  /** "none": sinks are not opened and nothing is written. */
  readonly writers: 'run' | 'none';
  /** Where to note what the thread is at. Without it users' code runs unwatched, a little faster. */
  readonly monitor?: Monitor;
  /** A piece of users' code is about to be run for the first time: its number is what the monitor will show. */
  onCode?(number: number, node: NodeId, field: string): void;
  /** The clock, where it is not this machine's. It never goes back. */
  now?(): number;
  /** Whether the run can start over where its input is found out of order, as far as the dataflow's outputs allow it; not where nothing is said. */
  readonly startsOver?: boolean;
  /** By source, or other node that sets the event time: how far its rows were found out of order before, in milliseconds. */
  readonly disorder?: ReadonlyMap<NodeId, number>;
  /** See `RunContext.guard`. */
  onGuard?(node: NodeId, undo: Undo | readonly Undo[]): void;
  /** See `SinkContext`; "end" where nothing is said. */
  readonly commits?: 'end' | 'checkpoint';
  readonly lineage?: string;
  /** Where databases that do not decide keep their redo logs; without it they keep none. */
  readonly redoFolder?: string | null;
  /** Who starts the instances of the plan's stages; needed where it has some. */
  readonly instances?: InstanceHost;
  /** An instance has failed or is lost: nothing that this dataflow was asked for comes to its end. */
  onBroken?(error: unknown): void;
  /** Of a part of a plan: what takes the place of its sinks, and how long they have no room for more rows. */
  readonly outlets?: {
    open(node: NodeId, router: Router): Unit;
    room(): Promise<void> | null;
  };
  /** Of a stretch of the input: where each sink writes its rows aside, as of `Writer.part`. Phase one is then all there is. */
  readonly places?: { readonly [sink: NodeId]: Json };
  /** Keyed state, that of a checkpoint included; in memory alone where nothing is said. The dataflow closes it. */
  readonly states?: NodeStates;
  /** What to go on from. */
  readonly from?: FlowStart | null;
}
export interface FlowStart {
  readonly checkpoint: number;
  /** See `SinkContext.resume`. */
  readonly isOlder: boolean;
  /** Its keyed state is in `DataflowEnv.states` by then. */
  readonly snapshot: Omit<FlowSnapshot, 'keyed'>;
  /** What each writer's `prepare` gave. */
  readonly tokens: { readonly [sink: NodeId]: Json };
  /** False for nodes that start anew, as their state does not fit them any more. */
  isCarried(node: NodeId): boolean;
  /** Where keys are divided among instances in another way than they were; `snapshot` is that of one instance then: `asOfOneInstance`. */
  readonly divided?: Divided | null;
}
/** `NodeStates` then has what nodes had that are not divided, and nothing of those that are. */
export interface Divided {
  /** All that there were, for those who read them in another thread. */
  readonly flows: readonly EarlierFlow[];
  /** Those that kept something for a node whose keys are divided; null for one that goes on as it was. */
  earlier(node: NodeId): readonly EarlierInstance[] | null;
  /** Which keys of such a node are with this dataflow. */
  owns(node: NodeId): Owns;
}

/**
 * A plan with its nodes open. Rows are pushed in at the sources; everything in between happens before `push` returns,
 * but for what sinks do in their own time. All methods throw MillraceErrors that name the node; after one of them the
 * dataflow is of no more use than to be aborted and closed.
 */
export interface Dataflow {
  /** Opens a source: its rows are then the caller's to push. `start` as `Reader.position` gave it; `split`: what to read of it, all where it is left out. */
  openReader(source: NodeId, start?: Json, split?: Json): Promise<Reader>;
  /** Resolves, where it is a promise, when the sinks have taken the rows. */
  push(source: NodeId, batch: SourceBatch): void | Promise<void>;
  /** The source's watermark has moved without a row. Rows that this sets free are pushed as by `push`. */
  advance(source: NodeId, watermark: number): void | Promise<void>;
  /** The source has had no rows for a while, or has some again: an idle one holds no watermark back. */
  idle(source: NodeId, isIdle: boolean): void | Promise<void>;
  /** Time passes: see `StatefulOperator.tick`. */
  tick(): void | Promise<void>;
  /** The source has no more rows. */
  end(source: NodeId): Promise<void>;
  /** False once no further row of the source can change anything. */
  isNeeded(source: NodeId): boolean;
  /** Ends the sources that have not ended, and waits for all sinks. */
  finish(): Promise<void>;
  /** Resolves when all that was pushed is worked off, in all threads, and taken by the sinks. To be called while nothing is pushed. */
  workOff(): Promise<void>;
  /** Some operator wants to hear of the clock. */
  readonly ticks: boolean;
  /** The first sink whose transaction decides whether a checkpoint counts, or null: see kit/node.ts. */
  readonly decider: NodeId | null;
  /** By sink, where a part of its rows is to be written; null where some sink takes none. See `Writer.part`. */
  part(index: number): { readonly [sink: NodeId]: Json } | null;
  /** Takes up a part: what its sinks' `PartWriter.finish` gave, and its counts. Parts come in their order, after all rows that were pushed. */
  join(finished: { readonly [sink: NodeId]: Json }, counts: { readonly [node: NodeId]: NodeCounts }): Promise<void>;
  /** How many outputs become visible each by itself. */
  readonly outputCount: number;
  /** Everything that operators keep, and the counts of all nodes, as of this checkpoint. To be called with no push under way. */
  snapshot(checkpoint: number): Promise<FlowSnapshot>;
  /** Phase one: makes what the writers have durable, and gives their tokens. Rows that a sink only refuses here are on their way when it resolves. */
  prepare(checkpoint: number): Promise<{ readonly [sink: NodeId]: Json }>;
  /**
   * Phase two, or all of it where nothing was prepared: makes the outputs visible, one after the other. When one fails, the
   * rest can be undone by `abort` unless `stored`, the checkpoint's file, promises it: see writers.ts. `more`: rows follow.
   */
  commit(checkpoint?: number, options?: { readonly stored?: boolean; readonly more?: boolean }): Promise<void>;
  /**
   * After a stored `commit` that failed. Where it was the deciding transaction, that may have come through all the same (an answer that got
   * lost): unless `isCommitted` says that it has not, the other outputs are left as they are prepared, for the run that goes on.
   */
  doubt(isCommitted: () => Promise<boolean>): Promise<void>;
  /** All outputs are as they should be at the end: opening them from a checkpoint has made them so. */
  settle(): void;
  /** Nothing will go on from here: no keyed state is left on disk, and databases forget which checkpoint they hold. Never throws. */
  forget(): void;
  /** No checkpoint before this one will be gone back to. */
  committed(oldestKept: number): void;
  /** A source has spent this time waiting for rows, or for sinks to take them and other sources to catch up. */
  waited(source: NodeId, why: 'idleMs' | 'blockedMs', ms: number): void;
  /** Rows of the node that failed so far. */
  failed(node: NodeId): number;
  /** The source's rows that failed since then are not told further: they will be read, and fail, once more. */
  dropFailures(source: NodeId, failed: number): void;
  /** Of what the node hands on. */
  watermark(node: NodeId): number;
  /** Whether nobody's watermark waits for the node's. */
  isIdle(node: NodeId): boolean;
  /** The nodes in which event time decides what comes out. */
  readonly timed: ReadonlySet<NodeId>;
  /** The nodes in which event time decides when rows come out, the watermark that they have, and who holds it back. */
  waiting(): readonly { readonly node: NodeId; readonly watermark: number; readonly holder: NodeId }[];
  /** Undoes what is not committed. Never throws: what goes wrong is logged. */
  abort(): Promise<void>;
  /** Always last. Never throws. */
  close(): Promise<void>;
  counters(): { readonly [node: NodeId]: NodeCounts };
  outputs(): RunOutput[];
  /** What all nodes keep between rows, in bytes, as estimated. */
  stateUse(): { readonly inMemory: number; readonly limit: number; readonly onDisk: number };
  /** What people should know although nothing failed: rows that came too late for their windows, and that nobody takes. Cheap. */
  warnings(): Problem[];
  /** The latest rows that left by a port, oldest first; the port is watched from then on, until nobody has asked for a while. See recent-rows.ts. */
  recent(node: NodeId, port: string, limit: number): readonly Row[] | Promise<readonly Row[]>;
  /** About once a second: ports that nobody has asked for are watched no longer. */
  expireRecent(): void;
  /** What a sink that keeps rows holds now, or null for any other node. */
  memory(node: NodeId): Extract<Output, { kind: 'memory' }> | null;
}
