import { missing } from '../../../../model/faults/missing.ts';
import { endOfTime } from '../../../../model/schema/event-time.ts';
import type { Row } from '../../../../model/values/types.ts';
import type { Router, Unit } from '../router.ts';
import type { Outbox } from './outbox.ts';

/** In an instance, all ways out of one node. */
export class Outlet implements Unit {
  readonly #ways: ReadonlyMap<string, number>;
  readonly #box: Outbox;
  readonly #router: Router;

  /** `ways`: their numbers by port; time is told by one of them. */
  constructor(ways: ReadonlyMap<string, number>, box: Outbox, router: Router) {
    this.#ways = ways;
    this.#box = box;
    this.#router = router;
  }

  receive(rows: readonly Row[], port: string): void {
    const way = this.#ways.get(port) ?? missing(`the way out of "${port}"`);
    let i = 0;
    for (const row of rows) this.#box.add(way, row, i++, null);
    this.#box.endBatch(way, null);
  }

  advance(watermark: number): void {
    if (watermark < endOfTime) this.#box.tell({ kind: 'advance', way: this.#first, watermark });
  }

  idle(isIdle: boolean): void {
    this.#box.tell({ kind: 'idle', way: this.#first, isIdle });
  }

  /** All ports of a node end together. */
  ended(): void {
    if (!this.#router.isOpen(this)) this.#box.tell({ kind: 'end', way: this.#first });
  }

  get #first(): number {
    const [first = missing('a way out')] = this.#ways.values();
    return first;
  }
}
