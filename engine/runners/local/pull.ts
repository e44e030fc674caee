import type { CheckpointRef, Reader, SourceBatch, SplitEnd } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Alignment as AlignmentPlan } from '../../protocol/physical-plan.ts';
import { Alignment } from './alignment.ts';
import type { Dataflow } from './dataflow.ts';
import type { SourceMark } from './flow-snapshot.ts';
import { Gate } from './gate.ts';

/** How long the thread may be busy before it looks at messages and timers. */
const yieldAfterMs = 50;
/** How often sources that wait are asked what time does, and operators hear of the clock. Who waits in a `read` for so long has no rows for now. */
const tickEveryMs = 100;

/** Thrown where work ends because the run was stopped. */
export class Stopped extends MillraceError {
  constructor() {
    super({ code: 'run/stopped', severity: 'info', message: 'The run was stopped.' });
  }
}

export interface PullOptions {
  /** Where to go on, for sources that have been read before. */
  readonly start?: { readonly [source: NodeId]: SourceMark };
  /** Whether `marks` will be asked for while sources are read: it costs a call for each batch. */
  readonly keepsMarks?: boolean;
  /** Sources that are read in step by event time. */
  readonly alignment?: AlignmentPlan | undefined;
  /** Of one source: other threads read the rest of it. */
  readonly stretch?: Stretch | null;
}
/** What is read of a source: see `SourceDefinition.split`. */
export interface Stretch {
  readonly split: Json;
  onOpened?(): void;
  /** Whether the reader is to read on, to the end of the input. */
  atEnd(end: SplitEnd): boolean | Promise<boolean>;
}

/** A source that is being read. */
interface Open {
  readonly reader: Reader;
  /** As of the last batch that was pushed, while the next one is asked for or at hand; else null, and the reader knows. */
  before: SourceMark | null;
  /** Since when a `read` is under way, or null. */
  waitsFrom: number | null;
  /** The part of it from here on is not yet counted. */
  waitsSince: number;
  isIdle: boolean;
  /** It gives no more rows. */
  hasEnded: boolean;
  /** Nothing of it will be pushed any more. */
  isRead: boolean;
}

/**
 * Reads sources to their ends and pushes what they deliver: group by group, the sources of a group in turns, those that meet
 * in step by event time (see alignment.ts). Batches are read one at a time, and the next one only when the sinks have taken
 * the last. `run` rejects with the first error, or with `Stopped` soon after the signal fires. Readers are closed when their
 * source is read, those that want to hear of commits by `close`.
 *
 * Between `hold` and `release` nothing is pushed, no time passes in the dataflow and no sink is at work: a consistent cut.
 */
export class Pull {
  readonly #flow: Dataflow;
  readonly #abort: AbortController;
  readonly #options: PullOptions;
  readonly #gate = new Gate();
  readonly #drain = new AbortController();
  readonly #open = new Map<NodeId, Open>();
  /** Of sources that are closed. */
  readonly #marks = new Map<NodeId, SourceMark>();
  /** Readers that want to hear of commits, of sources that are read. */
  readonly #toClose: Reader[] = [];
  readonly #failed: unknown[] = [];
  readonly #alignment: Alignment | null;
  readonly #live: ReadonlySet<NodeId>;
  #inTurns = false;
  #isTicking = false;
  #lastYield = performance.now();

  constructor(flow: Dataflow, abort: AbortController, options: PullOptions = {}) {
    this.#flow = flow;
    this.#abort = abort;
    this.#options = options;
    for (const [source, mark] of Object.entries(options.start ?? {})) this.#marks.set(source, mark);
    const { alignment } = options;
    this.#live = new Set(alignment?.live);
    this.#alignment = alignment ? new Alignment(alignment, flow, (source) => this.#rests(source)) : null;
    if (abort.signal.aborted) this.#wakeAll();
    else abort.signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  async run(groups: readonly (readonly NodeId[])[]): Promise<void> {
    const timer = setInterval(() => this.#tick(), tickEveryMs);
    try {
      for (const group of groups) {
        if (this.#drain.signal.aborted) break;
        this.#inTurns = group.length > 1;
        this.#alignment?.begin(group);
        await Promise.all(group.map((source) => this.#read(source).catch((error: unknown) => this.fail(error))));
        this.check();
      }
    } finally {
      clearInterval(timer);
    }
  }

  /** Throws the first error, or `Stopped` where the run was stopped. */
  check(): void {
    if (this.#failed.length > 0) throw this.#failed.find((error) => !(error instanceof Stopped)) ?? this.#failed[0];
    if (this.#abort.signal.aborted) throw new Stopped();
  }

  /** Ends the run with this error, unless it has one. */
  fail(error: unknown): void {
    this.#failed.push(error);
    this.#abort.abort();
  }

  /** Sources are read no further until `resume`. */
  pause(): void {
    this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
  }

  /** All sources end where they are. What waits in a `read` is dropped: a run that goes on from the marks reads it again. */
  drain(): void {
    this.#drain.abort();
    this.#gate.resume();
  }

  /** Resolves when nothing moves. Throws `Stopped` where the run ends before that. */
  async hold(): Promise<void> {
    await this.#gate.close();
    if (!this.#abort.signal.aborted) return;
    this.#gate.open();
    throw new Stopped();
  }

  release(): void {
    this.#gate.open();
  }

  /** How far each source has been pushed, those not yet opened left out. */
  marks(): { readonly [source: NodeId]: SourceMark } {
    const open = [...this.#open].flatMap(([source, each]): [NodeId, SourceMark][] => (each.isRead ? [] : [[source, each.before ?? this.#mark(source, each)]]));
    return Object.fromEntries([...this.#marks, ...open]);
  }

  /** The marks are durable with this checkpoint. */
  async committed(marks: { readonly [source: NodeId]: SourceMark }, checkpoint: CheckpointRef): Promise<void> {
    for (const [source, { reader }] of this.#open) {
      const mark = marks[source];
      if (mark) await reader.committed?.(mark.position, checkpoint);
    }
  }

  progress(): { readonly [source: NodeId]: ReturnType<NonNullable<Reader['progress']>> } {
    return Object.fromEntries([...this.#open].flatMap(([source, { reader }]) => (reader.progress ? [[source, reader.progress()]] : [])));
  }

  backlog(): { readonly [source: NodeId]: NonNullable<ReturnType<NonNullable<Reader['backlog']>>> } {
    return Object.fromEntries(
      [...this.#open].flatMap(([source, { reader, isRead }]) => {
        const backlog = isRead ? null : reader.backlog?.();
        return backlog ? [[source, backlog]] : [];
      }),
    );
  }

  /** Closes the readers that are still open. */
  async close(): Promise<void> {
    for (const reader of this.#toClose.splice(0)) await reader.close();
  }

  async #read(source: NodeId): Promise<void> {
    const start = this.#marks.get(source);
    if (!start?.hasEnded) await this.#readFrom(source, start?.position ?? null);
    while (this.#isHeld) await this.#gate.passed();
    if (this.#abort.signal.aborted) throw new Stopped();
    await this.#atWork(this.#flow.end(source));
    this.#alignment?.leave(source);
  }

  async #readFrom(source: NodeId, start: Json): Promise<void> {
    const { stretch } = this.#options;
    const reader = await this.#flow.openReader(source, start, stretch?.split);
    stretch?.onOpened?.();
    const state: Open = { reader, before: null, waitsFrom: null, waitsSince: 0, isIdle: false, hasEnded: false, isRead: false };
    this.#open.set(source, state);
    try {
      await this.#readAll(source, state);
      state.isRead = true;
    } catch (error) {
      // At once, so that nothing takes a broken dataflow for one at rest.
      this.#abort.abort();
      throw error;
    } finally {
      if (state.isRead && (this.#options.keepsMarks || reader.committed)) this.#marks.set(source, state.before ?? this.#mark(source, state));
      if (state.isRead && reader.committed) this.#toClose.push(reader);
      else await reader.close();
      // Drained with rows at hand, or on their way: those of them that failed belong to the next run too.
      if (state.isRead && state.before) this.#flow.dropFailures(source, state.before.failed);
    }
  }

  async #readAll(source: NodeId, state: Open): Promise<void> {
    const { reader } = state;
    let stretch = this.#options.stretch ?? null;
    const { signal } = this.#abort;
    const drain = this.#drain.signal;
    const gate = this.#gate;
    const alignment = this.#alignment;
    const keepsMarks = this.#options.keepsMarks || reader.committed !== undefined;
    while (this.#flow.isNeeded(source)) {
      while (this.#isHeld) await gate.passed();
      if (signal.aborted) throw new Stopped();
      if (drain.aborted) return;
      if (alignment?.isAhead(source)) {
        await this.#blocked(source, alignment.turn(source));
        continue;
      }
      if (keepsMarks) state.before = this.#mark(source, state);
      const read = reader.read();
      const batch = read instanceof Promise ? await this.#waitFor(source, state, read) : read;
      while (this.#isHeld) await gate.passed();
      if (state.isIdle && batch !== null) {
        await this.#wake(source, state);
        while (this.#isHeld) await gate.passed();
      }
      if (signal.aborted) throw new Stopped();
      if (drain.aborted) return;
      if (batch === null) {
        if (!stretch || !reader.splitEnd || !(await stretch.atEnd(reader.splitEnd()))) break;
        stretch = null;
        reader.readOn?.();
        continue;
      }
      state.before = null;
      const pushed = this.#flow.push(source, batch);
      if (pushed) await this.#blocked(source, this.#atWork(pushed));
      alignment?.look();
      if (performance.now() - this.#lastYield > yieldAfterMs) await this.#yieldNow();
      else if (this.#inTurns) await null;
    }
    state.before = null;
    state.hasEnded = true;
  }

  /** To be asked in the same turn as rows are pushed: whatever is awaited in between, the gate may have closed, and a checkpoint begun. */
  get #isHeld(): boolean {
    return !this.#gate.isOpen && !this.#abort.signal.aborted;
  }

  #mark(source: NodeId, { reader, hasEnded }: Open): SourceMark {
    return { position: reader.position(), hasEnded, failed: this.#flow.failed(source) };
  }

  async #wake(source: NodeId, state: Open): Promise<void> {
    state.isIdle = false;
    const woken = this.#flow.idle(source, false);
    if (woken) await this.#atWork(woken);
  }

  /** Whether others need not wait for its rows: none are on their way. Of a file, reading them only takes a moment. */
  #rests(source: NodeId): boolean {
    const state = this.#open.get(source);
    // To open a file may take long: the order of its rows is looked into.
    if (!state) return this.#live.has(source);
    if (state.waitsFrom === null) return false;
    if (performance.now() - state.waitsFrom >= tickEveryMs) return true;
    return this.#live.has(source) && !state.reader.backlog?.()?.waiting;
  }

  #wakeAll(): void {
    this.#gate.wake();
    this.#alignment?.wake();
  }

  async #blocked(source: NodeId, by: Promise<void>): Promise<void> {
    const since = performance.now();
    await by;
    this.#flow.waited(source, 'blockedMs', performance.now() - since);
  }

  /** Work in the dataflow that goes on: no cut before it has ended. */
  async #atWork(work: Promise<void>): Promise<void> {
    this.#gate.enter();
    try {
      await work;
    } catch (error) {
      this.#abort.abort();
      throw error;
    } finally {
      this.#gate.leave();
    }
  }

  async #yieldNow(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastYield = performance.now();
  }

  /** A source that waits should end by itself when the run is stopped; this does not count on it. Null when it is drained. */
  async #waitFor(source: NodeId, state: Open, read: Promise<SourceBatch | null>): Promise<SourceBatch | null> {
    state.waitsFrom = performance.now();
    state.waitsSince = state.waitsFrom;
    this.#alignment?.look();
    const { signal } = this.#abort;
    const drain = this.#drain.signal;
    try {
      return await new Promise((resolve, reject) => {
        const stop = () => reject(new Stopped());
        const drop = () => resolve(null);
        signal.addEventListener('abort', stop, { once: true });
        drain.addEventListener('abort', drop, { once: true });
        if (signal.aborted) stop();
        if (drain.aborted) drop();
        read.then(resolve, reject).finally(() => {
          signal.removeEventListener('abort', stop);
          drain.removeEventListener('abort', drop);
        });
      });
    } finally {
      this.#chargeIdle(source, state);
      state.waitsFrom = null;
    }
  }

  #chargeIdle(source: NodeId, state: Open): void {
    if (state.waitsFrom === null) return;
    const now = performance.now();
    this.#flow.waited(source, 'idleMs', now - state.waitsSince);
    state.waitsSince = now;
  }

  #tick(): void {
    for (const [source, state] of this.#open) this.#chargeIdle(source, state);
    // What the last tick set free is still on its way to the sinks: time waits for it, as rows do.
    if (this.#isTicking || this.#gate.isClosed || this.#abort.signal.aborted) return;
    this.#isTicking = true;
    this.#atWork(this.#passTime())
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#isTicking = false;
      });
  }

  async #passTime(): Promise<void> {
    for (const [source, state] of this.#open) {
      // A read that has just begun, after a pause perhaps, says nothing yet about rows that are missing.
      if (state.waitsFrom === null || performance.now() - state.waitsFrom < tickEveryMs) continue;
      if (!this.#gate.isOpen || this.#drain.signal.aborted) continue;
      const { watermark, idle } = state.reader.waiting?.() ?? {};
      if (watermark !== undefined) await this.#flow.advance(source, watermark);
      if (idle === undefined || idle === state.isIdle || state.waitsFrom === null) continue;
      state.isIdle = idle;
      await this.#flow.idle(source, idle);
    }
    if (this.#flow.ticks && !this.#gate.isClosed) await this.#flow.tick();
    this.#alignment?.look();
  }
}
