import type { EarlierInstance, KeyedState, Owns } from '@millrace/kit/keyed-state';
import type { StatefulOperator } from '@millrace/kit/node';
import { endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Row, Schema, State, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { keyColumns, keySources } from '../rows/key-columns.ts';
import { noTime } from '../rows/row-failures.ts';
import { columnSource, compile, rowSource } from '../rows/rows.ts';
import { takeEntries } from './key-groups.ts';
import { keyText, keyValues } from './keys.ts';

/** The text of a row's key. */
export function keyReader(schema: Schema, keys: readonly string[]): (row: Row) => string {
  const { sources, constants } = keySources(keyColumns(schema, keys));
  return compile(`(row) => keyText([${sources.join(', ')}])`, { keyText, ...constants });
}

/** What a key has, and the latest time of its rows. */
type Kept<V extends State> = { latest: number; value: V };
const stateName = 'keys';
/** `latest` is the latest time of the key's rows, this one included; `before` undefined where the key has nothing, or what it had is forgotten. */
export type Step<V extends State> = (row: Row, before: V | undefined, time: number, latest: number) => V;

export interface KeyedRowsOptions {
  readonly keys: readonly string[];
  readonly ttl: number | null;
  /** The node needs the rows' event time also without a `ttl`. */
  readonly timed?: boolean;
}

/**
 * A value for each key of the rows of a node's first input. Whether a key is forgotten follows from the times of its rows alone: when
 * the watermark passes only decides how long it takes memory. Without a need for times they are 0.
 */
export class KeyedRows<V extends State> implements Pick<StatefulOperator, 'advance' | 'tick' | 'takeOver'> {
  readonly #context: RowsContext;
  readonly #state: KeyedState<Kept<V>>;
  readonly #keyOf: (row: Row) => string;
  readonly #timeOf: ((row: Row) => number | null) | null;
  readonly #ttl: number | null;
  readonly #column: string;

  constructor(context: RowsContext, { keys, ttl, timed = false }: KeyedRowsOptions) {
    const schema = context.inputs.rows;
    this.#context = context;
    this.#state = context.state(stateName);
    this.#keyOf = keyReader(schema, keys);
    this.#timeOf = timed || ttl !== null ? eventTimeReader(schema) : null;
    this.#ttl = ttl;
    this.#column = schema.eventTime?.column ?? '';
  }

  /** The value that `step` gives is the key's from then on. It may be the one of before, changed. Rows that have no time fail. */
  each(rows: readonly Row[], step: Step<V>): void {
    const ttl = this.#ttl;
    const timeOf = this.#timeOf;
    const now = timeOf === null && ttl !== null ? this.#context.now() : 0;
    for (const row of rows) {
      const time = timeOf === null ? now : timeOf(row);
      if (time === null) {
        this.#context.fail(noTime(this.#column, row));
        continue;
      }
      const key = this.#keyOf(row);
      const kept = this.#state.get(key);
      if (kept === undefined || (ttl !== null && kept.latest + ttl <= time)) {
        const value = step(row, undefined, time, time);
        this.#state.set(key, { latest: time, value }, ttl === null ? undefined : time + ttl);
      } else {
        if (time > kept.latest) kept.latest = time;
        kept.value = step(row, kept.value, time, kept.latest);
        this.#state.set(key, kept, ttl === null ? undefined : kept.latest + ttl);
      }
    }
  }

  readonly advance = (watermark: number): void => {
    if (this.#ttl !== null && this.#timeOf !== null && watermark < endOfTime) this.#state.expire(watermark);
  };

  readonly tick = (now: number): void => {
    if (this.#ttl !== null && this.#timeOf === null) this.#state.expire(now);
  };

  readonly takeOver = (earlier: readonly EarlierInstance[], owns: Owns): void => {
    for (const { keyed } of earlier) takeEntries(this.#state, keyed<Kept<V>>(stateName), (name) => owns(keyValues(name)));
  };
}

/** Makes rows of a schema from the rows of another one, whose columns it begins with, and the values of those that are added. */
export function rowExtender(input: Schema, output: Schema): (row: Row, added: readonly Value[]) => Row {
  const columns = output.columns.map(({ name }, i) => {
    const own = i - input.columns.length;
    return { name, source: own < 0 ? columnSource(name) : `added[${own}]` };
  });
  return compile(`(row, added) => (${rowSource(columns)})`);
}
