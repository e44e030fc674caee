/** Rows as values with a schema of a registry. */
import { MillraceError } from '@millrace/kit/errors';
import type protobuf from 'protobufjs';
import { decimalExactly } from '../../../model/values/decimal.ts';
import type { Column, Json, Row, Schema, Value } from '../../../model/values/types.ts';
import type { OutputParams } from '../output-params.ts';
import { type AvroType, avroType } from './avro-schema.ts';
import type { KafkaParams } from './kafka-client.ts';
import type { ValueEncoder } from './message-encoder.ts';
import { protobufSchema } from './protobuf-schema.ts';
import { headBytes, latestSchema, type SchemaParams, subjectOf } from './schema-messages.ts';
import { type RegisteredSchema, SchemaRegistry } from './schema-registry.ts';

type Params = OutputParams & { readonly format: 'avro' | 'protobuf' };

const dayMs = 86_400_000;

/** Of a schema of the columns of the value. Rejects with a MillraceError where they do not fit. */
export async function schemaEncoder(params: Params, schema: Schema, connection: KafkaParams, signal: AbortSignal): Promise<ValueEncoder> {
  const registry = new SchemaRegistry(connection, signal, { isOfNode: true });
  const asked: SchemaParams = params;
  if (params.format === 'avro' && params.schema === 'columns') {
    const text = JSON.stringify(avroOf(schema, params.topic));
    return new AvroValues({ text, references: [] }, await registry.register(subjectOf(params), 'AVRO', text), schema);
  }
  if (params.format === 'protobuf' && params.schema === 'columns') {
    const text = protobufOf(schema, params.topic);
    const { type, indexes } = protobufSchema({ text, references: [] }).called(null);
    return new ProtobufValues(type, indexes, await registry.register(subjectOf(params), 'PROTOBUF', text), schema);
  }
  const found = await latestSchema(registry, asked);
  try {
    if (params.format === 'avro') return new AvroValues(found, found.id, schema);
    const { type, indexes } = protobufSchema(found).called(params.messageType);
    return new ProtobufValues(type, indexes, found.id, schema);
  } catch (error) {
    throw new MillraceError({
      code: 'kafka/schema',
      message: `The rows do not fit the schema of "${subjectOf(params)}": ${(error as Error).message}.`,
      hint: 'Shape the rows before, with "Select columns", or choose another subject.',
      field: 'subject',
    });
  }
}

function head(id: number): Buffer {
  const bytes = Buffer.alloc(headBytes);
  bytes.writeInt32BE(id, 1);
  return bytes;
}

type AvroField = { readonly name: string; readonly type: unknown };
type Convert = (value: Value) => unknown;

class AvroValues implements ValueEncoder {
  readonly #type: AvroType;
  readonly #head: Buffer;
  readonly #fields: readonly { readonly name: string; readonly convert: Convert }[];

  constructor(registered: Pick<RegisteredSchema, 'text' | 'references'>, id: number, schema: Schema) {
    const type = avroType(registered);
    const { fields } = JSON.parse(registered.text) as { fields?: readonly AvroField[] };
    if (!fields) throw new Error('it is no record');
    const names = new Set(fields.map(({ name }) => name));
    const extra = schema.columns.find(({ name }) => !names.has(name));
    if (extra) throw new Error(`it has no field "${extra.name}"`);
    this.#type = type;
    this.#head = head(id);
    this.#fields = fields.flatMap(({ name, type: of }) => {
      const column = schema.columns.find((each) => each.name === name);
      return column ? [{ name, convert: avroConvert(of, column) }] : [];
    });
  }

  encode(rows: readonly Row[]): (Uint8Array | Error)[] {
    return rows.map((row) => {
      try {
        const value: Record<string, unknown> = {};
        for (const { name, convert } of this.#fields) value[name] = convert(row[name] ?? null);
        const invalid = this.#invalid(value);
        if (invalid) return invalid;
        return Buffer.concat([this.#head, this.#type.toBuffer(value)]);
      } catch (error) {
        return error as Error;
      }
    });
  }

  #invalid(value: object): Error | null {
    let found: Error | null = null;
    if (this.#type.isValid(value)) return null;
    this.#type.isValid(value, {
      errorHook: (path, given) => {
        found ??= new Error(`${JSON.stringify(given)} does not fit the field "${path.join('.')}"`);
      },
    });
    return found ?? new Error('it does not fit the schema');
  }
}

/** A value as the field's own type wants it. */
function avroConvert(type: unknown, column: Column): Convert {
  if (Array.isArray(type)) {
    const [only] = type.filter((each) => each !== 'null');
    const convert = avroConvert(only, column);
    return (value) => (value === null ? null : convert(value));
  }
  const {
    logicalType,
    scale = 0,
    type: inner,
  } = (typeof type === 'object' && type !== null ? type : { type }) as { logicalType?: string; scale?: number; type?: unknown };
  if (logicalType === 'date') return (value) => (typeof value === 'string' ? Date.parse(value) / dayMs : value);
  if (logicalType?.endsWith('timestamp-micros')) return (value) => (typeof value === 'number' ? value * 1000 : value);
  if (logicalType === 'decimal') return (value) => decimalBytes(String(value), scale);
  if (inner === 'bytes' || inner === 'fixed') return (value) => (value instanceof Uint8Array ? Buffer.from(value) : value);
  if (inner === 'string' && (column.type === 'json' || column.type === 'number' || column.type === 'integer'))
    return (value) => (typeof value === 'string' && column.type !== 'json' ? value : column.type === 'json' ? JSON.stringify(value) : String(value));
  return (value) => value;
}

/** Throws for a number with more digits behind the point than the field has. */
function decimalBytes(text: string, scale: number): Buffer {
  const exact = decimalExactly(text);
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(exact ?? text) ?? [];
  const digits = part.replace(/0+$/, '');
  if (digits.length > scale) throw new Error(`${text} has more than ${scale} digits behind the point`);
  let value = BigInt(whole + digits.padEnd(scale, '0'));
  if (sign) value = -value;
  let size = 1;
  while (BigInt.asIntN(size * 8, value) !== value) size++;
  return Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  );
}

class ProtobufValues implements ValueEncoder {
  readonly #type: protobuf.Type;
  readonly #head: Buffer;
  readonly #columns: readonly Column[];

  constructor(type: protobuf.Type, indexes: readonly number[], id: number, schema: Schema) {
    const extra = schema.columns.find(({ name }) => !type.fields[name]);
    if (extra) throw new Error(`it has no field "${extra.name}"`);
    this.#type = type;
    this.#head = Buffer.concat([head(id), Buffer.from(indexBytes(indexes))]);
    this.#columns = schema.columns;
  }

  encode(rows: readonly Row[]): (Uint8Array | Error)[] {
    return rows.map((row) => {
      try {
        const value: Record<string, unknown> = {};
        for (const column of this.#columns) {
          const given = row[column.name] ?? null;
          if (given !== null) value[column.name] = this.#convert(given, column);
        }
        const wrong = this.#type.verify(value);
        if (wrong) return new Error(wrong);
        return Buffer.concat([this.#head, this.#type.encode(this.#type.fromObject(value)).finish()]);
      } catch (error) {
        return error as Error;
      }
    });
  }

  #convert(value: Value, { name, type }: Column): unknown {
    const field = this.#type.fields[name];
    if (field?.resolvedType?.fullName === '.google.protobuf.Timestamp' && typeof value === 'number')
      return { seconds: Math.floor(value / 1000), nanos: (((value % 1000) + 1000) % 1000) * 1_000_000 };
    if (field?.type === 'string' && typeof value !== 'string') return type === 'json' ? JSON.stringify(value) : String(value);
    return value;
  }
}

/** The place of a message within its file: see `indexesAt`. */
function indexBytes(indexes: readonly number[]): number[] {
  if (indexes.length === 1 && indexes[0] === 0) return [0];
  return [indexes.length, ...indexes].flatMap((value) => {
    const bytes: number[] = [];
    let rest = value * 2;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
    return [...bytes, rest];
  });
}

const avroTypes: { readonly [type in Column['type']]: Json } = {
  string: 'string',
  integer: 'long',
  number: 'double',
  decimal: 'string',
  boolean: 'boolean',
  timestamp: { type: 'long', logicalType: 'timestamp-millis' },
  date: { type: 'int', logicalType: 'date' },
  json: 'string',
  bytes: 'bytes',
};
const protobufTypes: { readonly [type in Column['type']]: string } = {
  string: 'string',
  integer: 'int64',
  number: 'double',
  decimal: 'string',
  boolean: 'bool',
  timestamp: 'google.protobuf.Timestamp',
  date: 'string',
  json: 'string',
  bytes: 'bytes',
};
const fieldName = /^[A-Za-z_][A-Za-z0-9_]*$/;

function avroOf({ columns }: Schema, topic: string): object {
  checkNames(columns);
  const fields = columns.map(({ name, type, nullable }) =>
    nullable ? { name, type: ['null', avroTypes[type]], default: null } : { name, type: avroTypes[type] },
  );
  return { type: 'record', name: recordName(topic), fields };
}

function protobufOf({ columns }: Schema, topic: string): string {
  checkNames(columns);
  const lines = columns.map(({ name, type, nullable }, i) => `  ${nullable ? 'optional ' : ''}${protobufTypes[type]} ${name} = ${i + 1};`);
  const imports = columns.some(({ type }) => type === 'timestamp') ? 'import "google/protobuf/timestamp.proto";\n' : '';
  return `syntax = "proto3";\n${imports}message ${recordName(topic)} {\n${lines.join('\n')}\n}\n`;
}

function recordName(topic: string): string {
  const name = topic.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}

function checkNames(columns: readonly Column[]): void {
  const odd = columns.find(({ name }) => !fieldName.test(name));
  if (odd)
    throw new MillraceError({
      code: 'kafka/schema',
      message: `A field of a schema cannot be called "${odd.name}".`,
      hint: 'Rename the column before, with "Select columns": letters, digits and _ are allowed.',
      field: 'format',
    });
}
