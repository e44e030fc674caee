/** Values as the columns of a table take them, written as the rows of an INSERT statement. */
import { printableBut } from '../../../io/text/row-text.ts';
import { scalarLimit, type TextBuffer } from '../../../io/text/text-buffer.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { compareDecimals, decimalOfNumber } from '../../../model/values/decimal.ts';
import type { Column, ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';

/** A column of a table, as `information_schema` has it. */
export interface TableColumn {
  readonly name: string;
  /** `decimal`, `datetime`. */
  readonly type: string;
  /** `decimal(10,2)`, `enum('a','b')`, `int(11) unsigned`. */
  readonly declared: string;
  /** Of texts in characters, of bytes in bytes; null for other types. */
  readonly maxLength: number | null;
  /** Digits of a second. */
  readonly precision: number;
}

/** The server would refuse a value, or change it in silence. */
export class ValueRefused extends Error {}

const wholes = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const texts = ['tinytext', 'text', 'mediumtext', 'longtext'];
const holding: { readonly [type in ColumnType]: readonly string[] } = {
  string: ['char', 'varchar', ...texts, 'enum', 'set', 'time', 'uuid', 'inet4', 'inet6'],
  integer: [...wholes, 'decimal', 'double', 'float'],
  number: ['double', 'float', 'decimal'],
  decimal: [...wholes, 'decimal', 'double'],
  boolean: ['tinyint', 'bit'],
  timestamp: ['datetime', 'timestamp'],
  date: ['date'],
  json: ['json', ...texts],
  bytes: ['tinyblob', 'blob', 'mediumblob', 'longblob', 'varbinary', 'binary'],
};

/** Whether values of a type may go into a column without a change. */
export function holds({ type }: TableColumn, columnType: ColumnType): boolean {
  return holding[columnType].includes(type);
}

type Present = Exclude<Value, null>;
type Keeps = (value: Present) => boolean;
const always: Keeps = () => true;

/** Whether the server keeps a value as it is; what it refuses by itself counts as kept. */
function keepsOf({ type, declared, maxLength, precision }: TableColumn, from: ColumnType): Keeps {
  const places = declared.startsWith('decimal') ? Number(/,(\d+)\)/.exec(declared)?.[1] ?? 0) : 0;
  const fraction = (value: Present) => decimalText(value).split('.')[1]?.replace(/0+$/, '').length ?? 0;
  switch (type) {
    case 'float':
      return (value) => Math.fround(Number(value)) === value;
    case 'double':
      return from === 'decimal' ? (value) => compareDecimals(decimalOfNumber(Number(value)) ?? '', String(value)) === 0 : always;
    case 'decimal':
      return from === 'integer' ? always : (value) => fraction(value) <= places;
    case 'datetime':
    case 'timestamp':
      return precision >= 3 ? always : (value) => Number(value) % 10 ** (3 - precision) === 0;
    case 'time':
      return (value) =>
        new RegExp(`^-?\\d{1,3}:\\d\\d:\\d\\d(\\.\\d{1,${Math.max(1, precision)}})?$`).test(String(value)) && (precision > 0 || !String(value).includes('.'));
    case 'char':
      return (value) => !String(value).endsWith(' ');
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
      // Spaces at the end that are too many are cut off without a word; other characters are refused.
      return (value) => typeof value !== 'string' || !value.endsWith(' ') || lengthOf(value, type) <= (maxLength ?? Number.POSITIVE_INFINITY);
    case 'binary':
      return (value) => value instanceof Uint8Array && value.length === maxLength;
    case 'enum': {
      const members = new Set(membersOf(declared));
      return (value) => members.has(String(value));
    }
    case 'set': {
      const members = membersOf(declared);
      return (value) => {
        const parts = new Set(value === '' ? [] : String(value).split(','));
        return members.filter((member) => parts.has(member)).join(',') === value;
      };
    }
    default:
      return from === 'decimal' ? (value) => fraction(value) === 0 : always;
  }
}

function lengthOf(text: string, type: string): number {
  return type === 'varchar' ? [...text].length : Buffer.byteLength(text);
}
function decimalText(value: Present): string {
  return typeof value === 'number' ? (decimalOfNumber(value) ?? '') : String(value);
}
/** Of `enum('a','it''s')`. */
function membersOf(declared: string): string[] {
  return [...declared.matchAll(/'((?:[^']|'')*)'/g)].map(([, member = '']) => member.replaceAll("''", "'"));
}

/** For a scalar, with what is written around it. */
const room = scalarLimit + 4;
const plain = printableBut("'\\");
function escaped(text: string): string {
  if (!text.isWellFormed()) throw new ValueRefused('A text holds half of a surrogate pair, which UTF-8 cannot write.');
  return text.replace(/['\\\0]/g, (character) => (character === '\0' ? '\\0' : `\\${character}`));
}

type CellWriter = (value: Present, into: TextBuffer) => void;
const [quote, comma, opening, closing] = [...Buffer.from("',()")] as [number, number, number, number];
/** One ASCII character; there is room for it. */
const put = (character: number, into: TextBuffer) => {
  into.bytes[into.at++] = character;
};
const quoted = (text: string, into: TextBuffer) => {
  put(quote, into);
  into.word(text, plain, escaped);
  put(quote, into);
};
const asText: CellWriter = (value, into) => into.text(String(value));
const writers: { readonly [type in ColumnType]: CellWriter } = {
  string: (value, into) => quoted(String(value), into),
  integer: (value, into) => into.number(Number(value)),
  number: (value, into) => (Object.is(value, -0) ? into.text('-0e0') : into.number(Number(value))),
  decimal: asText,
  boolean: (value, into) => into.text(value ? '1' : '0'),
  timestamp(value, into) {
    put(quote, into);
    into.timestamp(Number(value));
    // In place of the Z: the session's zone is UTC.
    into.at--;
    put(quote, into);
  },
  date: (value, into) => into.text(`'${String(value)}'`),
  json: (value, into) => quoted(JSON.stringify(value), into),
  bytes(value, into) {
    const { buffer, byteOffset, byteLength } = value as Uint8Array;
    into.text(`x'${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}'`);
  },
};

/** Writes a row as `(1,'a'),`. Throws `ValueRefused`, with some of the row written. */
export type InsertRow = (row: Row, into: TextBuffer) => void;

/** `columns` are aligned with those of the schema; `keys` must not be null. */
export function insertFormat(schema: Schema, columns: readonly TableColumn[], keys: readonly string[]): InsertRow {
  const cells = schema.columns.map((column, i) => cellOf(column, itemAt(columns, i), keys.includes(column.name)));
  return (row, into) => {
    into.spare = room;
    for (let i = 0; i < cells.length; i++) {
      const { name, write } = itemAt(cells, i);
      into.reserve(room);
      put(i === 0 ? opening : comma, into);
      write(row[name] ?? null, into);
    }
    into.reserve(room);
    put(closing, into);
    put(comma, into);
  };
}

function cellOf(
  { name, type }: Column,
  stored: TableColumn,
  isKey: boolean,
): { readonly name: string; readonly write: (value: Value, into: TextBuffer) => void } {
  const write = writers[type];
  const keeps = keepsOf(stored, type);
  return {
    name,
    write(value, into) {
      if (value === null) {
        if (isKey) throw new ValueRefused(`The key column "${name}" is null.`);
        into.text('NULL');
        return;
      }
      if (!keeps(value)) throw new ValueRefused(`Column "${name}" is ${stored.declared} in the table, which does not keep ${shown(value, type)}.`);
      write(value, into);
    },
  };
}

function shown(value: Present, type: ColumnType): string {
  if (type === 'timestamp') return new Date(Number(value)).toISOString();
  return value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
}
