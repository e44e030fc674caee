import type { NodeDefinition } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { systemProblem } from '../../../model/problems/system-errors.ts';
import { endOfTime } from '../../../model/schema/event-time.ts';
import type { Row } from '../../../model/values/types.ts';
import { errorPort, type NodeId } from '../../document/pipeline.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { Clock, type NodeCounters, type Shift } from './counters.ts';
import type { Failures } from './failures.ts';
import { Gauge } from './gauge.ts';
import { enterNode, leaveCode, type Monitor } from './monitor.ts';
import { Origin } from './origin.ts';
import type { RecentRows } from './recent-rows.ts';

/** A planned node that is open, with its counters and failures. */
export interface OpenNode {
  readonly planned: PlannedNode;
  readonly definition: NodeDefinition;
  /** What a transform does; null for sources and sinks. */
  readonly op: Op | null;
  /** In the plan. */
  readonly index: number;
  readonly counters: NodeCounters;
  /** The node alone. */
  readonly shift: Shift;
  readonly failures: Failures;
}

/** What takes rows: a fused chain, a stateful node, or a sink. */
export interface Unit {
  receive(rows: readonly Row[], port: string): void;
  /** The watermark over all inputs has risen to this. */
  advance(watermark: number): void;
  /** Whether all inputs are idle, so that nodes behind need not wait for this one. */
  idle(isIdle: boolean): void;
  /** No more rows at this port. */
  ended(port: string): void | Promise<void>;
}
interface Receiver {
  readonly unit: Unit;
  /** Whose rows it takes. */
  readonly from: NodeId;
  readonly port: string;
  /** In the unit's gauge. */
  readonly edge: number;
}

/** What a checkpoint keeps of one node besides its own state. */
export interface NodeTime {
  /** Of what it hands on. */
  readonly watermark: number;
  /** Over its inputs, as it was last told; null for a source, and for a node within a chain. */
  readonly arrived: number | null;
  /** All of its rows are out. */
  readonly hasEnded: boolean;
}

/** Passes all rows: from the port of a node to the operators that are connected to it. Counts them, and measures the time of each node. */
export class Router {
  readonly origin = new Origin();
  readonly sandbox: Sandbox;
  readonly #clock = new Clock();
  readonly #monitor: Monitor | undefined;
  readonly #tap: ((node: string, port: string, rows: readonly Row[]) => void) | undefined;
  /** Set where people may look at the rows that flow. */
  recent: RecentRows | null = null;
  readonly #receivers = new Map<string, Receiver[]>();
  /** The node and param that hold each piece of code, by number. */
  readonly #codes: { readonly node: string; readonly field: string }[] = [];
  /** By unit and port: the edges whose rows are not at their end. */
  readonly #open = new Map<Unit, Map<string, number>>();
  readonly #gauges = new Map<Unit, Gauge>();
  readonly #ended = new Set<NodeId>();
  readonly #idle = new Set<NodeId>();

  constructor(sandbox: Sandbox, monitor: Monitor | undefined, tap: ((node: string, port: string, rows: readonly Row[]) => void) | undefined) {
    this.sandbox = sandbox;
    this.#monitor = monitor;
    this.#tap = tap;
  }

  /** Numbers a piece of users' code: what the monitor calls it. */
  addCode(node: string, field: string): number {
    return this.#codes.push({ node, field }) - 1;
  }

  /** The param of the node that holds this piece of code; none where it is another node's. */
  fieldOf(code: number, node: string): string | undefined {
    const found = this.#codes[code];
    return found?.node === node ? found.field : undefined;
  }

  connect(node: string, port: string, unit: Unit, inputPort: string): void {
    const key = `${node}.${port}`;
    const gauge = this.#gauges.get(unit) ?? new Gauge();
    this.#gauges.set(unit, gauge);
    this.#receivers.set(key, [...(this.#receivers.get(key) ?? []), { unit, from: node, port: inputPort, edge: gauge.add() }]);
    const ports = this.#open.get(unit) ?? new Map<string, number>();
    this.#open.set(unit, ports.set(inputPort, (ports.get(inputPort) ?? 0) + 1));
  }

  isTaken(node: string, port: string): boolean {
    return this.#tap !== undefined || this.isConnected(node, port);
  }

  isConnected(node: string, port: string): boolean {
    return this.#receivers.has(`${node}.${port}`);
  }

  emit({ planned, counters }: OpenNode, port: string, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    counters.sent(port, rows.length);
    this.#tap?.(planned.id, port, rows);
    this.recent?.add(planned.id, port, rows);
    const receivers = this.#receivers.get(`${planned.id}.${port}`);
    if (!receivers) return;
    // A batch belongs to its receiver: each but the last gets one of its own.
    for (const { unit, port: to } of receivers.slice(1).reverse()) unit.receive(rows.slice(), to);
    itemAt(receivers, 0).unit.receive(rows, itemAt(receivers, 0).port);
  }

  isWatched(node: string, port: string): boolean {
    return this.recent?.isWatched(node, port) ?? false;
  }

  /** Shows rows that go on within a chain. */
  look(node: string, port: string, rows: readonly Row[]): void {
    this.recent?.add(node, port, rows);
  }

  /** Shows rows that arrive where nothing is emitted: at a sink that only looks. */
  tap(node: string, port: string, rows: readonly Row[]): void {
    this.#tap?.(node, port, rows);
  }

  /** Sends what a node's `fail` has put aside for its error port. */
  emitFailures(openNode: OpenNode): void {
    const rows = openNode.failures.take();
    if (rows) this.emit(openNode, errorPort, rows);
  }

  /** These nodes' watermark: no row of theirs with an event time up to it comes any more. */
  advance(openNodes: readonly OpenNode[], watermark: number): void {
    for (const openNode of openNodes) {
      openNode.counters.watermark = watermark;
      for (const receiver of this.#behind(openNode)) this.#moved(receiver.unit, (gauge) => gauge.advance(receiver.edge, watermark));
    }
  }

  /** These nodes have no rows for now: their watermark holds nobody back until they have. */
  idle(openNodes: readonly OpenNode[], isIdle: boolean): void {
    for (const openNode of openNodes) {
      if (isIdle) this.#idle.add(openNode.planned.id);
      else this.#idle.delete(openNode.planned.id);
      for (const receiver of this.#behind(openNode)) this.#moved(receiver.unit, (gauge) => gauge.idle(receiver.edge, isIdle));
    }
  }

  /** All rows of these nodes are out. */
  async end(openNodes: readonly OpenNode[]): Promise<void> {
    for (const openNode of openNodes) {
      openNode.counters.watermark = endOfTime;
      this.#ended.add(openNode.planned.id);
      for (const receiver of this.#behind(openNode)) await this.#edgeEnded(receiver);
    }
  }

  time({ planned, counters }: OpenNode, unit: Unit | undefined): NodeTime {
    const arrived = (unit && this.#gauges.get(unit)?.watermark) ?? null;
    return { watermark: counters.watermark, arrived, hasEnded: this.#ended.has(planned.id) };
  }

  /** Goes on with the times of a checkpoint, once all edges are connected and before the first row; no source is idle then. Tells no unit of it. */
  restore(times: { readonly [node: NodeId]: NodeTime }, openNodes: ReadonlyMap<NodeId, OpenNode>, unitOf: (node: NodeId) => Unit | undefined): void {
    for (const [id, { watermark, hasEnded }] of Object.entries(times)) {
      const openNode = openNodes.get(id);
      if (!openNode) continue;
      openNode.counters.watermark = watermark;
      if (hasEnded) this.#ended.add(id);
    }
    for (const { unit, from, port, edge } of [...this.#receivers.values()].flat()) {
      const before = times[from];
      if (!before) continue;
      const gauge = this.#gauges.get(unit) ?? missing('the watermarks of a unit');
      if (before.hasEnded) {
        const ports = this.#open.get(unit) ?? missing('the open ports of a unit');
        ports.set(port, (ports.get(port) ?? missing(`the port "${port}"`)) - 1);
        gauge.end(edge);
      } else gauge.advance(edge, before.watermark);
    }
    for (const [id, { arrived }] of Object.entries(times)) {
      const unit = unitOf(id);
      const gauge = unit && this.#gauges.get(unit);
      if (gauge && arrived !== null) gauge.watermark = Math.max(gauge.watermark, arrived);
    }
  }

  isIdle(node: NodeId): boolean {
    return this.#idle.has(node);
  }

  hasEnded(node: NodeId): boolean {
    return this.#ended.has(node);
  }

  /** The unit's ports of which all rows have come. */
  endedPorts(unit: Unit): string[] {
    return [...(this.#open.get(unit) ?? [])].flatMap(([port, edges]) => (edges === 0 ? [port] : []));
  }

  /** The watermark over the unit's inputs, and the node whose edge holds it back, or null where none does. */
  arrival(unit: Unit): { readonly watermark: number; readonly holder: NodeId | null } {
    const gauge = this.#gauges.get(unit);
    const edge = gauge?.holder() ?? -1;
    const holder = [...this.#receivers.values()].flat().find((receiver) => receiver.unit === unit && receiver.edge === edge);
    return { watermark: gauge?.watermark ?? endOfTime, holder: holder?.from ?? null };
  }

  #behind({ planned }: OpenNode): Receiver[] {
    return [...new Set([...Object.keys(planned.outputs), errorPort])].flatMap((port) => this.#receivers.get(`${planned.id}.${port}`) ?? []);
  }

  #moved(unit: Unit, change: (gauge: Gauge) => void): void {
    const gauge = this.#gauges.get(unit) ?? missing('the watermarks of a unit');
    const { watermark, isIdle } = gauge;
    change(gauge);
    if (gauge.watermark > watermark) unit.advance(gauge.watermark);
    if (gauge.isIdle !== isIdle) unit.idle(gauge.isIdle);
  }

  /** True while some input of the unit is still to come. */
  isOpen(unit: Unit): boolean {
    return [...(this.#open.get(unit)?.values() ?? [])].some((edges) => edges > 0);
  }

  async #edgeEnded({ unit, port, edge }: Receiver): Promise<void> {
    const ports = this.#open.get(unit) ?? missing('the open ports of a unit');
    const left = (ports.get(port) ?? missing(`the port "${port}"`)) - 1;
    ports.set(port, left);
    // What waited for this input comes before what the end of all inputs brings.
    this.#moved(unit, (gauge) => gauge.end(edge));
    if (left === 0) await unit.ended(port);
  }

  /** Runs a node's own code: its time, its name in errors, and the monitor's mark. */
  work<T>(openNode: OpenNode, run: () => T, shift: Shift = openNode.shift): T {
    const monitor = this.#monitor;
    const before = monitor ? enterNode(monitor, openNode.index) : -1;
    this.#clock.enter(shift);
    try {
      return run();
    } catch (error) {
      throw this.named(error, openNode);
    } finally {
      this.#clock.leave();
      if (monitor) {
        enterNode(monitor, before);
        leaveCode(monitor);
      }
    }
  }

  /** Whatever a node's own code threw, as a MillraceError that names the node. */
  named(error: unknown, { planned }: OpenNode): MillraceError {
    if (error instanceof MillraceError) return error.problem.node ? error : new MillraceError({ ...error.problem, node: planned.id }, { cause: error });
    const explained = this.sandbox.explain(error);
    if (explained.range) return new MillraceError({ ...explained, node: planned.id }, { cause: error });
    const known = systemProblem(error);
    if (known) return new MillraceError({ ...known, node: planned.id }, { cause: error });
    const hint = 'This is a fault of the node itself. Please report it with the log.';
    return new MillraceError({ code: 'internal', message: explained.message, hint, node: planned.id }, { cause: error });
  }
}
