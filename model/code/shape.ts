import type { Function as FunctionNode } from 'acorn';
import type { ColumnType, Schema } from '../values/types.ts';

/**
 * What is known about a value in users' code, without running it: finer than a column type, since an object that is built in it becomes a
 * row. Immutable; `nullable` covers both null and undefined.
 */
export interface Shape {
  readonly is: ColumnType | 'Date' | 'null' | 'object' | 'array' | 'function' | 'global' | 'unknown' | 'never';
  readonly nullable: boolean;
  /** May be NaN (or infinite), which is null in a row, but not for `??` and `=== null`. */
  readonly nan?: boolean;
  /** Objects: the known fields, in order. */
  readonly fields?: ReadonlyMap<string, Shape>;
  /** Objects: there may be further fields with unknown names. */
  readonly open?: boolean;
  /** Objects: the input row itself, which is immutable and has exactly these fields. */
  readonly row?: boolean;
  /** Arrays. */
  readonly item?: Shape;
  /** Functions written in the user's code. */
  readonly code?: FunctionNode;
  /** Globals such as `Math`. */
  readonly name?: string;
}

export const of = (is: Shape['is'], nullable = false): Shape => ({ is, nullable });
/** A number that may be NaN unless it is known to be `sound`. */
export const numberOf = (is: 'integer' | 'number' | 'timestamp' | 'Date', sound: boolean): Shape => (sound ? of(is) : { is, nullable: true, nan: true });
export const unknown = of('unknown', true);
export const nothing = of('null', true);
/** No value at all: the items of an empty list. */
export const never = of('never');
export const arrayOf = (item: Shape): Shape => ({ is: 'array', nullable: false, item });
export const objectOf = (fields: ReadonlyMap<string, Shape>, open = false): Shape => ({ is: 'object', nullable: false, fields, open });
/** Code sees days as texts. */
export const isText = (shape: Shape): boolean => shape.is === 'string' || shape.is === 'date';
export const nullable = (shape: Shape): Shape => (shape.nullable ? shape : { ...shape, nullable: true });
/** The value if it is neither null nor undefined. A value that may be NaN or infinite, which is truthy, may still be null in a row. */
export const present = (shape: Shape): Shape => (shape.is === 'null' ? never : shape.nullable && !shape.nan ? { ...shape, nullable: false } : shape);

/** The same object for the same schema, which may be that of thousands of expressions. */
export function rowShape(schema: Schema): Shape {
  const known = rowShapes.get(schema) ?? { ...objectOf(new Map(schema.columns.map((column) => [column.name, of(column.type, column.nullable)]))), row: true };
  rowShapes.set(schema, known);
  return known;
}
const rowShapes = new WeakMap<Schema, Shape>();

/** A value that is either one or the other. */
export function union(a: Shape, b: Shape): Shape {
  if (a === b || b.is === 'never') return a;
  if (a.is === 'never') return b;
  if (a.is === 'null') return nullable(b);
  if (b.is === 'null') return nullable(a);
  const either = a.nullable || b.nullable;
  if (a.is === 'unknown' || b.is === 'unknown') return { ...unknown, nullable: true };
  if (a.is === 'object' && b.is === 'object') return { ...unionOfObjects(a, b), nullable: either };
  if (a.is === 'array' && b.is === 'array') return { ...arrayOf(union(a.item ?? unknown, b.item ?? unknown)), nullable: either };
  // A function may return a row in one place and a list of rows in another; as a column both are json anyway.
  if (a.is === 'object' && b.is === 'array') return { ...arrayOf(union({ ...a, nullable: false }, b.item ?? unknown)), nullable: either };
  if (a.is === 'array' && b.is === 'object') return { ...arrayOf(union(a.item ?? unknown, { ...b, nullable: false })), nullable: either };
  if (isText(a) && isText(b) && a.is !== b.is) return of('string', either);
  if (a.is === b.is) return a.is === 'function' || a.is === 'global' ? unknown : { is: a.is, nullable: either, nan: a.nan === true || b.nan === true };
  if (a.is === 'function' || b.is === 'function' || a.is === 'global' || b.is === 'global') return unknown;
  const kinds = [a.is, b.is];
  // A column of decimals accepts whole numbers, and reports others.
  if (kinds.includes('decimal') && (kinds.includes('integer') || kinds.includes('number'))) return of('decimal', either);
  const nan = a.nan === true || b.nan === true;
  if (kinds.every((kind) => kind === 'timestamp' || kind === 'Date')) return { is: 'timestamp', nullable: either, nan };
  if (kinds.every((kind) => kind === 'integer' || kind === 'number' || kind === 'timestamp')) return { is: 'number', nullable: either, nan };
  return { is: 'json', nullable: either, nan };
}

/** All fields of both; a field that only one of them has may be missing, so it is nullable. */
function unionOfObjects(a: Shape, b: Shape): Shape {
  const fields = new Map<string, Shape>();
  for (const [name, shape] of a.fields ?? []) {
    const other = b.fields?.get(name);
    fields.set(name, other ? union(shape, other) : nullable(shape));
  }
  for (const [name, shape] of b.fields ?? []) if (!fields.has(name)) fields.set(name, nullable(shape));
  const same = a.row === true && b.row === true;
  return { ...objectOf(fields, a.open === true || b.open === true), row: same };
}

/** The column for such values, or null if that cannot be determined. */
export function columnOf(shape: Shape): { readonly type: ColumnType; readonly nullable: boolean } | null {
  switch (shape.is) {
    case 'unknown':
    case 'function':
    case 'global':
      return null;
    case 'Date':
      return { type: 'timestamp', nullable: shape.nullable };
    case 'object':
    case 'array':
      return { type: 'json', nullable: shape.nullable };
    case 'null':
    case 'never':
      return { type: 'json', nullable: true };
    default:
      return { type: shape.is, nullable: shape.nullable };
  }
}

/** The name of a value of this shape in a message. */
export function describe(shape: Shape): string {
  const names: Partial<Record<Shape['is'], string>> = {
    string: 'a text',
    date: 'a day',
    integer: 'a number',
    number: 'a number',
    decimal: 'a decimal',
    boolean: 'true or false',
    timestamp: 'a time',
    Date: 'a Date',
    array: 'a list',
    object: 'an object',
    function: 'a function',
    null: 'null',
    bytes: 'bytes',
  };
  return names[shape.is] ?? 'a value';
}
