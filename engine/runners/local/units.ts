import type { EarlierInstance, Owns } from '@millrace/kit/keyed-state';
import type { SourceBatch, StatefulOperator, Writer } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Graph } from '../../plan/graph.ts';
import type { NodeCounters } from './counters.ts';
import { clockCost, fuse, type Loop, newTally, type OnThrow, type RowOperator, type Stage, type Tally } from './fused.ts';
import { leaveCode, type Monitor, readMonitor } from './monitor.ts';
import type { OpenNode, Router, Unit } from './router.ts';

/** One batch in so many tells how a chain's time is shared out. */
const timedEvery = 32;
const lookMs = clockCost();

/** A row-by-row node of a chain; `next` is the port by which the chain goes on. */
export interface Link {
  readonly openNode: OpenNode;
  readonly operator: RowOperator;
  readonly outputs: readonly string[];
  readonly next: string | null;
}

/** Row-by-row nodes as one loop. To be compiled once all edges are connected, since rows that nobody takes are not kept, and again when other ports are watched. */
export class ChainUnit implements Unit {
  readonly openNodes: readonly OpenNode[];
  readonly #links: readonly Link[];
  readonly #router: Router;
  readonly #monitor: Monitor | undefined;
  readonly #counters: readonly NodeCounters[];
  readonly #tallies: readonly Tally[];
  readonly #shares: number[];
  #loop: Loop = () => {};
  #timedLoop: Loop = () => {};
  #batches = 0;

  constructor(links: readonly Link[], router: Router, monitor: Monitor | undefined) {
    this.#links = links;
    this.#router = router;
    this.#monitor = monitor;
    this.openNodes = links.map((link) => link.openNode);
    this.#counters = this.openNodes.map((openNode) => openNode.counters);
    this.#tallies = links.map(newTally);
    this.#shares = links.map(() => 1 / links.length);
  }

  compile(): void {
    const links = this.#links;
    const router = this.#router;
    const monitor = this.#monitor;
    const stages = links.map(
      ({ openNode, operator, outputs, next }): Stage => ({
        operator,
        next: Math.max(0, outputs.indexOf(next ?? '')),
        isWatched: next !== null && router.isWatched(openNode.planned.id, next),
        taken: ('test' in operator ? [0, 1] : [0]).map(
          (i) => outputs[i] !== undefined && (outputs[i] === next || router.isTaken(openNode.planned.id, outputs[i])),
        ),
      }),
    );
    const onThrow: OnThrow = (stage, thrown, row, rows, index) => {
      const field = monitor && router.fieldOf(readMonitor(monitor).code, itemAt(links, stage).openNode.planned.id);
      itemAt(links, stage).openNode.failures.addThrown(thrown, router.sandbox, row, field, router.origin.locate(row, rows, index));
      // Not before: what was thrown is still the code's.
      if (monitor) leaveCode(monitor);
    };
    this.#loop = fuse(stages, onThrow);
    if (links.length > 1) this.#timedLoop = fuse(stages, onThrow, true);
  }

  receive(rows: readonly Row[]): void {
    const tallies = this.#tallies;
    for (const tally of tallies) tally.out.fill(null);
    try {
      const isTimed = tallies.length > 1 && this.#batches++ % timedEvery === 0;
      const shift = { nodes: this.#counters, shares: this.#shares };
      const work = () => {
        (isTimed ? this.#timedLoop : this.#loop)(rows, tallies);
        // Within its own time, so that what was learnt holds for this batch already.
        if (isTimed) this.#share();
      };
      this.#router.work(itemAt(this.openNodes, 0), work, shift);
    } finally {
      this.#count();
    }
    this.#links.forEach(({ openNode, outputs, next }, k) => {
      outputs.forEach((port, output) => {
        const sent = itemAt(tallies, k).out[output];
        if (!sent) return;
        // What goes on within the chain is counted there.
        if (port === next) this.#router.look(openNode.planned.id, port, sent);
        else this.#router.emit(openNode, port, sent);
      });
      this.#router.emitFailures(openNode);
    });
  }

  /** From the last timed batch and those before it: which part of the chain's time each node takes. */
  #share(): void {
    const own = this.#tallies.map((tally) => Math.max(tally.ms - tally.in * lookMs, 0) + Number.MIN_VALUE);
    const sum = own.reduce((total, ms) => total + ms, 0);
    const isFirst = this.#batches === 1;
    own.forEach((ms, k) => {
      this.#shares[k] = isFirst ? ms / sum : (itemAt(this.#shares, k) + ms / sum) / 2;
    });
  }

  #count(): void {
    this.#links.forEach(({ openNode: { counters }, next }, k) => {
      counters.in += itemAt(this.#tallies, k).in;
      counters.dropped += itemAt(this.#tallies, k).dropped;
      if (next !== null) counters.sent(next, itemAt(this.#tallies, k + 1).in);
    });
  }

  advance(watermark: number): void {
    this.#router.advance(this.openNodes, watermark);
  }

  idle(isIdle: boolean): void {
    this.#router.idle(this.openNodes, isIdle);
  }

  ended(): Promise<void> {
    return this.#router.end(this.openNodes);
  }
}

/** A node that sees whole batches. */
export class StatefulUnit implements Unit {
  readonly openNode: OpenNode;
  readonly #operator: StatefulOperator;
  readonly #router: Router;
  /** No further row can change what comes out. */
  isDone = false;

  constructor(openNode: OpenNode, operator: StatefulOperator, router: Router) {
    this.openNode = openNode;
    this.#operator = operator;
    this.#router = router;
  }

  /** Whether event time decides when rows come out. */
  get waitsForTime(): boolean {
    return this.#operator.advance !== undefined;
  }

  /** It tells by itself when it is idle. */
  get #setsEventTime(): boolean {
    const { op } = this.openNode;
    return op !== null && traitsOf(op).setsEventTime;
  }

  get ticks(): boolean {
    return this.#operator.tick !== undefined;
  }

  snapshot(): State {
    return this.#router.work(this.openNode, () => this.#operator.snapshot?.());
  }

  restore(state: State): void {
    this.#router.work(this.openNode, () => {
      if (state !== undefined) this.#operator.restore?.(state);
      this.isDone = this.#operator.done?.() ?? false;
    });
  }

  /** See `StatefulOperator.takeOver`. */
  takeOver(earlier: readonly EarlierInstance[], owns: Owns): void {
    this.#router.work(this.openNode, () => {
      if (!this.#operator.takeOver) {
        throw new MillraceError({
          code: 'run/instances',
          message: 'The state of this node cannot be divided among another number of instances than its checkpoint was made with.',
          hint: 'Start the run with that number, or from scratch.',
        });
      }
      this.#operator.takeOver(earlier, owns);
      this.isDone = this.#operator.done?.() ?? false;
    });
  }

  /** These ports had ended before the operator was made. */
  tellEnded(ports: readonly string[]): void {
    this.#router.work(this.openNode, () => {
      for (const port of ports) this.#operator.ended?.(port);
    });
    this.#router.emitFailures(this.openNode);
  }

  stateSize(): { readonly entries: number; readonly bytes: number } | undefined {
    return this.#operator.stateSize?.();
  }

  receive(rows: readonly Row[], port: string): void {
    const { counters, failures, planned } = this.openNode;
    counters.in += rows.length;
    if (this.isDone) {
      counters.dropped += rows.length;
      return;
    }
    if (Object.keys(planned.inputs).length > 1) failures.port = port;
    this.#router.work(this.openNode, () => {
      this.#operator.process(rows, port);
      this.isDone = this.#operator.done?.() ?? false;
    });
    failures.port = null;
    this.#router.emitFailures(this.openNode);
  }

  /** What leaves now was held back by the node: nobody knows the place that it came from. */
  advance(watermark: number): void {
    const { origin } = this.#router;
    const { batch } = origin;
    origin.batch = null;
    try {
      this.#router.work(this.openNode, () => this.#operator.advance?.(watermark));
    } finally {
      origin.batch = batch;
    }
    this.#router.emitFailures(this.openNode);
    const out = this.#operator.outputWatermark?.(watermark) ?? watermark;
    // The end itself is told by `ended`, once `finish` has emitted the rest.
    if (watermark < endOfTime && out > beginningOfTime) this.#router.advance([this.openNode], out);
  }

  idle(isIdle: boolean): void {
    if (!this.#setsEventTime) this.#router.idle([this.openNode], isIdle);
  }

  tick(now: number): void {
    if (!this.#operator.tick) return;
    this.#router.work(this.openNode, () => this.#operator.tick?.(now));
    this.#router.emitFailures(this.openNode);
  }

  async ended(port: string): Promise<void> {
    this.#router.work(this.openNode, () => this.#operator.ended?.(port));
    if (!this.#router.isOpen(this)) {
      try {
        await this.#router.work(this.openNode, () => this.#operator.finish?.());
      } catch (error) {
        throw this.#router.named(error, this.openNode);
      }
      this.#router.emitFailures(this.openNode);
      await this.#router.end([this.openNode]);
    }
    this.#router.emitFailures(this.openNode);
  }
}

/** A sink. Without a writer it only counts and shows what arrives. */
export class SinkUnit implements Unit {
  readonly openNode: OpenNode;
  readonly writer: Writer | null;
  readonly #router: Router;
  /** The writes that are under way, or null. */
  pending: Promise<void> | null = null;

  constructor(openNode: OpenNode, writer: Writer | null, router: Router) {
    this.openNode = openNode;
    this.writer = writer;
    this.#router = router;
  }

  receive(rows: readonly Row[], port: string): void {
    this.openNode.counters.in += rows.length;
    if (!this.writer) this.#router.tap(this.openNode.planned.id, port, rows);
    else if (this.pending) {
      const batch = this.#router.origin.batch;
      this.#wait(this.pending.then(() => this.#write(rows, batch)));
    } else {
      const written = this.#write(rows, this.#router.origin.batch);
      if (written) this.#wait(written);
    }
  }

  advance(watermark: number): void {
    this.#router.advance([this.openNode], watermark);
  }

  /** Only its error port is behind a sink. */
  idle(isIdle: boolean): void {
    this.#router.idle([this.openNode], isIdle);
  }

  async ended(): Promise<void> {
    await this.pending;
    this.#router.emitFailures(this.openNode);
    if (!this.#router.isOpen(this)) await this.#router.end([this.openNode]);
  }

  #write(rows: readonly Row[], batch: SourceBatch | null): Promise<void> | undefined {
    const { origin } = this.#router;
    const before = origin.batch;
    origin.batch = batch;
    try {
      const written = this.#router.work(this.openNode, () => (this.writer ?? missing('the writer')).write(rows));
      if (written) {
        return written.then(
          () => this.#router.emitFailures(this.openNode),
          (error) => {
            throw this.#router.named(error, this.openNode);
          },
        );
      }
      this.#router.emitFailures(this.openNode);
    } finally {
      origin.batch = before;
    }
  }

  #wait(writes: Promise<void>): void {
    const pending = writes.then(() => {
      if (this.pending === pending) this.pending = null;
    });
    // Whoever pushes rows awaits it; until then a failure is not one that nobody handles.
    pending.catch(() => {});
    this.pending = pending;
  }
}

/** Whether a node's rows still reach somebody who wants them: a sink, or a node that is not done. */
export function leadsOn(source: NodeId, graph: Graph, units: ReadonlyMap<NodeId, Unit>): boolean {
  // A set keeps its order: what is added is visited, each node once however many ways lead to it.
  const reached = new Set([source]);
  for (const node of reached) {
    const unit = units.get(node);
    if (unit instanceof SinkUnit) return true;
    if (unit instanceof StatefulUnit && unit.isDone) continue;
    const next = graph.outgoing(node);
    if (next.length === 0) return true;
    for (const { to } of next) reached.add(to.node);
  }
  return false;
}
