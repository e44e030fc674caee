/** Messages as rows: what a format makes of their values, beside columns for what else a message has. */
import { isUtf8 } from 'node:buffer';
import type { RowFailure, SourceContext } from '@millrace/kit/node';
import { generatedFunction } from '../../../io/text/generated-function.ts';
import { rowLiteral, stringLiteral } from '../../../io/text/row-code.ts';
import { missing } from '../../../model/faults/missing.ts';
import type { RowPosition } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json, Row, Schema, Value } from '../../../model/values/types.ts';
import type { PartParams } from '../message-fields.ts';
import { type PartColumn, partsOf } from '../part-columns.ts';
import type { Message, PartitionFeed } from './partition-feed.ts';

/** Where the rows of some messages go. */
export interface Decoded {
  readonly rows: Row[];
  /** Of each row, the index of its message. */
  readonly of: number[];
  fail(index: number, failure: RowFailure): void;
}
export interface Decoder {
  /** Gets what it does not know yet (a schema, say) of values that follow. */
  prepare?(values: readonly Message[]): Promise<void>;
  /** Rows of the values, in order; none of them is null. */
  decode(messages: readonly Message[], into: Decoded): void;
  close?(): void;
}
interface Made {
  readonly rows: readonly Row[];
  readonly failed: number;
  locate(index: number): RowPosition;
}

type Read = (message: Message, feed: PartitionFeed, isDeleted: boolean) => Value;

function readOf(part: PartColumn['part'], isText: boolean): Read {
  switch (part) {
    case 'keyColumn':
      return ({ key }) => (key === null ? null : isText ? key.toString('utf8') : Uint8Array.from(key));
    case 'timestampColumn':
      return ({ timestamp }) => (timestamp < 0 ? null : timestamp);
    case 'topicColumn':
      return (_, { topic }) => topic;
    case 'partitionColumn':
      return (_, { partition }) => partition;
    case 'offsetColumn':
      return ({ offset }) => offset;
    case 'headersColumn':
      return ({ headers }) => headersOf(headers);
    case 'deletedColumn':
      return (_message, _feed, isDeleted) => isDeleted;
  }
}

/** Names with their values; one that is there several times has a list. */
function headersOf(headers: Message['headers']): Json {
  if (headers.length === 0) return null;
  const found: Record<string, Json> = {};
  for (const [name, value] of headers) {
    const key = name.toString('utf8');
    const text = value === null ? null : value.toString('utf8');
    const before = found[key];
    const next: Json = before === undefined ? text : Array.isArray(before) ? [...before, text] : [before, text];
    Object.defineProperty(found, key, { value: next, enumerable: true, writable: true, configurable: true });
  }
  return found;
}

export class MessageRows {
  readonly #decoder: Decoder;
  readonly #context: Pick<SourceContext<unknown>, 'fail' | 'log'>;
  readonly #parts: readonly { readonly name: string; readonly read: Read }[];
  readonly #complete: (row: Row, message: Message, feed: PartitionFeed) => Row;
  readonly #empty: Row;
  readonly #keepsDeleted: boolean;
  readonly #hasTextKey: boolean;
  readonly #needsKey: boolean;
  #deleted = 0;

  /** `schema`: the columns of the values, then those of the messages. `needsKey`: a message without one fails. */
  constructor(schema: Schema, params: PartParams, needsKey: boolean, decoder: Decoder, context: Pick<SourceContext<unknown>, 'fail' | 'log'>) {
    this.#decoder = decoder;
    this.#context = context;
    this.#parts = partsOf(params).map(({ name, part }) => ({ name, read: readOf(part, params.keyType === 'text') }));
    this.#keepsDeleted = Boolean(params.deletedColumn);
    this.#needsKey = needsKey;
    this.#hasTextKey = Boolean(params.keyColumn) && params.keyType === 'text';
    const own = new Set(this.#parts.map(({ name }) => name));
    const values = schema.columns.filter(({ name }) => !own.has(name)).map(({ name }) => name);
    const names = [...values, ...this.#parts.map(({ name }) => name)];
    const reads = [...values.map((name) => `row[${stringLiteral(name)}]`), ...this.#parts.map((_, i) => `read${i}(message, feed, false)`)];
    const given = Object.fromEntries(this.#parts.map(({ read }, i) => [`read${i}`, read]));
    this.#complete = generatedFunction(given, `function complete(row, message, feed) { return ${rowLiteral(names, reads)}; }`);
    this.#empty = Object.fromEntries(names.map((name) => [name, null]));
  }

  async of(feed: PartitionFeed, messages: readonly Message[]): Promise<Made> {
    const { topic, partition } = feed;
    const place = (message: Message | undefined): RowPosition => ({ source: `${topic}, partition ${partition}`, line: message?.offset ?? 0 });
    let failed = 0;
    const fail = (message: Message | undefined, failure: RowFailure) => {
      failed++;
      this.#context.fail({ ...failure, position: place(message) });
    };
    const readable = this.#hasTextKey ? messages.filter((message) => this.#isReadable(message, fail)) : messages;
    const values = readable.filter(({ value }) => value !== null);
    const rows: Row[] = [];
    const of: number[] = [];
    if (values.length > 0) {
      if (this.#decoder.prepare) await this.#decoder.prepare(values);
      this.#decoder.decode(values, { rows, of, fail: (index, failure) => fail(values[index], failure) });
    }
    const valueAt = (index: number) => values[of[index] ?? 0] ?? missing('the message of a row');
    const tombstones = readable.length === values.length ? [] : readable.filter(({ value }) => value === null);
    if (tombstones.length > 0 && !this.#keepsDeleted) this.#noteDeleted(tombstones.length);
    if (tombstones.length > 0 && this.#keepsDeleted) {
      const all = this.#withDeleted(feed, rows, valueAt, tombstones);
      return { rows: all.map(({ row }) => row), failed, locate: (index) => place(all[index]?.message) };
    }
    if (this.#parts.length > 0) for (let i = 0; i < rows.length; i++) rows[i] = this.#complete(rows[i] as Row, valueAt(i), feed);
    return { rows, failed, locate: (index) => place(valueAt(index)) };
  }

  /** Rows of values and of tombstones, in the order of their messages. */
  #withDeleted(
    feed: PartitionFeed,
    rows: readonly Row[],
    valueAt: (index: number) => Message,
    tombstones: readonly Message[],
  ): { readonly message: Message; readonly row: Row }[] {
    const all = rows.map((row, i) => ({ message: valueAt(i), row: this.#complete(row, valueAt(i), feed) }));
    for (const message of tombstones) {
      const own = Object.fromEntries(this.#parts.map(({ name, read }) => [name, read(message, feed, true)]));
      all.push({ message, row: { ...this.#empty, ...own } });
    }
    return all.sort((a, b) => a.message.offset - b.message.offset);
  }

  #isReadable(message: Message, fail: (message: Message, failure: RowFailure) => void): boolean {
    const { key, value } = message;
    if (key === null ? !this.#needsKey : isUtf8(key)) return true;
    const row = { raw: (value ?? Buffer.alloc(0)).toString('latin1').slice(0, 1000) };
    if (key === null)
      fail(message, {
        code: 'kafka/no-key',
        message: 'The message has no key, so that it is in any share.',
        hint: 'Write such messages with a key, or let the error policy skip them.',
        field: 'keyColumn',
        row,
      });
    else
      fail(message, {
        code: 'kafka/message',
        message: 'The key is not text in UTF-8.',
        hint: 'Read the key as bytes.',
        field: 'keyType',
        row,
      });
    return false;
  }

  #noteDeleted(count: number): void {
    if (this.#deleted === 0)
      this.#context.log('info', 'Tombstones (messages without a value) are left out: name a column for "deleted" to have a row for each.');
    this.#deleted += count;
  }

  close(): void {
    if (this.#deleted > 0) this.#context.log('info', `${thousands(this.#deleted)} tombstones were left out.`);
    this.#decoder.close?.();
  }
}
