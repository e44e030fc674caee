import { missing } from '../../../model/faults/missing.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { RunSummary } from '../../protocol/messages.ts';
import type { RunJob } from '../../protocol/run-api.ts';
import type { CheckpointHead, CheckpointStore } from '../../store/checkpoints.ts';
import type { Dataflow } from './dataflow.ts';
import type { CheckpointContent, FlowSnapshot, SourceMark } from './flow-snapshot.ts';
import { asEngineThroughout, type Monitor } from './monitor.ts';
import type { Pull } from './pull.ts';
import { holdsAllFrom, removeOtherStates } from './state-folders.ts';

export type Committed = NonNullable<RunSummary['checkpoint']>;

export interface CheckpointerOptions {
  readonly job: RunJob;
  readonly flow: Dataflow;
  readonly pull: Pull;
  /** Null: nothing is kept, and checkpoints only make rows visible. */
  readonly store: CheckpointStore | null;
  /** As of `CheckpointContent.folder`. */
  readonly stateFolder: string | undefined;
  readonly head: Pick<CheckpointHead, 'lineage' | 'shape'>;
  /** Above all that were before. */
  readonly nextId: number;
  readonly monitor?: Monitor | undefined;
  /** From here on the outputs are not to be undone from outside, until `onCommitted` says that rows follow. */
  onCommitting(): void;
  onLog(level: 'warning', message: string): void;
  /** Whether the deciding database has committed it. */
  isDecided(head: CheckpointHead): Promise<boolean>;
  /** `more`: rows follow. Null where there is nothing to go on from: rows have become visible, that is all. */
  onCommitted(checkpoint: Committed | null, more: boolean): void;
}

/** Makes the checkpoints of a run, one at a time: see ADR 11, and the two phases in kit/node.ts. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #nextId: number;
  #last: Promise<unknown> = Promise.resolve();
  /** The last checkpoint that is committed, and how far sources had been read there; null before the first. */
  committed: { readonly id: number; readonly marks: { readonly [source: NodeId]: SourceMark } } | null = null;
  /** Whether a checkpoint was begun and did not come to its end. */
  isInDoubt = false;
  #isTidy = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#nextId = options.nextId;
  }

  /**
   * One in the middle of the run. `then` is called when it is committed and before anything moves again. When it fails, the
   * run cannot go on.
   */
  checkpoint(then: () => void = () => {}): Promise<Committed> {
    return this.#inTurn(async () => {
      const { flow, pull } = this.#options;
      await pull.hold();
      try {
        await flow.workOff();
        const committed = await this.#make('running');
        then();
        return committed ?? missing('the checkpoint');
      } finally {
        pull.release();
      }
    });
  }

  /** The last one: all rows are in the sinks. A file is written only where outputs or positions have to agree. */
  finish(kind: 'draining' | 'complete'): Promise<Committed | null> {
    return this.#inTurn(() => this.#make(kind));
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    await this.#last.catch(() => {});
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => {}).then(work);
    this.#last = turn;
    turn.catch(() => {});
    return turn;
  }

  async #make(kind: CheckpointHead['kind']): Promise<Committed | null> {
    const { job, flow, store, monitor } = this.#options;
    const startedAt = performance.now();
    const id = this.#nextId++;
    const isStored = store !== null && (job.options.commits === 'checkpoint' || flow.outputCount > 1);
    // An end that is not stored needs one phase only, and leaves no marker in anybody's database.
    const tokens = isStored || job.options.commits === 'checkpoint' ? await flow.prepare(id) : {};
    const at = Date.now();
    const bytes = await asEngineThroughout(monitor, () => this.#commit({ id, at, kind }, isStored ? store : null, tokens));
    const committed = isStored || kind === 'running' ? { id, at, bytes, tookMs: Math.round(performance.now() - startedAt) } : null;
    this.#options.onCommitted(committed, kind === 'running');
    return committed;
  }

  /** What all outputs have prepared. Gives the size of the checkpoint's file; 0 where there is none. */
  async #commit(
    { id, at, kind }: Pick<CheckpointHead, 'id' | 'at' | 'kind'>,
    store: CheckpointStore | null,
    tokens: CheckpointContent['tokens'],
  ): Promise<number> {
    const { job, flow, pull, head, stateFolder, onCommitting, isDecided } = this.#options;
    const marks = pull.marks();
    this.isInDoubt = true;
    const whole: CheckpointHead = { ...head, id, at, kind, pipeline: job.name, decider: this.#decider() };
    const content: CheckpointContent = {
      sources: kind === 'draining' ? afterDrain(job, marks) : marks,
      flow: store && kind === 'running' ? withMarks(await flow.snapshot(id), marks) : null,
      tokens,
      ...(stateFolder !== undefined && { folder: stateFolder }),
    };
    onCommitting();
    const bytes = store ? await store.write(whole, content) : 0;
    try {
      await flow.commit(id, { stored: store !== null, more: kind === 'running' });
    } catch (error) {
      if (store) await flow.doubt(() => isDecided(whole));
      throw error;
    }
    // Best effort: the next one tries again, and nothing may fail for want of it.
    if (kind === 'running') await store?.noteCommitted(head.lineage, id).catch(() => {});
    await pull.committed(marks, { lineage: head.lineage, id, ...(kind !== 'running' && { isLast: true }) });
    // Where that fails, the next start finds nothing left to commit, and ends.
    if (kind === 'draining') await store?.write({ ...whole, kind: 'drained' }, content).catch(() => {});
    this.committed = { id, marks };
    this.isInDoubt = false;
    const oldestKept = store ? store.prune(job.options.keepCheckpoints, head.lineage) : id;
    flow.committed(oldestKept);
    if (store) this.#tidy(store, oldestKept);
    return bytes;
  }

  /** Once no checkpoint needs the state that was divided for this run, or an earlier one. */
  #tidy(store: CheckpointStore, oldestKept: number): void {
    const { stateFolder } = this.#options;
    if (this.#isTidy || !holdsAllFrom(oldestKept, stateFolder)) return;
    this.#isTidy = true;
    try {
      removeOtherStates(store.folder, stateFolder);
    } catch (error) {
      this.#options.onLog('warning', `State that is needed no more could not be removed: ${(error as Error).message}`);
    }
  }

  #decider(): CheckpointHead['decider'] {
    const { flow, job } = this.#options;
    const planned = job.plan.nodes.find(({ id }) => id === flow.decider);
    if (!planned) return null;
    const { id, type, params, secrets, connection } = planned;
    return { node: id, type, params, ...(secrets && { secrets }), ...(connection && { connection }), folder: job.folder };
  }
}

/** Rows of a batch that was read and not yet pushed have failed already: they will once more. */
function withMarks(snapshot: FlowSnapshot, marks: { readonly [source: NodeId]: SourceMark }): FlowSnapshot {
  const nodes = Object.entries(snapshot.nodes).map(([id, node]) => {
    const mark = marks[id];
    return [id, mark ? { ...node, counts: { ...node.counts, failed: mark.failed } } : node];
  });
  return { ...snapshot, nodes: Object.fromEntries(nodes) };
}

/** What was looked up is not in the checkpoint: the sources that are read first are read anew. */
function afterDrain({ plan }: RunJob, marks: { readonly [source: NodeId]: SourceMark }): { readonly [source: NodeId]: SourceMark } {
  const last = new Set([...(plan.sourceGroups.at(-1) ?? []), ...(plan.replays ?? [])]);
  const kept = Object.entries(marks).filter(([source]) => last.has(source));
  return Object.fromEntries(kept.map(([source, { position }]) => [source, { position, hasEnded: false, failed: 0 }]));
}
