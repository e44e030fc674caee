import { itemAt } from '../../../model/faults/missing.ts';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { NodeStats } from '../../protocol/messages.ts';

/** What one node has done so far. Brought up to date once per batch. */
export class NodeCounters {
  in = 0;
  readonly out: Record<string, number>;
  dropped = 0;
  failed = 0;
  busyMs = 0;
  idleMs = 0;
  blockedMs = 0;
  /** Of the rows that the node hands on. */
  watermark = beginningOfTime;

  readonly #latePorts: readonly string[];

  constructor(ports: readonly string[], latePorts: readonly string[] = []) {
    this.#latePorts = latePorts;
    this.out = Object.fromEntries(ports.map((port) => [port, 0]));
  }

  /** Of those ports, the ones that rows were sent to. */
  get latePorts(): readonly string[] {
    return this.#latePorts.filter((port) => (this.out[port] ?? 0) > 0);
  }

  sent(port: string, rows: number): void {
    this.out[port] = (this.out[port] ?? 0) + rows;
  }

  snapshot(): NodeCounts {
    const { in: taken, out, dropped, failed, busyMs, idleMs, blockedMs, watermark } = this;
    const late = this.#latePorts.reduce((sum, port) => sum + (out[port] ?? 0), 0);
    return { in: taken, out: { ...out }, dropped, failed, late, busyMs, idleMs, blockedMs, watermark };
  }

  /** Goes on counting from there; the watermark is the router's to restore. */
  restore(counts: NodeCounts): void {
    const { in: taken, out, dropped, failed, busyMs, idleMs, blockedMs } = counts;
    Object.assign(this, { in: taken, dropped, failed, busyMs, idleMs, blockedMs });
    for (const port of Object.keys(this.out)) this.out[port] = out[port] ?? 0;
  }
}
export type NodeCounts = Pick<NodeStats, 'state' | 'heldBy'> &
  Pick<NodeStats, 'in' | 'out' | 'dropped' | 'failed' | 'late' | 'busyMs' | 'idleMs' | 'blockedMs' | 'watermark'>;

/** Nodes that work as one, and the share of each in their time; the shares add up to 1. */
export interface Shift {
  readonly nodes: readonly NodeCounters[];
  readonly shares: readonly number[];
}

/** Gives each node the time in which it was at work itself, not those that it sent rows to. */
export class Clock {
  readonly #stack: Shift[] = [];
  #since = 0;

  /** The time from now on is that of these nodes, until they are left or others are entered. */
  enter(shift: Shift): void {
    this.#charge();
    this.#stack.push(shift);
  }

  leave(): void {
    this.#charge();
    this.#stack.pop();
  }

  #charge(): void {
    const now = performance.now();
    const shift = this.#stack.at(-1);
    if (shift) {
      const { nodes, shares } = shift;
      for (const [i, node] of nodes.entries()) node.busyMs += (now - this.#since) * itemAt(shares, i);
    }
    this.#since = now;
  }
}
