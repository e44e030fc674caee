import { itemAt } from '../../../../model/faults/missing.ts';
import type { Row } from '../../../../model/values/types.ts';
import type { ColumnLayout } from '../../../operators/rows/column-layout.ts';
import type { FlowEvent, FlowEvents, PackedPlaces } from './messages.ts';
import { RowPack, rowsPerMessage } from './packed-rows.ts';

/** Where rows of a batch came from; `pick` gives it for those at some indexes. */
export interface Places {
  pick(indexes: readonly number[]): PackedPlaces;
}

interface Way {
  readonly pack: RowPack;
  /** Of the batch that is being added: where in the pack its rows begin, and their indexes in it. */
  begun: number;
  indexes: number[];
}

/** Collects what happens at numbered ways until there is enough for a message. */
export class Outbox {
  readonly #send: (events: FlowEvents) => void;
  readonly #ways: readonly Way[];
  #events: FlowEvent[] = [];
  #rows = 0;

  constructor(forms: readonly ColumnLayout[], send: (events: FlowEvents) => void) {
    this.#send = send;
    this.#ways = forms.map((form) => ({ pack: new RowPack(form), begun: 0, indexes: [] }));
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** A row of a batch of this way, and its index in it. After the last one `endBatch` is to be called. */
  add(way: number, row: Row, index: number, places: Places | null): void {
    const { pack, indexes } = this.#ways[way]!;
    pack.add(row);
    if (places) indexes.push(index);
    if (++this.#rows < rowsPerMessage) return;
    this.endBatch(way, places);
    this.flush();
  }

  endBatch(way: number, places: Places | null): void {
    const ended = itemAt(this.#ways, way);
    const from = ended.begun;
    const to = ended.pack.count;
    if (from === to) return;
    this.#events.push({ kind: 'rows', way, from, to, places: places?.pick(ended.indexes) ?? null });
    ended.begun = to;
    if (places) ended.indexes = [];
  }

  tell(event: Exclude<FlowEvent, { readonly kind: 'rows' }>): void {
    this.#events.push(event);
  }

  flush(): void {
    if (this.isEmpty) return;
    const packs = this.#ways.map(({ pack }) => (pack.count > 0 ? pack.take() : null));
    const events = this.#events;
    this.#events = [];
    this.#rows = 0;
    for (const way of this.#ways) way.begun = 0;
    this.#send({ packs, events });
  }
}
