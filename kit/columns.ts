import { missing } from '../model/faults/missing.ts';
import type { ParamFix } from '../model/problems/problem.ts';
import type { Column, ColumnType, Schema } from '../model/values/types.ts';
import type { CodeAnalysis, NodeProblem } from './node.ts';

/** The options of a param that names a column type. */
export const typeOptions = [
  { value: 'string', label: 'Text' },
  { value: 'integer', label: 'Integer' },
  { value: 'number', label: 'Number' },
  { value: 'decimal', label: 'Decimal' },
  { value: 'boolean', label: 'True or false' },
  { value: 'timestamp', label: 'Timestamp' },
  { value: 'date', label: 'Date' },
  { value: 'json', label: 'JSON' },
  { value: 'bytes', label: 'Bytes' },
] as const satisfies readonly { readonly value: ColumnType; readonly label: string }[];

/** Types whose values can be compared and used as keys. */
export const keyTypes = ['string', 'integer', 'number', 'decimal', 'boolean', 'timestamp', 'date'] as const satisfies readonly ColumnType[];
/** Types whose values are instants: a day is its midnight in UTC. */
export const timeTypes = ['timestamp', 'date'] as const satisfies readonly ColumnType[];
export const numericTypes = ['integer', 'number'] as const satisfies readonly ColumnType[];
/** Types of numbers, including decimals. */
export const numberTypes = ['integer', 'number', 'decimal'] as const satisfies readonly ColumnType[];

/** Wider schemas are looked up in an index, because thousands of params may name thousands of columns. */
const indexedFrom = 32;
const indexes = new WeakMap<readonly Column[], ReadonlyMap<string, Column>>();

/** The edit that sets the param `timeColumn` to the only column of times or days; null if there is none, or if there are several. */
export function onlyTime({ columns }: Schema): ParamFix | null {
  const [only, ...others] = columns.filter(({ type }) => timeTypes.some((each) => each === type));
  return only && others.length === 0 ? { title: `Go by "${only.name}"`, param: 'timeColumn', value: only.name } : null;
}

/** The first of that name. */
export function findColumn(schema: Schema | null | undefined, name: string): Column | undefined {
  const columns = schema?.columns ?? [];
  if (columns.length < indexedFrom) return columns.find((column) => column.name === name);
  let index = indexes.get(columns);
  if (!index) {
    index = new Map(columns.toReversed().map((column) => [column.name, column]));
    indexes.set(columns, index);
  }
  return index.get(name);
}

/** The column of that name, which is known to exist. */
export function columnOf(schema: Schema, name: string): Column {
  return findColumn(schema, name) ?? missing(`the column "${name}"`);
}

/** The type that holds the values of both, or null: a type is compatible with itself, integers with numbers, and both with decimals. */
export function commonType(a: ColumnType, b: ColumnType): ColumnType | null {
  if (a === b) return a;
  const numeric: readonly ColumnType[] = numberTypes;
  if (!numeric.includes(a) || !numeric.includes(b)) return null;
  return a === 'decimal' || b === 'decimal' ? 'decimal' : 'number';
}

/** `name`, with `suffix` appended as often as needed to differ from all in `taken`. */
export function freeName(name: string, suffix: string, taken: { has(name: string): boolean }): string {
  let free = name;
  while (taken.has(free)) free += suffix;
  return free;
}

/** Problems for names that occur twice; `field` gives the param of the i-th name. */
export function duplicateNames(names: readonly string[], field: (index: number) => string): NodeProblem[] {
  const firsts = new Map<string, number>();
  names.forEach((name, index) => {
    if (!firsts.has(name)) firsts.set(name, index);
  });
  return names.flatMap((name, index) =>
    firsts.get(name) === index
      ? []
      : [
          {
            code: 'columns/duplicate',
            severity: 'error' as const,
            message: `Two columns would be called "${name}"`,
            hint: 'Give one of them another name.',
            field: field(index),
          },
        ],
  );
}

/**
 * The findings about an expression, as problems of the param `field`: errors, or otherwise where null may occur. Without a known input only
 * the syntax can be checked.
 */
export function expressionProblems(analyse: CodeAnalysis, source: string, input: Schema | null, field: string): NodeProblem[] {
  if (source.trim() === '') return [];
  const { problem, warnings = [] } = analyse.expression(source, input ?? { columns: [] });
  if (!problem) return input ? warnings.map((warning) => ({ ...warning, field })) : [];
  if (!input && problem.code !== 'code/syntax') return [];
  return [{ severity: 'error', ...problem, field }];
}
