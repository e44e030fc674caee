import type { Row } from '../../../../model/values/types.ts';
import type { FlowEvent, FlowEvents, PackedPlaces } from './messages.ts';
import { type RowForm, RowPack, rowsPerMessage } from './packed-rows.ts';

/** Where rows of a batch came from; `pick` gives it for those at some indexes. */
export interface Places {
  pick(indexes: readonly number[]): PackedPlaces;
}

/** Collects what happens at numbered ways until there is enough for a message. */
export class Outbox {
  readonly #send: (events: FlowEvents) => void;
  /** By way. */
  readonly #packs: RowPack[];
  #events: FlowEvent[] = [];
  #rows = 0;
  /** Of the batch that is being added: where in the pack its rows begin, and their indexes in it. */
  readonly #begun: number[];
  readonly #indexes: number[][];

  constructor(forms: readonly RowForm[], send: (events: FlowEvents) => void) {
    this.#send = send;
    this.#packs = forms.map((form) => new RowPack(form));
    this.#begun = forms.map(() => 0);
    this.#indexes = forms.map(() => []);
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** A row of a batch of this way, and its index in it. After the last one `endBatch` is to be called. */
  add(way: number, row: Row, index: number, places: Places | null): void {
    this.#packs[way]!.add(row);
    if (places) this.#indexes[way]!.push(index);
    if (++this.#rows < rowsPerMessage) return;
    this.endBatch(way, places);
    this.flush();
  }

  endBatch(way: number, places: Places | null): void {
    const from = this.#begun[way]!;
    const to = this.#packs[way]!.count;
    if (from === to) return;
    this.#events.push({ kind: 'rows', way, from, to, places: places?.pick(this.#indexes[way]!) ?? null });
    this.#begun[way] = to;
    if (places) this.#indexes[way] = [];
  }

  tell(event: Exclude<FlowEvent, { readonly kind: 'rows' }>): void {
    this.#events.push(event);
  }

  flush(): void {
    if (this.isEmpty) return;
    const packs = this.#packs.map((pack) => (pack.count > 0 ? pack.take() : null));
    const events = this.#events;
    this.#events = [];
    this.#rows = 0;
    this.#begun.fill(0);
    this.#send({ packs, events });
  }
}
