import { missing } from '../../../model/faults/missing.ts';
import { endOfTime } from '../../../model/schema/event-time.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Alignment as AlignmentPlan } from '../../protocol/physical-plan.ts';
import type { Dataflow } from './dataflow.ts';

/**
 * Who of a group of sources may read on: a source that is ahead of others by event time waits until they have caught up, have ended,
 * are idle, or have nothing to give for now. The one that is furthest behind never waits, so somebody always goes on.
 *
 * Nothing is looked at while nobody waits. Whatever may set a source free is to be followed by `look`.
 */
export class Alignment {
  readonly #flow: Pick<Dataflow, 'watermark' | 'isIdle'>;
  readonly #rests: (source: NodeId) => boolean;
  readonly #clocks: ReadonlyMap<NodeId, readonly NodeId[]>;
  /** By source that may have to wait: those that it meets. */
  readonly #met = new Map<NodeId, ReadonlySet<NodeId>>();
  /** Of the group that is being read, those that are not at their end. */
  #reading = new Set<NodeId>();
  readonly #waiting = new Map<NodeId, () => void>();

  /** `rests`: the source has nothing to give for now. */
  constructor({ clocks, meetings }: AlignmentPlan, flow: Pick<Dataflow, 'watermark' | 'isIdle'>, rests: (source: NodeId) => boolean) {
    this.#flow = flow;
    this.#rests = rests;
    this.#clocks = new Map(Object.entries(clocks));
    for (const { sources, held } of meetings) {
      for (const id of held) this.#met.set(id, new Set([...(this.#met.get(id) ?? []), ...sources.filter((other) => other !== id)]));
    }
  }

  /** These are the sources that are read from now on. */
  begin(group: readonly NodeId[]): void {
    this.#reading = new Set(group.filter((source) => this.#clocks.has(source)));
  }

  /** The source is at its end. */
  leave(source: NodeId): void {
    this.#reading.delete(source);
    this.look();
  }

  isAhead(source: NodeId): boolean {
    const met = this.#met.get(source);
    if (!met || this.#reading.size < 2) return false;
    let own = endOfTime;
    for (const node of this.#clocks.get(source) ?? missing(`the clocks of "${source}"`)) own = Math.min(own, this.#flow.watermark(node));
    for (const other of met) if (this.#reading.has(other) && this.#isBefore(other, own)) return true;
    return false;
  }

  /** Resolves when the source need not wait any more, or `wake` was called: look again. */
  turn(source: NodeId): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(source, resolve));
  }

  /** Sets free whoever need not wait any more. */
  look(): void {
    for (const [source, go] of this.#waiting) {
      if (this.isAhead(source)) continue;
      this.#waiting.delete(source);
      go();
    }
  }

  /** Sets all free. */
  wake(): void {
    for (const go of this.#waiting.values()) go();
    this.#waiting.clear();
  }

  /** Idle clocks are left out, as nobody's watermark waits for them. */
  #isBefore(source: NodeId, time: number): boolean {
    const isBehind = (this.#clocks.get(source) ?? missing(`the clocks of "${source}"`)).some(
      (node) => this.#flow.watermark(node) < time && !this.#flow.isIdle(node),
    );
    return isBehind && !this.#rests(source);
  }
}
