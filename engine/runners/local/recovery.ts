import { randomUUID } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import type { NodeDefinition } from '@millrace/kit/node';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { type Comparison, compareShapes, isOtherPipeline, type Shape, shapeOf } from '../../plan/shape.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { RunJob } from '../../protocol/run-api.ts';
import { type CheckpointHead, type CheckpointInfo, CheckpointStore } from '../../store/checkpoints.ts';
import { movedState, writeOwner } from '../../store/pipeline-states.ts';
import { withTexts } from './contexts.ts';
import type { CheckpointContent } from './flow-snapshot.ts';
import { planInstances } from './instances/instance-count.ts';
import { stateBudget } from './memory-limits.ts';
import { asEngineThroughout, type Monitor } from './monitor.ts';
import { NodeStates } from './node-states.ts';
import { type ResumedStates, resumeStates } from './resumed-states.ts';

/** Where a run starts. */
export interface Start {
  /** Null for a run that keeps nothing. */
  readonly store: CheckpointStore | null;
  readonly shape: Shape;
  readonly lineage: string;
  /** Of the first checkpoint that this run makes. */
  readonly nextId: number;
  /** With stages where some of it runs in several instances. */
  readonly plan: PhysicalPlan;
  /** The keyed state of the checkpoint. */
  readonly keyed: ResumedStates;
  readonly from: {
    readonly head: CheckpointHead;
    readonly content: CheckpointContent;
    /** Later ones that counted, or may have, are given up. */
    readonly isOlder: boolean;
    isCarried(node: NodeId): boolean;
  } | null;
}

export interface RecoveryEnv {
  definition(type: string): NodeDefinition | undefined;
  readonly signal: AbortSignal;
  readonly monitor?: Monitor | undefined;
  onLog(level: 'info' | 'warning', message: string): void;
}

/**
 * Finds what a run goes on from, as its options say, and tidies up what was never decided. Throws MillraceErrors:
 * `checkpoint/missing`, `checkpoint/damaged`, `checkpoint/behind`, `checkpoint/changed`, `checkpoint/other-pipeline`, `sqlite/changed`, `sqlite/gone`.
 */
export function findStart(job: RunJob, env: RecoveryEnv): Promise<Start> {
  return asEngineThroughout(env.monitor, () => find(job, env));
}

async function find(job: RunJob, env: RecoveryEnv): Promise<Start> {
  const { stateFolder, from } = job.options;
  const { monitor } = env;
  const memory = stateBudget(job.options.stateMemory);
  const anew = async (folder: string | null) => ({
    plan: await planInstances(job, null),
    keyed: { states: new NodeStates({ folder, memory, monitor }), folder: undefined, divided: null },
    from: null,
  });
  const shape = shapeOf(
    job.name,
    job.plan,
    (type) => env.definition(type)?.version ?? 0,
    (type) => env.definition(type)?.stateVersion ?? 1,
  );
  if (stateFolder === null) {
    if (typeof from === 'number')
      throw new MillraceError({ code: 'checkpoint/missing', message: `The run keeps no checkpoints, so there is no checkpoint ${from}.` });
    return { store: null, shape, lineage: randomUUID(), nextId: 1, ...(await anew(null)) };
  }
  const store = new CheckpointStore(stateFolder, (message) => env.onLog('warning', message));
  writeOwner(stateFolder, { pipeline: job.name, path: job.path });
  const recovery = new Recovery(job, env, store, shape);
  const found = from === 'scratch' ? null : from === 'latest' ? await recovery.latest() : await recovery.exactly(from);
  if (found) {
    // An earlier one was asked for, or those after it are damaged: they are given up.
    const isOlder = Math.max(store.highest(), recovery.inDatabase) > found.from.head.id;
    const nextId = Math.max(store.highest(), recovery.highest) + 1;
    store.removeAfter(found.from.head.id);
    const { lineage } = found.from.head;
    if (store.lineage() !== lineage) await store.setLineage(lineage);
    return { store, shape, lineage, nextId, ...found, from: { ...found.from, isOlder } };
  }
  const moved = store.lineage() === null ? movedState(stateFolder, job.name, (other) => compareShapes(other.shape, shape).dropped.length === 0) : null;
  if (moved) {
    env.onLog(
      'warning',
      `This pipeline starts from scratch. It is the same as that of ${moved.owner?.path}, which is gone, and whose runs had reached checkpoint ${moved.checkpoint?.id}: move the file back there to resume from it. "millrace runs forget ${moved.id.slice(0, 8)}" removes what is kept of it.`,
    );
  }
  // A run that failed before its first checkpoint is tried again under its lineage: sinks know by it what it left behind.
  const lineage = (from === 'latest' ? store.lineage() : null) ?? randomUUID();
  if (from === 'latest') await recovery.refuseLost();
  if (store.lineage() !== lineage) await store.setLineage(lineage);
  const nextId = Math.max(store.highest(), recovery.highest) + 1;
  return { store, shape, lineage, nextId, ...(await anew(stateFolder)) };
}

type Found = Pick<Start, 'plan' | 'keyed'> & { readonly from: Omit<NonNullable<Start['from']>, 'isOlder'> };

type DeciderEnv = Pick<RecoveryEnv, 'definition' | 'signal'> & { readonly job: RunJob };

/** Whether a checkpoint counts, as the database says that decides about it. `onFound`: the number that it holds; 0 for none. */
export async function isDecided({ id, lineage, decider }: CheckpointHead, env: DeciderEnv, onFound: (committed: number) => void = () => {}): Promise<boolean> {
  if (!decider) return true;
  const definition = env.definition(decider.type);
  if (definition?.kind !== 'sink' || !definition.committedCheckpoint) return true;
  const committed = await committedIn(decider, lineage, true, env);
  onFound(committed ?? 0);
  return committed !== null && id <= committed;
}

async function committedIn(
  decider: Omit<NonNullable<CheckpointHead['decider']>, 'node'>,
  lineage: string,
  mustExist: boolean,
  { definition: find, signal, job }: DeciderEnv,
): Promise<number | null> {
  const { type, folder, connection: then } = decider;
  const definition = find(type);
  if (definition?.kind !== 'sink' || !definition.committedCheckpoint) return null;
  const path = (text: string) => (isAbsolute(text) ? text : resolve(folder, text));
  // A connection of that name as it is now: its server may have moved since.
  const now = job.plan.nodes.find(({ connection }) => connection && connection.name === then?.name && connection.type === then.type)?.connection;
  const connection = now ?? then;
  return definition.committedCheckpoint({ ...withTexts({ ...decider, ...(connection && { connection }) }, job.secrets), path, lineage, signal, mustExist });
}

class Recovery {
  readonly #job: RunJob;
  readonly #env: RecoveryEnv;
  readonly #store: CheckpointStore;
  readonly #shape: Shape;
  /** The greatest number that was seen, in a file or in a database. */
  highest = 0;
  /** That the deciding database has committed; 0 where there is none. */
  inDatabase = 0;

  constructor(job: RunJob, env: RecoveryEnv, store: CheckpointStore, shape: Shape) {
    this.#job = job;
    this.#env = env;
    this.#store = store;
    this.#shape = shape;
    this.highest = store.highest();
  }

  async latest(): Promise<Found | null> {
    const lineage = this.#store.lineage();
    const heads = this.#store.list();
    const current = lineage ?? heads[0]?.lineage;
    const own = heads.filter((each) => each.lineage === current);
    let undecided: CheckpointInfo | null = null;
    // Sound ones of another lineage are of a start that this one was told to leave alone.
    let damaged = heads.length === 0 && this.#store.highest() > 0;
    for (const head of own) {
      if (!(await this.#isDecided(head))) {
        // Each one is made when the one before it is committed.
        if (undecided) throw databaseGone(head);
        undecided = head;
      } else if (this.#suits(head)) {
        const found = await this.#open(head.id, (error) => this.#env.onLog('warning', `Checkpoint ${head.id} was left out: ${error.message}`));
        if (found) {
          this.#giveUp(undecided);
          return found;
        }
        damaged = true;
      }
    }
    if (damaged) throw allDamaged();
    this.#giveUp(undecided);
    return null;
  }

  /**
   * No checkpoint is left. Throws where outputs hold what one of this lineage has committed, which a start from scratch would write a
   * second time, unless that is accepted.
   */
  async refuseLost(): Promise<void> {
    const lineage = this.#store.lineage();
    if (lineage === null || this.#job.options.commits !== 'checkpoint') return;
    let lost: NodeId | null = null;
    let last = this.#store.committed(lineage);
    for (const { id, type, params, secrets, connection, kind } of this.#job.plan.nodes) {
      if (kind !== 'sink') continue;
      const at = { type, params, ...(secrets && { secrets }), ...(connection && { connection }), folder: this.#job.folder };
      const committed = await committedIn(at, lineage, false, { ...this.#env, job: this.#job });
      if (committed === null) continue;
      last = Math.max(last, committed);
      lost ??= id;
    }
    if (last === 0) return;
    this.highest = Math.max(this.highest, last);
    if (!this.#job.options.acceptDuplicates) throw allLost(last, lost);
    this.#env.onLog(
      'warning',
      `All checkpoints are gone, of which ${last} was committed: the run starts from scratch, and writes the earlier rows a second time, as you accepted.`,
    );
  }

  #giveUp(undecided: CheckpointInfo | null): void {
    if (!undecided) return;
    this.#env.onLog('info', `Checkpoint ${undecided.id} was never committed; the one before it counts.`);
    this.#store.remove(undecided.id);
  }

  async exactly(id: number): Promise<Found> {
    const { head } = this.#store.read(id);
    if (!(await this.#isDecided(head))) {
      throw new MillraceError({
        code: 'checkpoint/missing',
        message: `The run cannot resume from checkpoint ${id}: it was never committed.`,
        hint: 'Resume from the latest one.',
      });
    }
    const found = await this.#open(id, (error) => {
      throw error;
    });
    return found ?? missing(`checkpoint ${id}`);
  }

  /** What commits once at its end has nothing to go on from in its middle. */
  #suits({ id, kind }: CheckpointInfo): boolean {
    if (this.#job.options.commits === 'checkpoint' || kind === 'complete') return true;
    this.#env.onLog(
      'warning',
      `Checkpoint ${id} is of a run that committed with each checkpoint. This one commits once at its end, and so starts from scratch.`,
    );
    return false;
  }

  async #isDecided(head: CheckpointHead): Promise<boolean> {
    return isDecided(head, { ...this.#env, job: this.#job }, (committed) => {
      this.inDatabase = committed;
      this.highest = Math.max(this.highest, committed);
    });
  }

  /** Null where its keyed state is damaged, which `onDamaged` is told. Throws where the pipeline has changed. */
  async #open(id: number, onDamaged: (error: MillraceError) => void): Promise<Found | null> {
    const { head, content: read } = this.#store.read(id);
    const content = read as CheckpointContent;
    if (this.inDatabase > id && !this.#job.options.acceptDuplicates) throw behind(head, this.inDatabase);
    const comparison = this.#compare(head, content);
    const dropped = new Set(comparison.dropped.map(({ node }) => node));
    const isCarried = (node: NodeId) => !dropped.has(node) && head.shape.nodes[node] !== undefined && this.#shape.nodes[node] !== undefined;
    const plan = await planInstances(this.#job, content.flow);
    let keyed: ResumedStates;
    try {
      const memory = stateBudget(this.#job.options.stateMemory);
      keyed = resumeStates({ checkpoint: id, content, plan, isCarried, stateFolder: this.#store.folder }, { memory, monitor: this.#env.monitor });
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      onDamaged(error);
      return null;
    }
    for (const { node, why } of comparison.dropped) {
      this.#env.onLog('warning', `The state of "${node}" was dropped: ${why}.`);
      for (const state of keyed.states.of(node).states.values()) for (const [key] of [...state.entries()]) state.delete(key);
    }
    for (const node of comparison.added.filter((each) => !this.#job.plan.replays?.includes(each)))
      this.#env.onLog('info', `"${node}" is new in the pipeline and starts with empty state.`);
    if (this.inDatabase > id) {
      this.#env.onLog(
        'warning',
        `The database of "${head.decider?.node}" holds rows up to checkpoint ${this.inDatabase}: those after checkpoint ${id} are written a second time, as you accepted.`,
      );
    }
    return { plan, keyed, from: { head, content, isCarried } };
  }

  /** Throws where the run may not go on with what fits. */
  #compare({ id, shape }: CheckpointHead, { sources, flow, tokens }: CheckpointContent): Comparison {
    if (isOtherPipeline(shape, this.#shape)) {
      throw new MillraceError({
        code: 'checkpoint/other-pipeline',
        message: `Checkpoint ${id} is of another pipeline, "${shape.pipeline}".`,
        hint: 'Put the other pipeline back in its place, or start from scratch.',
      });
    }
    // Replays come and go: what they gave is marked, and the rest of their rows waits.
    const isOver = (node: NodeId) => !this.#shape.nodes[node] && replays(this.#env.definition(shape.nodes[node]?.type ?? ''));
    const read = Object.entries(sources).flatMap(([node, { position, hasEnded }]) => ((position !== null || hasEnded) && !isOver(node) ? [node] : []));
    const written = Object.entries(tokens).flatMap(([node, token]) => (token !== null ? [node] : []));
    const comparison = compareShapes(
      shape,
      this.#shape,
      [...read, ...(flow?.stateful ?? []), ...written],
      (type, param) => this.#env.definition(type)?.params[param]?.kind === 'duration',
    );
    const { dropped } = comparison;
    if (dropped.length > 0 && !this.#job.options.dropChangedState) {
      const list = dropped.map(({ node, why }) => `"${node}" (${why})`).join(', ');
      const carried = comparison.carried.length === 0 ? '' : ` (that of ${comparison.carried.map((node) => `"${node}"`).join(', ')} goes on)`;
      const whose = dropped.length === 1 ? 'of one node' : `of ${dropped.length} nodes`;
      throw new MillraceError({
        code: 'checkpoint/changed',
        message: `The pipeline was changed since checkpoint ${id}, and the state ${whose} does not fit any more: ${list}.`,
        hint: `Undo the change, resume without that state${carried}, or start from scratch.`,
        node: dropped.length === 1 && this.#shape.nodes[itemAt(dropped, 0).node] ? itemAt(dropped, 0).node : undefined,
      });
    }
    return comparison;
  }
}

function replays(definition: NodeDefinition | undefined): boolean {
  return definition?.kind === 'source' && definition.replaysErrors === true;
}

/** To begin anew without a word would write all rows once more. */
function allDamaged(): MillraceError {
  return new MillraceError({
    code: 'checkpoint/damaged',
    message: 'All checkpoints of this pipeline are damaged: there is none to resume from.',
    hint: 'Restore the folder of its state from a copy, or start from scratch: all rows are then read and written again.',
  });
}

function allLost(committed: number, node: NodeId | null): MillraceError {
  return new MillraceError({
    code: 'checkpoint/behind',
    message: `All checkpoints of this pipeline are gone, but its outputs hold what it had written up to checkpoint ${committed}: starting from scratch, the run would write those rows a second time.`,
    hint: 'Restore the folder of its state from a copy, accept that (tables that are updated by key hold each row once all the same), or start from scratch with other outputs.',
    ...(node !== null && { node }),
  });
}

/** What a database has committed cannot be taken back. */
function behind({ id, decider }: CheckpointHead, committed: number): MillraceError {
  return new MillraceError({
    code: 'checkpoint/behind',
    message: `The database of "${decider?.node}" holds rows up to checkpoint ${committed}: resuming from checkpoint ${id}, the run would write the later ones a second time.`,
    hint: 'Accept that (tables that are updated by key hold each row once all the same), or start from scratch with another table.',
    node: decider?.node,
  });
}

function databaseGone({ decider }: CheckpointHead): MillraceError {
  return new MillraceError({
    code: 'sqlite/changed',
    message: `The database of "${decider?.node}" does not hold what this run has committed to it: it was removed or replaced since.`,
    hint: 'Put it back as it was, or start from scratch.',
    node: decider?.node,
    field: 'path',
  });
}
