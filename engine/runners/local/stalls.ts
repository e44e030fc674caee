import type { NodeId } from '../../document/pipeline.ts';

/** `MILLRACE_STALLED_AFTER_MS`: 30 s. */
export function stalledAfter(): number {
  return Number(process.env['MILLRACE_STALLED_AFTER_MS']) || 30_000;
}

interface Waiting {
  readonly node: NodeId;
  readonly watermark: number;
  readonly holder: NodeId;
}

/** Notices nodes that wait for a watermark which does not move, and who holds it back. */
export class Stalls {
  readonly #onStalled: (node: NodeId, holder: NodeId) => void;
  readonly #afterMs = stalledAfter();
  readonly #seen = new Map<NodeId, { watermark: number; since: number }>();
  readonly #told = new Set<string>();
  /** By the node that waits: who holds it back. */
  heldBy: ReadonlyMap<NodeId, NodeId> = new Map();

  /** `onStalled` is called once for each node and holder. */
  constructor(onStalled: (node: NodeId, holder: NodeId) => void) {
    this.#onStalled = onStalled;
  }

  /** `now` in ms of any clock; nodes that are left out wait for nothing. */
  look(waiting: readonly Waiting[], now: number): void {
    const heldBy = new Map<NodeId, NodeId>();
    for (const { node, watermark, holder } of waiting) {
      const seen = this.#seen.get(node);
      if (!seen || watermark > seen.watermark) this.#seen.set(node, { watermark, since: now });
      else if (now - seen.since >= this.#afterMs) {
        heldBy.set(node, holder);
        const cause = JSON.stringify([node, holder]);
        if (!this.#told.has(cause)) this.#onStalled(node, holder);
        this.#told.add(cause);
      }
    }
    for (const node of this.#seen.keys()) if (!waiting.some((each) => each.node === node)) this.#seen.delete(node);
    this.heldBy = heldBy;
  }
}
