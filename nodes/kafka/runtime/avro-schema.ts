/** Avro schemas as columns, and their values as those of columns. */
import avro from 'avsc';
import type { Column, ColumnType, Json, Value } from '../../../model/values/types.ts';
import { setColumn } from '../../../model/values/values.ts';
import type { RegisteredSchema } from './schema-registry.ts';

export type AvroType = avro.Type;
/** A column with what makes its value. `read` throws an Error that says what does not fit. */
export interface SchemaColumn extends Column {
  readonly read: (found: unknown) => Value;
}
type AvroSchema = string | readonly AvroSchema[] | { readonly [name: string]: unknown };

export const wholeValue = 'value';

/** Throws an Error for a text that is no schema. */
export function avroType({ text, references }: Pick<RegisteredSchema, 'text' | 'references'>): AvroType {
  const registry = {};
  const options = { registry, wrapUnions: false } as object;
  for (const { text: named } of references) avro.Type.forSchema(schemaOfText(named) as never, options);
  return avro.Type.forSchema(schemaOfText(text) as never, options);
}

/** A primitive may stand there without quotes. */
function schemaOfText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

/** The fields of a record; of any other schema, one column. */
export function avroColumns({ text, references }: Pick<RegisteredSchema, 'text' | 'references'>): SchemaColumn[] {
  const named = new Map<string, AvroSchema>();
  for (const { text: other } of references) collect(schemaOfText(other) as AvroSchema, named);
  const schema = schemaOfText(text) as AvroSchema;
  collect(schema, named);
  if (isRecord(schema)) return fieldsOf(schema).map(({ name, type: of }) => ({ name, ...kindOf(of, named) }));
  return [{ name: wholeValue, ...kindOf(schema, named) }];
}

/** The value of a message as an object by column. */
export function avroRecord(type: AvroType, value: unknown): { readonly [name: string]: unknown } {
  return type.typeName === 'record' ? (value as { readonly [name: string]: unknown }) : { [wholeValue]: value };
}

function isRecord(schema: AvroSchema): schema is { readonly [name: string]: unknown } {
  return typeof schema === 'object' && !Array.isArray(schema) && (schema as { type?: unknown }).type === 'record';
}

function fieldsOf(schema: AvroSchema): readonly { readonly name: string; readonly type: AvroSchema }[] {
  return ((schema as { fields?: unknown }).fields ?? []) as { name: string; type: AvroSchema }[];
}

/** A type is written once, and named wherever it comes again. */
function collect(schema: AvroSchema, named: Map<string, AvroSchema>): void {
  if (typeof schema === 'string') return;
  if (Array.isArray(schema)) {
    for (const each of schema) collect(each, named);
    return;
  }
  const { name, items, values, type } = schema as { name?: string; items?: AvroSchema; values?: AvroSchema; type?: AvroSchema };
  if (name !== undefined) named.set(name, schema);
  for (const inner of [items, values, typeof type === 'object' ? type : undefined]) if (inner !== undefined) collect(inner, named);
  for (const field of fieldsOf(schema)) collect(field.type, named);
}

type Kind = Pick<SchemaColumn, 'type' | 'nullable' | 'read'>;

function kindOf(schema: AvroSchema, named: ReadonlyMap<string, AvroSchema>): Kind {
  if (typeof schema === 'string') {
    const known = named.get(schema);
    return known === undefined ? plain(schema) : kindOf(known, named);
  }
  if (Array.isArray(schema)) {
    const others = (schema as readonly AvroSchema[]).filter((each) => each !== 'null');
    const nullable = others.length < schema.length;
    const [only] = others;
    const kind = others.length === 1 && only !== undefined ? kindOf(only, named) : jsonKind;
    return { ...kind, nullable: nullable || kind.nullable, read: (found) => (found === null ? null : kind.read(found)) };
  }
  const { type, logicalType, scale = 0 } = schema as { type: AvroSchema; logicalType?: string; scale?: number };
  const logical = logicalType === undefined ? null : logicalKind(logicalType, scale);
  return logical ?? (typeof type === 'string' ? plain(type) : kindOf(type, named));
}

function plain(type: string): Kind {
  switch (type) {
    case 'boolean':
      return kind('boolean', (found) => found as boolean);
    case 'int':
    case 'long':
      return kind('integer', (found) => found as number);
    case 'float':
    case 'double':
      return kind('number', finite);
    case 'string':
    case 'enum':
      return kind('string', (found) => found as string);
    case 'bytes':
    case 'fixed':
      return kind('bytes', (found) => Uint8Array.from(found as Buffer));
    default:
      return jsonKind;
  }
}

function logicalKind(logicalType: string, scale: number): Kind | null {
  switch (logicalType) {
    case 'date':
      return kind('date', (found) => new Date((found as number) * 86_400_000).toISOString().slice(0, 10));
    case 'timestamp-millis':
    case 'local-timestamp-millis':
      return kind('timestamp', (found) => found as number);
    case 'timestamp-micros':
    case 'local-timestamp-micros':
      return kind('timestamp', (found) => milliseconds(found as number, 1000));
    case 'decimal':
      return kind('decimal', (found) => decimalText(found as Buffer, scale));
    default:
      return null;
  }
}

const kind = (type: ColumnType, read: (found: unknown) => Value): Kind => ({ type, nullable: false, read });
const jsonKind: Kind = { type: 'json', nullable: false, read: asJson };

export function finite(found: unknown): number {
  if (Number.isFinite(found)) return found as number;
  throw new Error(`${found} is no number`);
}

/** Throws for what is finer than a millisecond. */
export function milliseconds(found: number, perMillisecond: number): number {
  if (found % perMillisecond !== 0) throw new Error(`the time ${found} is finer than a millisecond`);
  return found / perMillisecond;
}

/** Big-endian two's complement, the last `scale` digits behind the point. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  const raw = Buffer.from(bytes);
  const whole = raw.length === 0 ? 0n : BigInt.asIntN(raw.length * 8, BigInt(`0x${raw.toString('hex')}`));
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return whole < 0n ? `-${text}` : text;
}

/** Values within others: bytes are base64. */
export function asJson(found: unknown): Json {
  if (found instanceof Uint8Array) return Buffer.from(found).toString('base64');
  if (Array.isArray(found)) return found.map(asJson);
  if (typeof found === 'number') return finite(found);
  if (typeof found !== 'object' || found === null) return (found ?? null) as Json;
  const copy: Record<string, Value> = {};
  for (const [name, value] of Object.entries(found)) setColumn(copy, name, asJson(value));
  return copy as Json;
}
