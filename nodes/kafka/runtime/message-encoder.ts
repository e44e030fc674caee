/** Rows as messages: the value in its format, and what stands beside it. */
import type { RowFailure } from '@millrace/kit/node';
import type { RowWriter } from '../../../io/text/row-text.ts';
import { TextBuffer } from '../../../io/text/text-buffer.ts';
import { formatTimestamp } from '../../../model/time/timestamp.ts';
import type { Column, Row, Schema, Value } from '../../../model/values/types.ts';
import { csvWriter } from '../../formats/csv/csv-write.ts';
import { delimiters } from '../../formats/csv-fields.ts';
import { jsonlWriter } from '../../formats/json/jsonl-write.ts';
import type { OutputParams } from '../output-params.ts';
import { partitionOf } from './partitioner.ts';
import { estimate, type Outgoing } from './record-batch.ts';

export interface Encoded extends Outgoing {
  /** Null for any. */
  readonly partition: number | null;
}
export interface ValueEncoder {
  /** The value of each row, or why it has none. They are good until the next call. */
  encode(rows: readonly Row[]): (Uint8Array | Error)[];
}
export interface Limits {
  readonly partitions: number;
  readonly maxBytes: number;
}

const lineFeed = 10;
const carriageReturn = 13;

/** Of a schema of the columns of the value. */
export function textEncoder(
  { format, delimiter, textColumn }: Pick<OutputParams, 'delimiter' | 'textColumn'> & { readonly format: 'json' | 'csv' | 'text' },
  schema: Schema,
): ValueEncoder {
  if (format === 'json') return new JsonValues(jsonlWriter(schema));
  if (format === 'csv') return new CsvValues(csvWriter(schema, { delimiter: delimiters[delimiter] }));
  const column = schema.columns.find(({ name }) => name === textColumn);
  return { encode: (rows) => rows.map((row) => bytesOf(row[column?.name ?? ''] ?? '', column)) };
}

/** Rows are lines without line feeds in them, written in one go. */
class JsonValues implements ValueEncoder {
  readonly #write: RowWriter;
  readonly #text = new TextBuffer();

  constructor(write: RowWriter) {
    this.#write = write;
  }

  encode(rows: readonly Row[]): Uint8Array[] {
    const text = this.#text;
    text.at = 0;
    this.#write(rows, text);
    const { bytes } = text;
    const values: Uint8Array[] = [];
    for (let at = 0; at < text.at; ) {
      const end = bytes.indexOf(lineFeed, at);
      values.push(bytes.subarray(at, end));
      at = end + 1;
    }
    return values;
  }
}

class CsvValues implements ValueEncoder {
  readonly #write: RowWriter;

  constructor(write: RowWriter) {
    this.#write = write;
  }

  encode(rows: readonly Row[]): Uint8Array[] {
    const text = new TextBuffer();
    return rows.map((row) => {
      const from = text.at;
      this.#write([row], text);
      const end = text.bytes[text.at - 2] === carriageReturn ? text.at - 2 : text.at - 1;
      return Uint8Array.from(text.bytes.subarray(from, end));
    });
  }
}

export class MessageEncoder {
  readonly #params: OutputParams;
  readonly #values: ValueEncoder;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #limits: Limits;

  constructor(params: OutputParams, schema: Schema, values: ValueEncoder, limits: Limits) {
    this.#params = params;
    this.#values = values;
    this.#columns = new Map(schema.columns.map((column) => [column.name, column]));
    this.#limits = limits;
  }

  /** Hands on the messages of rows, in their order; `fail` gets those that are none. */
  encode(rows: readonly Row[], send: (message: Encoded) => void, fail: (row: Row, failure: RowFailure) => void): void {
    const { deletedColumn, timestampColumn } = this.#params;
    const kept = deletedColumn ? rows.filter((row) => row[deletedColumn] !== true) : rows;
    const values = this.#values.encode(kept);
    const now = Date.now();
    let next = 0;
    for (const row of rows) {
      const isDeleted = deletedColumn !== null && row[deletedColumn] === true;
      const value = isDeleted ? null : (values[next++] ?? null);
      if (value instanceof Error) {
        fail(row, wrong('kafka/value', `The row is no message: ${value.message}.`, 'Change the column before the sink, or the schema.'));
        continue;
      }
      const message = this.#message(row, value, timestampColumn ? row[timestampColumn] : now, now);
      if ('code' in message) fail(row, message);
      else send(message);
    }
  }

  #message(row: Row, value: Uint8Array | null, time: Value | undefined, now: number): Encoded | RowFailure {
    const { keyColumn, headersColumn, partitionColumn } = this.#params;
    const { partitions, maxBytes } = this.#limits;
    const key = keyColumn ? keyOf(row[keyColumn] ?? null, this.#columns.get(keyColumn)) : null;
    if (value === null && key === null) return wrong('kafka/value', 'A row that is deleted has no key.', 'Choose the column that holds the key.');
    const headers = headersColumn ? headersOf(row[headersColumn] ?? null) : null;
    if (headers === undefined) return wrong('kafka/value', `The headers in "${headersColumn}" are no object.`, 'Give an object with a text for each name.');
    const asked = partitionColumn ? row[partitionColumn] : null;
    if (typeof asked === 'number' && (asked < 0 || asked >= partitions || !Number.isInteger(asked)))
      return wrong('kafka/value', `There is no partition ${asked}: the topic has ${partitions}.`, 'Change the column before the sink.');
    const partition = typeof asked === 'number' ? asked : key === null ? null : partitionOf(key, partitions);
    const message = { key, value, headers, partition, timestamp: typeof time === 'number' ? time : now };
    const size = estimate(message);
    if (size <= maxBytes) return message;
    return wrong(
      'kafka/too-large',
      `The message has ${size} bytes, and the topic takes ${maxBytes}.`,
      'Leave columns out, or raise max.message.bytes of the topic.',
    );
  }
}

function wrong(code: 'kafka/value' | 'kafka/too-large', message: string, hint: string): RowFailure {
  return { code, message, hint };
}

function keyOf(value: Value, column: Column | undefined): Uint8Array | null {
  return value === null ? null : bytesOf(value, column);
}

/** Text in UTF-8; bytes as they are. */
function bytesOf(value: Value, column: Column | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (column?.type === 'timestamp' && typeof value === 'number') return Buffer.from(formatTimestamp(value));
  return Buffer.from(
    typeof value === 'string' && column?.type !== 'json' ? value : typeof value === 'object' || column?.type === 'json' ? JSON.stringify(value) : String(value),
  );
}

/** Undefined for what are none. A list is a header that is there several times. */
function headersOf(value: Value): Outgoing['headers'] | undefined {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array) return undefined;
  return Object.entries(value).flatMap(([name, given]) => {
    const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
    return texts.map((text) => [Buffer.from(name), text === null ? null : Buffer.from(typeof text === 'string' ? text : JSON.stringify(text))] as const);
  });
}
