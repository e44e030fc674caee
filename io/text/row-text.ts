import type { Column, Row, Schema } from '../../model/values/types.ts';
import { generatedFunction } from './generated-function.ts';
import { stringLiteral } from './row-code.ts';
import { scalarLimit, type TextBuffer } from './text-buffer.ts';

/** How a line-by-line text format writes a row. All texts but names are ASCII. */
export interface LineFormat {
  /** What precedes the value of the i-th column. */
  before(column: Column, index: number): string;
  readonly end: string;
  readonly nothing: string;
  /** Around texts, timestamps and base64. */
  readonly quote: string;
  /** For zero bytes, within the quotes. */
  readonly noBytes: string;
  /** How bytes are written. Absent: as base64. */
  readonly bytes?: (value: Uint8Array) => string;
  /** By ASCII code: 1 for characters that stand for themselves within a text. */
  readonly plain: Uint8Array;
  /** A text that has other characters, or none. */
  readonly encode: (text: string) => string;
  /** How a number or decimal of this column is written, from its plain digits; absent, or null, for the digits as they are. */
  numberText?(column: Column): ((plain: string) => string) | null;
  /** JSON values are texts of their own (CSV), not part of the format (JSON Lines). */
  readonly jsonIsText: boolean;
}
export type RowWriter = (rows: readonly Row[], into: TextBuffer) => void;

/** A function that writes rows of this schema. */
export function rowWriter(schema: Schema, format: LineFormat): RowWriter {
  const { columns } = schema;
  const numberTexts = columns.map((column) => format.numberText?.(column) ?? null);
  const lines = columns.map((column, i) => {
    const before = format.before(column, i);
    const quoted = (value: string) => `${bytesOf(before + format.quote)}w.at=o;${value}b=w.bytes;o=w.at;${bytesOf(format.quote)}`;
    const bare = (value: string) => `${bytesOf(before)}w.at=o;${value}b=w.bytes;o=w.at;`;
    const number = (value: string) => bare(numberTexts[i] ? `w.word(texts[${i}](String(v)),plain,encode);` : value);
    const write = {
      string: () => quoted('w.word(v,plain,encode);'),
      integer: () => number('w.number(v);'),
      number: () => number('w.number(v);'),
      decimal: () => number('w.text(v);'),
      boolean: () => `${bytesOf(before)}if(v){${bytesOf('true')}}else{${bytesOf('false')}}`,
      timestamp: () => quoted('w.timestamp(v);'),
      date: () => quoted('w.text(v);'),
      json: () => bare(format.jsonIsText ? 'w.word(stringify(v),plain,encode);' : 'w.text(stringify(v));'),
      bytes: () => `if(v.length===0){${bytesOf(before + format.quote + format.noBytes + format.quote)}}else{${quoted('w.text(bytesText(v));')}}`,
    }[column.type]();
    return `v=r[${stringLiteral(column.name)}];if(v===null){${bytesOf(before + format.nothing)}}else{${write}}`;
  });
  const fixed = columns.reduce((sum, column, i) => sum + Buffer.byteLength(format.before(column, i)) + scalarLimit, format.end.length);
  const body = `w.spare=${fixed};for(let i=0;i<rows.length;i++){const r=rows[i];w.reserve(${fixed});let b=w.bytes,o=w.at,v;${lines.join('')}${bytesOf(format.end)}w.at=o;}`;
  const { plain, encode } = format;
  return generatedFunction<RowWriter>(
    { plain, encode, texts: numberTexts, stringify: JSON.stringify, bytesText: format.bytes ?? base64 },
    `(rows,w)=>{${body}}`,
  );
}

/** Source text that writes a constant text to `b` at `o`. */
function bytesOf(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')];
  if (bytes.length === 0) return '';
  return `${bytes.map((byte, i) => `b[o+${i}]=${byte};`).join('')}o+=${bytes.length};`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** 1 for every printable ASCII character but those in `except`. */
export function printableBut(except: string): Uint8Array {
  const plain = new Uint8Array(128).fill(1, 32, 127);
  for (const character of except) plain[character.charCodeAt(0)] = 0;
  return plain;
}
