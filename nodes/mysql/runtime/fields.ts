/** The columns of results: their types, by what the server says of them. */
import type { Column, ColumnType } from '../../../model/values/types.ts';
import type { Field } from './session.ts';

/** Of the protocol. */
const code = {
  decimal: 0x00,
  tiny: 0x01,
  float: 0x04,
  double: 0x05,
  timestamp: 0x07,
  longlong: 0x08,
  date: 0x0a,
  datetime: 0x0c,
  bit: 0x10,
  vector: 0xf2,
  json: 0xf5,
  newDecimal: 0xf6,
  geometry: 0xff,
} as const;
const types: { readonly [code: number]: ColumnType } = {
  [code.decimal]: 'decimal',
  1: 'integer',
  2: 'integer',
  3: 'integer',
  [code.float]: 'number',
  [code.double]: 'number',
  [code.timestamp]: 'timestamp',
  [code.longlong]: 'integer',
  9: 'integer',
  [code.date]: 'date',
  [code.datetime]: 'timestamp',
  13: 'integer',
  14: 'date',
  [code.bit]: 'bytes',
  [code.vector]: 'json',
  [code.json]: 'json',
  [code.newDecimal]: 'decimal',
  [code.geometry]: 'json',
};
/** Texts that name themselves so are bytes. */
const binaryCharset = 63;
/** TIME comes as text, in the character set of no text. */
const time = 0x0b;
const notNull = 1;

export const isFloat = ({ columnType }: Field) => columnType === code.float;
export const isLong = ({ columnType }: Field) => columnType === code.longlong;

export function typeOf({ columnType = 0xfd, columnLength, characterSet, extendedFormat }: Field): ColumnType {
  if (extendedFormat === 'json') return 'json';
  if ((columnType === code.tiny || columnType === code.bit) && columnLength === 1) return 'boolean';
  return types[columnType] ?? (characterSet === binaryCharset && columnType !== time ? 'bytes' : 'string');
}

export function columnOf(field: Field, name: string): Column {
  return { name, type: typeOf(field), nullable: (Number(field.flags) & notNull) === 0 };
}

/** Whether values of a column can be compared with a text that is written into a statement, by an order that does not depend on a collation. */
export function hasOrder(field: Field): boolean {
  return ['integer', 'decimal', 'number', 'date', 'timestamp'].includes(typeOf(field));
}
