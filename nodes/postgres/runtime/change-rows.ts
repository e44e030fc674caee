/** Changes as rows: the columns of the table flat, and beside them what happened. */
import type { RowFailure, SourceContext } from '@millrace/kit/node';
import { type Conversion, compileRows } from '../../../io/text/row-conversion.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { formatTimestamp } from '../../../model/time/timestamp.ts';
import { encodeBase64 } from '../../../model/values/base64.ts';
import type { Column, Json, Row, Schema, Value } from '../../../model/values/types.ts';
import { type CellFormat, CellFormats } from '../../formats/cells/cell-formats.ts';
import { readAs } from '../../formats/column-fields.ts';
import { type ChangePart, partsOf } from '../change-columns.ts';
import type { ChangeParams } from '../change-params.ts';
import type { TableFacts } from './changed-table.ts';
import type { Cell, Relation, Tuple } from './pgoutput.ts';
import { conversionOf, type Finer, isFiner, type ServerType } from './read-values.ts';

export type Operation = 'snapshot' | 'insert' | 'update' | 'delete' | 'truncate';
export interface Change {
  readonly operation: Operation;
  readonly cells: Tuple;
  readonly before: { readonly cells: Tuple /** Those of the identity are told, and no others. */; readonly isKey: boolean } | null;
  readonly time: number;
  readonly lsn: number;
}
/** Where the columns of a row are in what the server sends. */
export interface Layout {
  /** By column of the table in the schema; -1 where it is not sent. */
  readonly places: readonly number[];
  /** Of the columns of the primary key. */
  readonly key: readonly number[];
  /** Columns of the identity, by place. */
  readonly isKey: readonly boolean[];
  readonly toRow: (input: Input) => Row | undefined;
}
interface Input {
  readonly cells: Tuple;
  readonly operation: Operation;
  readonly before: Json;
  readonly time: number;
  readonly lsn: number;
  readonly unchanged: Json;
}
type Context = Pick<SourceContext<ChangeParams, { readonly rows: Schema }>, 'params' | 'outputs' | 'fail'>;

const reads: { readonly [part in ChangePart]: string } = {
  operationColumn: 'input.operation',
  beforeColumn: 'input.before',
  commitColumn: 'input.time',
  lsnColumn: 'input.lsn',
  unchangedColumn: 'input.unchanged',
};
const asIs: Conversion = (found) => found as Value;

export class ChangeRows {
  readonly #context: Context;
  readonly #facts: TableFacts;
  readonly #schema: Schema;
  /** Those of the table. */
  readonly #columns: readonly Column[];
  readonly #readers: readonly Conversion[];
  readonly #tellsBefore: boolean;
  readonly #tellsUnchanged: boolean;
  /** Of rows that are selected. */
  readonly selected: Layout;

  constructor(facts: TableFacts, context: Context) {
    const { params, outputs } = context;
    const parts = partsOf(params);
    const own = new Set(parts.map(({ name }) => name));
    const formats = new CellFormats(params.types);
    this.#context = context;
    this.#facts = facts;
    this.#schema = outputs.rows;
    this.#columns = outputs.rows.columns.filter(({ name }) => !own.has(name));
    this.#readers = this.#columns.map(({ name, type }) => {
      const server = facts.columns.find((column) => column.name === name)?.server ?? null;
      return readerOf(type, server, params.finer, formats.cast.has(name) ? formats.of(name, type) : null);
    });
    this.#tellsBefore = params.beforeColumn !== null;
    this.#tellsUnchanged = params.unchangedColumn !== null;
    this.selected = this.layoutOf(facts.columns.map(({ name }) => ({ name, isKey: facts.key.includes(name) })));
  }

  layoutOf(sent: readonly Pick<Relation['columns'][number], 'name' | 'isKey'>[]): Layout {
    const places = this.#columns.map(({ name }) => sent.findIndex((column) => column.name === name));
    const parts = partsOf(this.#context.params);
    const partReads = this.#schema.columns.slice(this.#columns.length).map(({ name }) => parts.find((part) => part.name === name));
    const toRow = compileRows<Input>(
      this.#schema,
      [...places.map((place) => (place < 0 ? 'null' : `input.cells[${place}]`)), ...partReads.map((part) => (part ? reads[part.part] : 'null'))],
      [...this.#readers, ...partReads.map(() => asIs)],
    );
    const key = this.#facts.key.map((name) => sent.findIndex((column) => column.name === name));
    return { places, key, isKey: sent.map(({ isKey }) => isKey), toRow };
  }

  /** Undefined where it has failed. `place` is where it is, for people. */
  row(change: Change, layout: Layout, place: () => NonNullable<RowFailure['position']>): Row | undefined {
    const { operation, before, time, lsn } = change;
    let { cells } = change;
    let unchanged: Json = null;
    if (operation === 'update' && cells.includes(undefined)) {
      const found = completed(cells, before);
      const open = layout.places.flatMap((at, i) => (at >= 0 && found[at] === undefined ? [itemAt(this.#columns, i).name] : []));
      if (open.length > 0 && !this.#tellsUnchanged) {
        this.#context.fail(this.#unchanged(open, found, layout, place()));
        return undefined;
      }
      unchanged = open.length > 0 ? open : null;
      cells = found.map((cell) => cell ?? null);
    }
    const told = before && this.#tellsBefore ? this.#before(before, layout) : null;
    const row = layout.toRow({ cells, operation, before: told, time, lsn, unchanged });
    if (row === undefined) this.#context.fail(this.#misfit(cells, layout, place()));
    return row;
  }

  #before({ cells, isKey }: NonNullable<Change['before']>, { places, isKey: keys }: Layout): Json {
    const told: Record<string, Json> = {};
    for (const [i, { name, type }] of this.#columns.entries()) {
      const at = places[i] ?? -1;
      const cell = at < 0 ? undefined : cells[at];
      if (cell === undefined || (isKey && !keys[at])) continue;
      told[name] = jsonOf(itemAt(this.#readers, i)(cell), type) ?? cell;
    }
    return told;
  }

  #misfit(cells: Tuple, { places }: Layout, position: RowFailure['position']): RowFailure {
    const wrong = this.#columns.findIndex((_, i) => itemAt(this.#readers, i)(cellAt(cells, places, i)) === undefined);
    const column = itemAt(this.#columns, Math.max(0, wrong));
    const text = cellAt(cells, places, Math.max(0, wrong)) ?? '';
    const wider = column.type === 'integer' ? 'decimal' : 'string';
    return {
      code: 'postgres/value',
      message: `Column "${column.name}" is of type ${column.type}: ${whyNot(text, column.type)}.`,
      hint: `Read column "${column.name}" as ${wider === 'decimal' ? 'Decimal' : 'text'} (under Column types).`,
      fix: readAs(column.name, wider),
      row: this.#texts(cells, places),
      ...(position && { position }),
    };
  }

  #unchanged(open: readonly string[], cells: Tuple, { places }: Layout, position: RowFailure['position']): RowFailure {
    const names = open.map((name) => `"${name}"`).join(', ');
    return {
      code: 'postgres/unchanged',
      message: `An update has left ${open.length === 1 ? 'a large value' : 'large values'} of ${names} as it was, and the server does not send what has not changed.`,
      hint: `Run ALTER TABLE ${this.#facts.sql} REPLICA IDENTITY FULL, or name a column for unchanged values.`,
      row: this.#texts(cells, places),
      ...(position && { position }),
    };
  }

  #texts(cells: Tuple, places: readonly number[]): Row {
    return Object.fromEntries(this.#columns.map(({ name }, i): [string, Value] => [name, cellAt(cells, places, i)]));
  }
}

/** `format`: what a user has set for the column. */
function readerOf(type: Column['type'], server: ServerType | null, finer: Finer, format: CellFormat | null): Conversion {
  if (!format) return conversionOf(type, server, finer);
  const isBoolean = server?.name === 'bool';
  return (found) => {
    if (found === null) return null;
    const read = format.read(isBoolean ? (found === 't' ? 'true' : 'false') : String(found), true);
    return read.ok ? read.value : undefined;
  };
}

function whyNot(text: string, type: Column['type']): string {
  if (type === 'integer' && /^-?\d+$/.test(text)) return `${text} is beyond 2^53, where whole numbers would be rounded`;
  if (type === 'timestamp' && isFiner(text)) return `"${text}" is finer than a millisecond`;
  return `"${text}" is no ${type}`;
}

function cellAt(cells: Tuple, places: readonly number[], column: number): string | null {
  return cells[places[column] ?? -1] ?? null;
}

/** With a full identity, the row before has what the one after it leaves out. */
function completed(cells: Tuple, before: Change['before']): Cell[] {
  return Array.from(cells, (cell, i) => (cell === undefined && before && !before.isKey ? before.cells[i] : cell));
}

function jsonOf(value: Value | undefined, type: Column['type']): Json | undefined {
  if (value instanceof Uint8Array) return encodeBase64(value);
  return type === 'timestamp' && typeof value === 'number' ? formatTimestamp(value) : value;
}
