import { duplicateNames, keyTypes } from '../../../kit/columns.ts';
import { f } from '../../../kit/fields.ts';
import type { KeyedState } from '../../../kit/keyed-state.ts';
import type { NodeProblem, StatefulOperator, TransformContext } from '../../../kit/node.ts';
import { endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import type { Column, Row, Schema, State, Value } from '../../../model/values/types.ts';
import { noTime } from '../rows/row-failures.ts';
import { columnSource, compile, rowSource } from '../rows/rows.ts';
import { keyColumns, keySources } from './key-columns.ts';
import { keyText } from './keys.ts';

export const keysField = f.columns({
  label: 'By',
  help: 'Each combination of their values is looked at on its own; none: all rows together.',
  types: keyTypes,
  default: [],
});
export const ttlField = f.duration({
  label: 'Forget a key after',
  help: 'A key without a row for so long starts anew, and takes no memory until then.',
  min: 1,
  optional: true,
  advanced: true,
});
/** What docs say of both. */
export const ttlDocs = `Kept is the state of every key, on disk where it outgrows memory. *Forget a key after* bounds it: a key that had no row for so long starts anew. That time is the rows' event time where they have one, and the wall clock otherwise.`;

/** The text of a row's key. */
export function keyReader(schema: Schema, keys: readonly string[]): (row: Row) => string {
  const { sources, constants } = keySources(keyColumns(schema, keys));
  return compile(`(row) => keyText([${sources.join(', ')}])`, { keyText, ...constants });
}

/** What a key has, and the latest time of its rows. */
type Kept<V extends State> = { latest: number; value: V };
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
export class KeyedRows<V extends State> implements Pick<StatefulOperator, 'advance' | 'tick'> {
  readonly #context: TransformContext<any>;
  readonly #state: KeyedState<Kept<V>>;
  readonly #keyOf: (row: Row) => string;
  readonly #timeOf: ((row: Row) => number | null) | null;
  readonly #ttl: number | null;
  readonly #column: string;

  constructor(context: TransformContext<any>, { keys, ttl, timed = false }: KeyedRowsOptions) {
    const schema = context.inputs['rows']!;
    this.#context = context;
    this.#state = context.state('keys');
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
}

/** A schema with further columns behind; a problem where a name is taken. `field` is the param that names the i-th of them. */
export function withColumns(
  schema: Schema | null,
  added: readonly Column[],
  field: (index: number) => string,
): { schema: Schema | null; problems: NodeProblem[] } {
  const columns = schema?.columns ?? [];
  const names = [...columns, ...added].map(({ name }) => name);
  const problems = duplicateNames(names, (i) => (i < columns.length ? '' : field(i - columns.length)));
  return { schema: schema && { columns: [...columns, ...added] }, problems };
}

/** Makes rows of a schema from the rows of another one, whose columns it begins with, and the values of those that are added. */
export function rowExtender(input: Schema, output: Schema): (row: Row, added: readonly Value[]) => Row {
  const columns = output.columns.map(({ name }, i) => {
    const own = i - input.columns.length;
    return { name, source: own < 0 ? columnSource(name) : `added[${own}]` };
  });
  return compile(`(row, added) => (${rowSource(columns)})`);
}
