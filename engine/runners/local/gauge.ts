import { itemAt } from '../../../model/faults/missing.ts';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';

/**
 * The watermark of one unit: the least over its incoming edges, those left out that are idle. It never falls: an edge that
 * wakes up behind it holds it where it is until the edge has caught up.
 */
export class Gauge {
  readonly #watermarks: number[] = [];
  readonly #idle: boolean[] = [];
  watermark = beginningOfTime;
  /** All edges are idle or ended, and not all ended. */
  isIdle = false;

  /** Gives the number of the new edge. */
  add(): number {
    this.#idle.push(false);
    return this.#watermarks.push(beginningOfTime) - 1;
  }

  advance(edge: number, watermark: number): void {
    if (watermark <= itemAt(this.#watermarks, edge)) return;
    this.#watermarks[edge] = watermark;
    this.#settle();
  }

  idle(edge: number, isIdle: boolean): void {
    this.#idle[edge] = isIdle;
    this.#settle();
  }

  end(edge: number): void {
    this.#idle[edge] = false;
    this.advance(edge, endOfTime);
  }

  /** The edge that holds the watermark back, or -1 where none does. */
  holder(): number {
    let least = -1;
    this.#watermarks.forEach((watermark, edge) => {
      if (!this.#idle[edge] && (least < 0 || watermark < itemAt(this.#watermarks, least))) least = edge;
    });
    return least;
  }

  #settle(): void {
    const least = this.holder();
    const ended = this.#watermarks.every((watermark) => watermark === endOfTime);
    const active = this.#watermarks.some((watermark, edge) => !this.#idle[edge] && watermark !== endOfTime);
    this.isIdle = !active && !ended;
    // Where only ended edges are left beside idle ones, the idle ones may still come back.
    if (least < 0 || this.isIdle) return;
    this.watermark = Math.max(this.watermark, itemAt(this.#watermarks, least));
  }
}
