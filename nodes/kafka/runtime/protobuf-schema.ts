/** Protobuf schemas as columns, and their values as those of columns. */
import protobuf from 'protobufjs';
import type { Value } from '../../../model/values/types.ts';
import { asJson, finite, type SchemaColumn } from './avro-schema.ts';
import type { RegisteredSchema } from './schema-registry.ts';

/** The messages of a file, as the wire format counts them: by their order, and within those by the order of nested ones. */
export interface ProtobufSchema {
  /** Throws an Error where there is none. */
  at(indexes: readonly number[]): protobuf.Type;
  /** By its full name or its own; the first where none is named. Throws an Error where there is none. */
  called(name: string | null): { readonly type: protobuf.Type; readonly indexes: readonly number[] };
}

/** Throws an Error for a text that is no schema. */
export function protobufSchema({ text, references }: Pick<RegisteredSchema, 'text' | 'references'>): ProtobufSchema {
  const root = new protobuf.Root();
  const texts = new Map(references.map(({ name, text: named }) => [name, named]));
  const seen = new Set<string>();
  const add = (source: string): void => {
    const { imports = [], weakImports = [] } = protobuf.parse(source, root, { keepCase: true });
    for (const name of [...imports, ...weakImports]) {
      if (seen.has(name)) continue;
      seen.add(name);
      const named = texts.get(name);
      const common = protobuf.common.get(name);
      if (named !== undefined) add(named);
      else if (common?.nested) root.addJSON(common.nested);
    }
  };
  add(text);
  root.resolveAll();
  // By itself, for the order of its messages.
  const alone = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  const own = messagesOf(alone.package ? (alone.root.lookup(alone.package) as protobuf.Namespace) : alone.root);
  const resolved = (type: protobuf.Type) => root.lookupType(type.fullName);
  const at = (indexes: readonly number[]): protobuf.Type => {
    let types = own;
    let found: protobuf.Type | undefined;
    for (const index of indexes) {
      found = types[index];
      types = found ? messagesOf(found) : [];
    }
    if (!found) throw new Error(`the schema has no message ${indexes.join('.')}`);
    return resolved(found);
  };
  const called = (name: string | null) => {
    if (name === null) return { type: at([0]), indexes: [0] };
    const search = (types: readonly protobuf.Type[], before: readonly number[]): readonly number[] | null => {
      for (const [i, type] of types.entries()) {
        if (type.fullName === `.${name}` || type.name === name) return [...before, i];
        const within = search(messagesOf(type), [...before, i]);
        if (within) return within;
      }
      return null;
    };
    const indexes = search(own, []);
    if (!indexes) throw new Error(`the schema has no message "${name}"`);
    return { type: at(indexes), indexes };
  };
  return { at, called };
}

function messagesOf(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.filter((each): each is protobuf.Type => each instanceof protobuf.Type && !isMapEntry(each));
}

function isMapEntry({ options }: protobuf.Type): boolean {
  return options?.['map_entry'] === true;
}

export function protobufColumns(type: protobuf.Type): SchemaColumn[] {
  return type.fieldsArray.map((field) => ({ name: field.name, ...kindOf(field.resolve()) }));
}

type Kind = Pick<SchemaColumn, 'type' | 'nullable' | 'read'>;
const nothing = (found: unknown): boolean => found === null || found === undefined;
const orNull = (read: (found: unknown) => Value) => (found: unknown) => (nothing(found) ? null : read(found));

function kindOf(field: protobuf.Field): Kind {
  if (field.repeated || field instanceof protobuf.MapField) return { type: 'json', nullable: false, read: (found) => asJson(found ?? null) };
  const { resolvedType } = field;
  // Absent, a field has its default, unless it can tell that it was left out.
  const nullable = field.partOf !== null || resolvedType instanceof protobuf.Type;
  const { type, read } = resolvedType instanceof protobuf.Type ? messageKind(resolvedType) : resolvedType ? text : scalar(field.type);
  return { type, nullable, read: orNull(read) };
}

type Scalar = Pick<SchemaColumn, 'type' | 'read'>;
const text: Scalar = { type: 'string', read: (found) => String(found) };

function scalar(type: string): Scalar {
  if (type === 'string') return text;
  if (type === 'bytes') return { type: 'bytes', read: (found) => Uint8Array.from(found as Uint8Array) };
  if (type === 'bool') return { type: 'boolean', read: (found) => found as boolean };
  if (type === 'double' || type === 'float') return { type: 'number', read: finite };
  return { type: 'integer', read: whole };
}

function messageKind(message: protobuf.Type): Scalar {
  const inner = message.fields['value'];
  if (message.fullName === '.google.protobuf.Timestamp') return { type: 'timestamp', read: instant };
  if (/^\.google\.protobuf\.\w+Value$/.test(message.fullName) && inner && message.fieldsArray.length === 1) {
    const { type, read } = scalar(inner.type);
    return { type, read: (found) => read((found as { value?: unknown }).value ?? inner.typeDefault) };
  }
  return { type: 'json', read: (found) => asJson(found) };
}

/** Of numbers of 64 bits, which come as text. */
function whole(found: unknown): number {
  const number = Number(found);
  if (!Number.isSafeInteger(number)) throw new Error(`${found} is beyond 2^53, where whole numbers would be rounded`);
  return number;
}

function instant(found: unknown): number {
  const { seconds = 0, nanos = 0 } = found as { seconds?: unknown; nanos?: number };
  if (nanos % 1_000_000 !== 0) throw new Error('the time is finer than a millisecond');
  return whole(seconds) * 1000 + nanos / 1_000_000;
}

/** As columns are read from. Whole numbers of 64 bits come as text, and stay that within JSON. */
export const objectOptions: protobuf.IConversionOptions = { longs: String, enums: String, defaults: true, arrays: true, objects: true };
