import { rmSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { CheckpointRef, SourceDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import { missing } from '../../../model/faults/missing.ts';
import { OutOfOrder } from '../../../model/problems/out-of-order.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { durationText } from '../../../model/time/duration.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Shape } from '../../plan/shape.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { RunJob, StopMode } from '../../protocol/run-api.ts';
import type { CheckpointHead } from '../../store/checkpoints.ts';
import { Checkpointer, type Committed } from './checkpointer.ts';
import { withTexts } from './contexts.ts';
import type { Dataflow, DataflowEnv } from './dataflow.ts';
import type { SourceMark } from './flow-snapshot.ts';
import { asOfOneInstance, divisionOf } from './instances/division.ts';
import { asEngine } from './monitor.ts';
import { openDataflow } from './open-dataflow.ts';
import { withParts } from './parts/eligible.ts';
import type { PartHost } from './parts/messages.ts';
import { Parts } from './parts/parts.ts';
import { Pull, Stopped } from './pull.ts';
import { findStart, isDecided, type Start } from './recovery.ts';
import type { Snapshot } from './run-messages.ts';
import { Stalls, stalledAfter } from './stalls.ts';
import { removeOtherStates } from './state-folders.ts';

const stallsEveryMs = 1000;
/** A database that does not answer for so long leaves it open what it holds: the run that goes on finds out. */
const decisionWithinMs = 5000;

export interface ExecutionEnv extends Pick<DataflowEnv, 'definition' | 'sandbox' | 'monitor' | 'onFailure' | 'onLog' | 'onCode' | 'onGuard' | 'instances'> {
  readonly onWaits?: DataflowEnv['onWaits'];
  /** Who starts the threads of a plan with parts; without it there is one thread. */
  readonly parts?: PartHost;
  /** What goes on from a checkpoint says so before its first row. */
  onResumed(checkpoint: number): void;
  /** See `CheckpointerOptions`. */
  onCommitting(): void;
  onCommitted(checkpoint: Committed | null, more: boolean): void;
  /** All nodes are open. */
  onOpened(): void;
  /** All that came of the run so far is undone, and it begins once more: what was told of rows does not count any more. */
  onStartedOver(): void;
}

/** One run in its data thread: from finding what to go on from, over checkpoints, to its end. */
export class Execution {
  readonly #job: RunJob;
  readonly #env: ExecutionEnv;
  #abort = new AbortController();
  readonly #stalls: Stalls;
  #flow: Dataflow | null = null;
  #parts: Parts | null = null;
  #pull: Pull | null = null;
  #checkpointer: Checkpointer | null = null;
  /** Sources are being read. */
  #isPulling = false;
  #isPaused = false;
  #start: Start | null = null;
  #isDraining = false;
  #isStopped = false;
  /** See `DataflowEnv.disorder`. */
  readonly #disorder = new Map<NodeId, number>();

  constructor(job: RunJob, env: ExecutionEnv) {
    this.#job = job;
    this.#env = env;
    this.#stalls = new Stalls((node, holder) => {
      const why = node === holder ? 'it holds rows back itself' : `it waits for "${holder}"`;
      const advice = job.plan.nodes.some(({ id, kind }) => id === holder && kind === 'source')
        ? ' Rows with later times, or an idle timeout at that source, let it advance.'
        : '';
      env.onLog('warning', `The watermark of "${node}" has not moved for ${Math.round(stalledAfter() / 1000)} s: ${why}.${advice}`, node);
    });
  }

  get flow(): Dataflow | null {
    return this.#flow;
  }

  /** Resolves at the end: true where all that was to come out has, false where it was stopped before. Rejects with what went wrong. Outputs are as they should be then, but for `close`. */
  async run(): Promise<boolean> {
    try {
      while (!(await this.#attempt())) await this.#startOver();
      return true;
    } catch (error) {
      this.#abort.abort();
      await this.#checkpointer?.idle();
      await this.#parts?.close();
      await this.#flow?.abort();
      await this.#settle();
      if (this.#isStopped || error instanceof Stopped) return false;
      throw error;
    } finally {
      await this.#parts?.close();
      await this.#closeReaders();
    }
  }

  /** False where it is to start over, now that more is known of the order of its input. */
  async #attempt(): Promise<boolean> {
    try {
      await this.#runThrough();
      return true;
    } catch (error) {
      const { cause, problem } = error instanceof MillraceError ? error : { cause: null, problem: null };
      if (!(cause instanceof OutOfOrder) || problem?.node === undefined || !this.#canStartOver || this.#isStopped || this.#isDraining) throw error;
      // Where even that was too little, what is read has changed in the meantime.
      const { disorder } = this.#disorder.has(problem.node) ? { disorder: Number.POSITIVE_INFINITY } : cause;
      this.#disorder.set(problem.node, disorder);
      const how = Number.isFinite(disorder) ? `up to ${durationText(disorder)} out of order` : 'in another order than before';
      const advice = Number.isFinite(disorder) ? ` Set "Out of order by at most" to ${durationText(disorder)} to read them only once.` : '';
      this.#env.onLog('info', `Its rows are ${how}: the run starts over, so that none of them comes too late.${advice}`, problem.node);
      return false;
    }
  }

  async #startOver(): Promise<void> {
    this.#abort.abort();
    await this.#checkpointer?.idle();
    await this.#parts?.close();
    await this.#closeReaders();
    const flow = this.#flow;
    this.#flow = this.#pull = this.#checkpointer = this.#parts = null;
    await flow?.abort();
    await flow?.close();
    this.#abort = new AbortController();
    this.#env.onStartedOver();
    if (this.#isStopped) throw new Stopped();
  }

  /** Nothing of it is seen before its end. */
  get #canStartOver(): boolean {
    return this.#job.plan.bounded && this.#job.options.commits === 'end';
  }

  stop(how: StopMode): void {
    const canCheckpoint = this.#job.options.commits === 'checkpoint';
    if (how === 'drain') {
      this.#isDraining = true;
      this.#pull?.drain();
      this.#parts?.abandon();
    } else if (how === 'cancel' || !canCheckpoint || !this.#pull) this.#cancel();
    else if (this.#isPulling)
      (this.#checkpointer ?? missing('the checkpointer'))
        .checkpoint(() => this.#cancel())
        .catch((error: unknown) => (this.#pull ?? missing('the pull')).fail(error));
  }

  pause(): void {
    this.#isPaused = true;
    this.#pull?.pause();
    this.#parts?.pause(true);
  }

  resume(): void {
    this.#isPaused = false;
    this.#pull?.resume();
    this.#parts?.pause(false);
  }

  /** Resolves when it is committed. */
  async checkpoint(): Promise<Committed> {
    if (this.#job.options.commits === 'end') {
      throw new MillraceError({
        code: 'run/no-checkpoints',
        message: 'This run commits once, at its end: there are no checkpoints to resume from.',
        hint: 'Start it so that it commits with checkpoints.',
      });
    }
    if (!this.#isPulling) throw new MillraceError({ code: 'run/not-running', message: 'The run is starting or ending, and makes no checkpoint now.' });
    try {
      return await (this.#checkpointer ?? missing('the checkpointer')).checkpoint();
    } catch (error) {
      (this.#pull ?? missing('the pull')).fail(error);
      throw error;
    }
  }

  snapshot(): Omit<Snapshot, 'failures' | 'waits'> {
    const own = this.#flow?.counters() ?? {};
    const counts = this.#parts?.counts(own) ?? own;
    const progress = this.#pull?.progress() ?? {};
    const { heldBy } = this.#stalls;
    const held = Object.entries(counts).map(([id, count]) => [id, heldBy.has(id) ? { ...count, heldBy: heldBy.get(id) } : count]);
    return {
      counts: heldBy.size > 0 ? Object.fromEntries(held) : counts,
      progress: this.#parts?.progress(progress) ?? progress,
      backlog: this.#pull?.backlog() ?? {},
      outputs: this.#flow?.outputs() ?? [],
      stateUse: this.#flow?.stateUse() ?? null,
      warnings: this.#flow?.warnings() ?? [],
    };
  }

  #cancel(): void {
    this.#isStopped = true;
    this.#abort.abort();
  }

  async #runThrough(): Promise<void> {
    const { plan, options } = this.#job;
    const env = this.#env;
    const { signal } = this.#abort;
    const start = await findStart(this.#job, {
      definition: env.definition,
      signal,
      monitor: env.monitor,
      onLog: (level, message) => env.onLog(level, message, ''),
    });
    this.#start = start;
    const { store, from } = start;
    if (!from && !this.#isDraining) this.#parts = await this.#startParts(start.plan);
    if (from) {
      env.onLog('info', `Resuming from checkpoint ${from.head.id} of ${new Date(from.head.at).toISOString()}.`, '');
      if (start.keyed.divided) {
        const [before, now] = [from.content.flow?.instances?.length ?? 1, divisionOf(start.plan).instances];
        const how = before === now ? 'by other keys' : `among ${now} ${now === 1 ? 'instance' : 'instances'} instead of ${before}`;
        env.onLog('info', `State is divided ${how}.`, '');
      }
      env.onResumed(from.head.id);
      const at = { lineage: start.lineage, id: from.head.id };
      for (const { type, params } of store?.rewindable() ?? []) await this.#keepingBooks(type)?.rewind?.(this.#bookContext(type, params), at);
      // Also of replays that this run does not go on with.
      await this.#acknowledge(from.content.sources, at, from.head.shape.nodes);
    }
    const rewindable = Object.values(start.shape.nodes).filter(({ type }) => this.#keepingBooks(type)?.rewind);
    await store?.addRewindable(rewindable.map(({ type, params }) => ({ type, params })));
    this.#flow = await this.#open(start);
    env.onOpened();
    if (from && this.#endsWith(from.head.kind)) {
      // All was read and only to be committed, which opening the sinks has done.
      this.#flow.settle();
      await this.#acknowledge(from.content.sources, { lineage: start.lineage, id: from.head.id });
      if (from.head.kind === 'complete') this.#forget(start);
      else {
        await store?.write({ ...from.head, kind: 'drained' }, from.content);
        env.onLog('info', 'The stream was drained before, and what was left to commit is committed now. Started again, the run reads on.', '');
      }
      return;
    }
    if (signal.aborted) throw new Stopped();
    const stretch = (await this.#parts?.open(this.#flow)) ?? null;
    const pull = new Pull(this.#flow, this.#abort, {
      stretch,
      start: from?.content.sources && carried(from),
      keepsMarks: options.commits === 'checkpoint',
      alignment: plan.alignment,
    });
    this.#pull = pull;
    this.#checkpointer = new Checkpointer({
      job: this.#job,
      flow: this.#flow,
      pull,
      store,
      head: { lineage: start.lineage, shape: start.shape },
      nextId: start.nextId,
      monitor: env.monitor,
      onCommitting: () => env.onCommitting(),
      isDecided: (head) => isDecided(head, { job: this.#job, definition: env.definition, signal: AbortSignal.timeout(decisionWithinMs) }),
      onCommitted: (checkpoint, more) => env.onCommitted(checkpoint, more),
      stateFolder: start.keyed.folder,
      onLog: (level, message) => env.onLog(level, message, ''),
    });
    if (this.#isPaused) this.pause();
    if (this.#isDraining) this.stop('drain');
    await this.#pullAll(pull);
    await this.#flow.finish();
    await this.#parts?.join(this.#flow);
    if (signal.aborted) throw new Stopped();
    await this.#checkpointer.finish(plan.bounded ? 'complete' : 'draining');
    await this.#acknowledge(pull.marks(), { lineage: start.lineage, id: (this.#checkpointer.committed ?? missing('the checkpoint')).id });
    if (plan.bounded) this.#forget(start);
  }

  /** They load what they need while the outputs are opened here. */
  async #startParts(plan: PhysicalPlan): Promise<Parts | null> {
    const { definition, parts: host, onFailure, onLog } = this.#env;
    const { folder, options } = this.#job;
    if (!host) return null;
    return Parts.start(await withParts(plan, options, definition), {
      host,
      definition,
      folder,
      signal: this.#abort.signal,
      onFailure: (problem) => onFailure(problem, undefined),
      onLog: ({ level, message, node }) => onLog(level, message, node),
    });
  }

  /** Whether what is gone on from was the end of a run that only did not come to commit all of it. Who asks for it by its number means what comes after. */
  #endsWith(kind: CheckpointHead['kind']): boolean {
    return kind === 'complete' || (kind === 'draining' && this.#job.options.from === 'latest');
  }

  /**
   * The end of a run that did not come through. Where all of its sources keep books themselves, nothing has to go on from here,
   * once they have heard of all that is committed.
   */
  async #settle(): Promise<void> {
    const start = this.#start;
    if (!start || !this.#flow || this.#checkpointer?.isInDoubt) return;
    const { nodes } = this.#job.plan;
    if (!nodes.some(({ type }) => this.#keepingBooks(type))) return;
    try {
      const last = this.#checkpointer?.committed ?? (start.from && { id: start.from.head.id, marks: start.from.content.sources });
      if (last) await this.#acknowledge(last.marks, { lineage: start.lineage, id: last.id });
      if (nodes.every(({ kind, type }) => kind !== 'source' || this.#keepingBooks(type))) this.#forget(start);
    } catch (error) {
      // What is kept is gone on from.
      this.#env.onLog('warning', `What was committed could not be marked yet: ${(error as Error).message}`, '');
    }
  }

  /** Of a checkpoint, before it is gone on from or forgotten: who was killed after its commit has not heard of it. */
  async #acknowledge(
    marks: { readonly [source: NodeId]: SourceMark },
    checkpoint: CheckpointRef,
    nodes: Shape['nodes'] = (this.#start ?? missing('the start')).shape.nodes,
  ): Promise<void> {
    for (const [id, { position }] of Object.entries(marks)) {
      const node = nodes[id];
      if (node) await this.#keepingBooks(node.type)?.acknowledge?.(this.#bookContext(node.type, node.params), position, checkpoint);
    }
  }

  #bookContext(type: string, params: Params) {
    const { folder, plan, secrets } = this.#job;
    // Of a node that is not in the plan any more, nobody knows the connection.
    const planned = plan.nodes.find((node) => node.type === type && JSON.stringify(node.params) === JSON.stringify(params)) ?? { params };
    return {
      ...withTexts(planned, secrets),
      path: (path: string) => (isAbsolute(path) ? path : resolve(folder, path)),
      signal: this.#abort.signal,
      log: (level: 'info' | 'warning', message: string) => this.#env.onLog(level, message, ''),
    };
  }

  #keepingBooks(type: string): SourceDefinition | null {
    const definition = this.#env.definition(type);
    return definition?.kind === 'source' && definition.acknowledge ? definition : null;
  }

  async #open({ store, lineage, plan, keyed, from }: Start): Promise<Dataflow> {
    const { folder, options } = this.#job;
    const { definition, sandbox, monitor, onFailure, onLog, onCode, onGuard, onWaits, instances } = this.#env;
    const { flow: snapshot, tokens } = from?.content ?? { flow: null, tokens: {} };
    const empty = { nodes: {}, stateful: [] };
    const { states, divided } = keyed;
    const before = divided && snapshot ? asOfOneInstance(snapshot) : snapshot;
    const opening = openDataflow(plan, {
      definition,
      sandbox,
      folder,
      signal: this.#abort.signal,
      writers: 'run',
      ...(monitor && { monitor }),
      onFailure,
      onLog,
      ...(onCode && { onCode }),
      ...(onGuard && { onGuard }),
      ...(onWaits && { onWaits }),
      secrets: this.#job.secrets,
      ...(instances && { instances }),
      onBroken: (error) => this.#pull?.fail(error),
      commits: options.commits,
      startsOver: this.#canStartOver,
      disorder: this.#disorder,
      lineage,
      redoFolder: store && join(store.folder, 'redo'),
      states,
      from: from && { checkpoint: from.head.id, isOlder: from.isOlder, snapshot: before ?? empty, tokens, isCarried: from.isCarried, divided },
    });
    return opening.finally(() => divided?.close());
  }

  async #pullAll(pull: Pull): Promise<void> {
    const { plan, options } = this.#job;
    this.#isPulling = true;
    const stalls = setInterval(
      () => this.#stalls.look(this.#isPaused ? [] : (this.#flow ?? missing('the dataflow')).waiting(), performance.now()),
      stallsEveryMs,
    );
    let timer: NodeJS.Timeout | undefined;
    const next = () => {
      timer = setTimeout(() => {
        if (!this.#isPulling) return;
        (this.#checkpointer ?? missing('the checkpointer')).checkpoint().then(next, (error: unknown) => pull.fail(error));
      }, options.checkpointEveryMs);
    };
    if (options.commits === 'checkpoint') next();
    try {
      await pull.run(plan.sourceGroups);
    } finally {
      this.#isPulling = false;
      clearTimeout(timer);
      clearInterval(stalls);
      await (this.#checkpointer ?? missing('the checkpointer')).idle();
    }
    pull.check();
  }

  async #closeReaders(): Promise<void> {
    try {
      await this.#pull?.close();
    } catch (error) {
      this.#env.onLog('warning', `Closing a source failed: ${(error as Error).message}`, '');
    }
  }

  /** Nothing will go on from here: the next run starts anew. */
  #forget({ store, keyed }: Start): void {
    if (!store) return;
    asEngine(this.#env.monitor, () => {
      store.clear();
      removeOtherStates(store.folder, keyed.folder);
      rmSync(join(store.folder, 'redo'), { recursive: true, force: true });
    });
    (this.#flow ?? missing('the dataflow')).forget();
  }
}

/** How far the sources were read that go on from there. */
function carried({ content, isCarried }: NonNullable<Start['from']>): typeof content.sources {
  return Object.fromEntries(Object.entries(content.sources).filter(([source]: [NodeId, unknown]) => isCarried(source)));
}
