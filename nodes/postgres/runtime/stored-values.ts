/** Values as the columns of a table take them, and the text form of COPY. */

import { printableBut, type RowWriter, rowWriter } from '../../../io/text/row-text.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { compareDecimals, decimalOfNumber } from '../../../model/values/decimal.ts';
import type { Column, Json, Row, Schema, Value } from '../../../model/values/types.ts';

/** A column of a table, as the catalogue of the server has it. */
export interface TableColumn {
  readonly name: string;
  /** Without its modifier: `numeric`, `timestamp with time zone`. */
  readonly type: string;
  /** As `format_type` gives it: `numeric(10,2)`. */
  readonly declared: string;
  /** `A` for arrays, `E` for enums: pg_type.typcategory. */
  readonly category: string;
}

export class ValueRefused extends Error {}

const wholes = ['smallint', 'integer', 'bigint'];
/** What takes text only where it says what it is by its own type. */
const basic = [
  ...wholes,
  'numeric',
  'real',
  'double precision',
  'boolean',
  'timestamp with time zone',
  'timestamp without time zone',
  'date',
  'json',
  'jsonb',
  'bytea',
];

const holding: { readonly [type in Column['type']]: (column: TableColumn) => boolean } = {
  string: ({ type, category }) => !basic.includes(type) && category !== 'A',
  integer: ({ type }) => [...wholes, 'numeric', 'double precision', 'real'].includes(type),
  number: ({ type }) => ['double precision', 'real', 'numeric'].includes(type),
  decimal: ({ type }) => [...wholes, 'numeric', 'double precision'].includes(type),
  boolean: ({ type }) => type === 'boolean',
  timestamp: ({ type }) => /^timestamp/.test(type),
  date: ({ type }) => type === 'date',
  json: ({ type, category }) => type === 'json' || type === 'jsonb' || category === 'A',
  bytes: ({ type }) => type === 'bytea',
};

/** Whether values of a type may go into a column without a change. */
export function holds(column: TableColumn, type: Column['type']): boolean {
  return holding[type](column);
}

type Check = (value: Exclude<Value, null>) => Value;

/** What has to be done with each value before it is written; null for nothing. Throws `ValueRefused` where the server would change it in silence. */
function checkOf({ type: stored, declared, category }: TableColumn, { name, type }: Column): Check | null {
  const refuse = (value: unknown): never => {
    throw new ValueRefused(`Column "${name}" is ${declared} in the table, which does not keep ${String(value)}.`);
  };
  if (category === 'A') return (value) => (Array.isArray(value) ? arrayText(value as readonly Json[]) : refuse(JSON.stringify(value)));
  if (stored === 'real') return (value) => (Math.fround(Number(value)) === value ? value : refuse(value));
  if (stored === 'double precision' && type === 'decimal') {
    return (value) => (compareDecimals(decimalOfNumber(Number(value)) ?? '', String(value)) === 0 ? value : refuse(value));
  }
  const places = /^numeric\(\d+,(-?\d+)\)$/.exec(declared)?.[1];
  if (places !== undefined) {
    return (value) => {
      const text = typeof value === 'number' ? (decimalOfNumber(value) ?? '') : String(value);
      const fraction = text.split('.')[1]?.replace(/0+$/, '') ?? '';
      return fraction.length <= Number(places) && Number(places) >= 0 ? value : refuse(value);
    };
  }
  const precision = /^timestamp\(([012])\)/.exec(declared)?.[1];
  if (precision !== undefined) return (value) => (Number(value) % 10 ** (3 - Number(precision)) === 0 ? value : refuse(new Date(Number(value)).toISOString()));
  const width = /^character(?: varying)?\((\d+)\)$/.exec(declared)?.[1];
  // Spaces at the end that are too many are cut off without a word; other characters are refused.
  if (width !== undefined) return (value) => (String(value).endsWith(' ') && [...String(value)].length > Number(width) ? refuse(JSON.stringify(value)) : value);
  return null;
}

function arrayText(list: readonly Json[]): string {
  const items = list.map((item) => {
    if (item === null) return 'NULL';
    if (Array.isArray(item)) return arrayText(item as readonly Json[]);
    return `"${(typeof item === 'object' ? JSON.stringify(item) : String(item)).replace(/[\\"]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}

function escaped(text: string): string {
  if (text.includes('\0')) throw new ValueRefused('A text holds a NUL character, which PostgreSQL cannot store.');
  if (!text.isWellFormed()) throw new ValueRefused('A text holds half of a surrogate pair, which UTF-8 cannot write.');
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character) : text;
}
const escapes: { readonly [character: string]: string } = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export interface CopyFormat {
  readonly write: RowWriter;
  /** The row as it is to be written. Null where rows are written as they are. Throws `ValueRefused`. */
  readonly prepare: ((row: Row) => Row) | null;
}

/** `columns` are aligned with those of the schema; `keys` must not be null. */
export function copyFormat(schema: Schema, columns: readonly TableColumn[], keys: readonly string[]): CopyFormat {
  const checks = schema.columns.map((column, i) => checkOf(itemAt(columns, i), column));
  const asText = (i: number) => itemAt(columns, i).category === 'A';
  const write = rowWriter(
    { columns: schema.columns.map((column, i) => (asText(i) ? { ...column, type: 'string' as const } : column)) },
    {
      before: (_, index) => (index === 0 ? '' : '\t'),
      end: '\n',
      nothing: '\\N',
      quote: '',
      noBytes: '\\\\x',
      plain: printableBut('\\'),
      encode: escaped,
      bytes: (value) => `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`,
      jsonIsText: true,
    },
  );
  if (keys.length === 0 && checks.every((check) => check === null)) return { write, prepare: null };
  const prepare = (row: Row): Row => {
    const key = keys.find((name) => row[name] === null);
    if (key !== undefined) throw new ValueRefused(`The key column "${key}" is null.`);
    return Object.fromEntries(
      schema.columns.map(({ name }, i): [string, Value] => {
        const value = row[name] ?? null;
        return [name, value === null ? null : (checks[i]?.(value) ?? value)];
      }),
    );
  };
  return { write, prepare };
}
