import { endOfTime } from '../../../../model/schema/event-time.ts';
import type { Row, Value } from '../../../../model/values/types.ts';
import { hashOfLevels, instanceOf } from '../../../operators/keyed/key-hash.ts';
import { type KeyColumn, keyColumnReader } from '../../../operators/rows/key-columns.ts';
import type { Origin } from '../origin.ts';
import type { Unit } from '../router.ts';
import type { FlowEvent } from './messages.ts';
import type { Outbox } from './outbox.ts';
import { placesOf } from './places.ts';

/** An edge into a stage: gives each row to the instance that has its key, and tells all of them what time does. */
export class Exchange implements Unit {
  readonly #way: number;
  readonly #boxes: readonly Outbox[];
  readonly #origin: Origin;
  readonly #columns: readonly { readonly read: ReturnType<typeof keyColumnReader>; readonly values: Value[] }[];
  readonly #keys: Value[][];

  /** `boxes`: what goes to each instance. */
  constructor(way: number, keys: readonly KeyColumn[], boxes: readonly Outbox[], origin: Origin) {
    this.#way = way;
    this.#boxes = boxes;
    this.#origin = origin;
    this.#columns = keys.map((key) => ({ read: keyColumnReader(key), values: [] }));
    this.#keys = this.#columns.map(({ values }) => values);
  }

  receive(rows: readonly Row[]): void {
    const boxes = this.#boxes;
    const keys = this.#keys;
    for (const { read, values } of this.#columns) read(rows, values);
    const places = placesOf(this.#origin, rows);
    let i = 0;
    for (const row of rows) boxes[instanceOf(hashOfLevels(keys, i), boxes.length)]!.add(this.#way, row, i++, places);
    for (const box of boxes) box.endBatch(this.#way, places);
  }

  /** The end of time is told by `ended`. */
  advance(watermark: number): void {
    if (watermark < endOfTime) this.#tell({ kind: 'advance', way: this.#way, watermark });
  }

  idle(isIdle: boolean): void {
    this.#tell({ kind: 'idle', way: this.#way, isIdle });
  }

  ended(): void {
    this.#tell({ kind: 'end', way: this.#way });
  }

  #tell(event: Exclude<FlowEvent, { readonly kind: 'rows' }>): void {
    for (const box of this.#boxes) box.tell(event);
  }
}
