/** Messages with a schema of a registry: a zero byte, the id of the schema in four, and then the value. */
import { MillraceError } from '@millrace/kit/errors';
import type { RowFailure } from '@millrace/kit/node';
import type protobuf from 'protobufjs';
import { stringLiteral } from '../../../io/text/row-code.ts';
import { compileRows } from '../../../io/text/row-conversion.ts';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import { topicNames } from '../message-fields.ts';
import { type AvroType, avroColumns, avroRecord, avroType, type SchemaColumn } from './avro-schema.ts';
import type { KafkaParams } from './kafka-client.ts';
import type { Decoded, Decoder } from './message-rows.ts';
import type { Message } from './partition-feed.ts';
import { objectOptions, protobufColumns, protobufSchema } from './protobuf-schema.ts';
import { type RegisteredSchema, SchemaRegistry } from './schema-registry.ts';

export interface SchemaParams {
  readonly format: 'avro' | 'protobuf';
  readonly subject: string | null;
  readonly messageType: string | null;
  readonly topic: string;
}
/** What reads the values of one schema of a writer; throws an Error for those that it cannot. */
type Read = (bytes: Buffer) => { readonly [name: string]: unknown };
type Again = <T>(what: () => Promise<T>) => Promise<T>;

export const headBytes = 5;
const types = { avro: 'AVRO', protobuf: 'PROTOBUF' } as const;

/** Under which subject the values of a topic have their schema. */
export function subjectOf({ subject, topic }: Pick<SchemaParams, 'subject' | 'topic'>): string {
  return subject || `${topicNames(topic)[0] ?? ''}-value`;
}

/** The newest schema of the subject. Rejects with a MillraceError where there is none. */
export async function latestSchema(registry: SchemaRegistry, params: SchemaParams): Promise<RegisteredSchema> {
  const subject = subjectOf(params);
  const found = await registry.latest(subject);
  if (!found)
    throw new MillraceError({
      code: 'kafka/no-subject',
      message: `The schema registry has no subject "${subject}".`,
      hint: 'Choose one of its subjects, or another format.',
      field: 'subject',
    });
  if (found.type === types[params.format]) return found;
  throw new MillraceError({
    code: 'kafka/schema',
    message: `The schema of "${subject}" is ${found.type}, not ${types[params.format]}.`,
    hint: 'Choose the format that it has.',
    field: 'format',
  });
}

/** The columns of the newest schema. */
export async function schemaOf(
  params: Omit<SchemaParams, 'format'> & { readonly format: string },
  connection: KafkaParams,
  signal: AbortSignal,
): Promise<Schema> {
  const registry = new SchemaRegistry(connection, signal, { isOfNode: true });
  const given = { ...params, format: params.format as SchemaParams['format'] };
  const { columns } = readable(await latestSchema(registry, given), given);
  return { columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })) };
}

export function schemaDecoder(params: SchemaParams, schema: Schema, connection: KafkaParams, signal: AbortSignal, again: Again): Decoder {
  return new SchemaMessages(params, schema, new SchemaRegistry(connection, signal, { isOfNode: true }), again);
}

interface Readable {
  readonly columns: readonly SchemaColumn[];
  readonly avro: AvroType | null;
  readonly protobuf: protobuf.Type | null;
}

/** Throws a MillraceError for a schema that cannot be read. */
function readable(found: RegisteredSchema, { format, messageType, ...params }: SchemaParams): Readable {
  try {
    if (format === 'avro') {
      const type = avroType(found);
      return { columns: avroColumns(found), avro: type, protobuf: null };
    }
    const { type } = protobufSchema(found).called(messageType);
    return { columns: protobufColumns(type), avro: null, protobuf: type };
  } catch (error) {
    throw new MillraceError({
      code: 'kafka/schema',
      message: `The schema of "${subjectOf(params)}" cannot be read: ${(error as Error).message}.`,
      hint: 'Correct it in the registry, or choose another one.',
      field: 'subject',
    });
  }
}

class SchemaMessages implements Decoder {
  readonly #params: SchemaParams;
  readonly #schema: Schema;
  readonly #registry: SchemaRegistry;
  readonly #again: Again;
  readonly #readers = new Map<number, RegisteredSchema | Error>();
  readonly #reads = new Map<string, Read | Error>();
  #readable: Readable | null = null;
  #toRow: ((record: unknown) => Row | undefined) | null = null;

  constructor(params: SchemaParams, schema: Schema, registry: SchemaRegistry, again: Again) {
    this.#params = params;
    this.#schema = schema;
    this.#registry = registry;
    this.#again = again;
  }

  async prepare(messages: readonly Message[]): Promise<void> {
    this.#readable ??= readable(await this.#again(() => latestSchema(this.#registry, this.#params)), this.#params);
    this.#toRow ??= this.#compile(this.#readable);
    for (const { value } of messages) {
      if (!value || value.length < headBytes || value[0] !== 0) continue;
      const id = value.readInt32BE(1);
      if (this.#readers.has(id)) continue;
      const found = await this.#again(() => this.#registry.schema(id)).catch((error: unknown) => {
        // What the registry does not know is the message's fault; that it is away is not.
        if (error instanceof MillraceError && error.problem.code === 'kafka/registry-refused') return new Error(`the registry has no schema ${id}`);
        throw error;
      });
      this.#readers.set(id, found);
    }
  }

  decode(messages: readonly Message[], { rows, of, fail }: Decoded): void {
    messages.forEach(({ value }, i) => {
      if (!value) return;
      try {
        const row = this.#toRow?.(this.#record(value));
        if (!row) return;
        rows.push(row);
        of.push(i);
      } catch (error) {
        fail(i, failureOf(error as Error, value));
      }
    });
  }

  #record(value: Buffer): { readonly [name: string]: unknown } {
    if (value.length < headBytes || value[0] !== 0) throw new Error('it does not begin with the id of a schema');
    const id = value.readInt32BE(1);
    let at = headBytes;
    let indexes: readonly number[] = [];
    if (this.#params.format === 'protobuf') ({ indexes, at } = indexesAt(value, at));
    const key = `${id}/${indexes.join('.')}`;
    let read = this.#reads.get(key);
    if (!read) {
      read = this.#reader(id, indexes);
      this.#reads.set(key, read);
    }
    if (read instanceof Error) throw read;
    return read(value.subarray(at));
  }

  #reader(id: number, indexes: readonly number[]): Read | Error {
    const found = this.#readers.get(id) ?? new Error(`schema ${id} was not read`);
    if (found instanceof Error) return found;
    try {
      if (found.type !== types[this.#params.format]) throw new Error(`its schema ${id} is ${found.type}`);
      if (this.#params.format === 'protobuf') {
        const type = protobufSchema(found).at(indexes);
        return (bytes) => type.toObject(type.decode(bytes), objectOptions);
      }
      const reader = this.#readable?.avro;
      if (!reader) throw new Error('there is no schema to read by');
      const writer = avroType(found);
      const resolver = reader.createResolver(writer);
      return (bytes) => avroRecord(reader, reader.fromBuffer(bytes, resolver));
    } catch (error) {
      return new Error(`schema ${id} does not fit the columns: ${(error as Error).message}`);
    }
  }

  /** What does not fit its column throws. */
  #compile({ columns }: Readable): (record: unknown) => Row | undefined {
    const byName = new Map(columns.map((column) => [column.name, column]));
    const conversions = this.#schema.columns.map(({ name, type }) => {
      const column = byName.get(name);
      if (!column) return () => null;
      return column.type === type ? column.read : (found: unknown) => cast(column.read(found), name, type);
    });
    const reads = this.#schema.columns.map(({ name }) => `input[${stringLiteral(name)}]`);
    return compileRows(this.#schema, reads, conversions);
  }
}

function cast(value: Value, name: string, type: Schema['columns'][number]['type']): Value {
  const found = value instanceof Uint8Array ? { ok: false as const, message: 'it is bytes' } : castValue(value, type);
  if (found.ok) return found.value;
  throw new Error(`column "${name}" is of type ${type}: ${found.message}`);
}

/** How many there are and each of them as signed numbers of variable length; a single zero stands for the first message alone. */
function indexesAt(value: Buffer, from: number): { readonly indexes: readonly number[]; readonly at: number } {
  let at = from;
  const next = (): number => {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = value[at++];
      if (byte === undefined || shift > 28) throw new Error('it ends within its head');
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
    }
  };
  const count = next();
  if (count === 0) return { indexes: [0], at };
  if (count < 0 || count > 100) throw new Error('its head is damaged');
  return { indexes: Array.from({ length: count }, next), at };
}

function failureOf(error: Error, value: Buffer): RowFailure {
  return {
    code: 'kafka/message',
    message: `The message cannot be read: ${error.message}.`,
    hint: 'Choose the format and the subject with which it was written, or skip such messages.',
    row: { raw: value.subarray(0, 1000).toString('base64') },
  };
}
