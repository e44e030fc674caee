import { columnSource, stringLiteral } from '@millrace/kit/column-source';
import { findColumn } from '@millrace/kit/columns';
import type { Condition, ConditionOperator, ConditionRule } from '@millrace/kit/fields';
import { patternSource } from '@millrace/kit/formats/patterns';
import type { NodeProblem } from '@millrace/kit/node';
import type { Column, Schema, Value } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';

/** A condition in words, for cards: `temperature > 30 and region = north`. */
export function conditionText(condition: Condition): string {
  const words: Partial<Record<ConditionOperator, string>> = { isNull: 'is null', isNotNull: 'is not null', startsWith: 'starts with', endsWith: 'ends with' };
  return condition.rules
    .map(({ column, operator, value }) => `${column || '?'} ${words[operator] ?? operator}${takesValue(operator) ? ` ${value || '?'}` : ''}`)
    .join(condition.match === 'all' ? ' and ' : ' or ');
}

/**
 * The TypeScript expression over `row` for a condition. A null value meets no rule but `isNull`; text is compared by its UTF-16 code units.
 * Rules that cannot be read (see `conditionProblems`) are skipped; without any rule the condition is true.
 */
export function conditionExpression(condition: Condition, schema: Schema): string {
  const parts = condition.rules.flatMap((rule) => {
    const column = findColumn(schema, rule.column);
    const read = column && readRule(rule, column);
    return column && read?.ok ? [ruleExpression(rule.operator, column, read.values)] : [];
  });
  const [first, ...others] = parts;
  if (first === undefined) return 'true';
  return others.length === 0 ? first : parts.map((part) => `(${part})`).join(condition.match === 'all' ? ' && ' : ' || ');
}

/** The problems of the rules; `field` is the condition's param. The params' validation reports missing columns. */
export function conditionProblems(condition: Condition, schema: Schema, field: string): NodeProblem[] {
  return condition.rules.flatMap((rule, index) => {
    const column = findColumn(schema, rule.column);
    const read = column && readRule(rule, column);
    return !read || read.ok
      ? []
      : [{ code: 'condition/value', severity: 'error' as const, message: read.message, hint: read.hint, field: `${field}.rules.${index}.${read.at}` }];
  });
}

const takesValue = (operator: ConditionOperator): boolean => operator !== 'isNull' && operator !== 'isNotNull';
const ofText: readonly ConditionOperator[] = ['contains', 'startsWith', 'endsWith', 'matches'];
const ofOrder: readonly ConditionOperator[] = ['<', '<=', '>', '>='];

type ReadRule =
  | { readonly ok: true; readonly values: readonly Value[] }
  | { readonly ok: false; readonly at: 'operator' | 'value'; readonly message: string; readonly hint: string };

/** A rule's value, cast to its column's type. */
function readRule({ operator, value }: ConditionRule, column: Column): ReadRule {
  const { name, type } = column;
  if (!takesValue(operator)) return { ok: true, values: [] };
  const noType = (types: string): ReadRule => ({
    ok: false,
    at: 'operator',
    message: `"${operator}" works on ${types} columns, but "${name}" is ${type}`,
    hint: 'Choose another operator, or write the condition as an expression.',
  });
  if (ofText.includes(operator) && type !== 'string' && type !== 'date') return noType('text and date');
  if (type === 'json' || type === 'bytes') return noType('text, number, decimal, boolean, timestamp and date');
  if (ofOrder.includes(operator) && type === 'boolean') return noType('text, number, decimal, timestamp and date');
  if (operator === 'matches') return readPattern(value);
  const values: Value[] = [];
  for (const text of operator === 'in' ? value.split(',').map((each) => each.trim()) : [value]) {
    // A part of a day is a text, not a day.
    const cast = castValue(text, ofText.includes(operator) ? 'string' : type);
    const empty = cast.ok && cast.value === null;
    if (!cast.ok || empty) {
      const hint = empty ? 'To look for missing values, use "is null".' : "Values are compared in the column's own type.";
      return {
        ok: false,
        at: 'value',
        message: empty ? `The value for "${name}" is missing` : `${cast.ok ? '' : cast.message}, as column "${name}" needs`,
        hint,
      };
    }
    values.push(cast.value);
  }
  return { ok: true, values };
}

function readPattern(pattern: string): ReadRule {
  try {
    new RegExp(pattern, 'u');
    return { ok: true, values: [pattern] };
  } catch (error) {
    return {
      ok: false,
      at: 'value',
      message: `This is not a regular expression: ${(error as Error).message}`,
      hint: 'Write \\ before characters that should stand for themselves.',
    };
  }
}

function ruleExpression(operator: ConditionOperator, column: Column, values: readonly Value[]): string {
  const read = columnSource(column.name);
  const literals = values.map((value) => literal(value));
  const [first = ''] = literals;
  const unlessNull = (test: string): string => (column.nullable ? `${read} !== null && ${test}` : test);
  // The helper accepts decimals as rows have them, too.
  const test = (sign: string, value: string): string =>
    column.type === 'decimal' ? `decimal.compare(${read}, ${value}) ${sign} 0` : `${read} ${sign} ${value}`;
  switch (operator) {
    case '=':
      return test('===', first);
    case '!=':
      return unlessNull(test('!==', first));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return unlessNull(test(operator, first));
    case 'contains':
      return unlessNull(`${read}.includes(${first})`);
    case 'startsWith':
    case 'endsWith':
      return unlessNull(`${read}.${operator}(${first})`);
    case 'matches':
      return unlessNull(`${patternSource(values[0] as string, 'u')}.test(${read})`);
    case 'in':
      return literals.map((each) => test('===', each)).join(' || ');
    case 'isNull':
      return `${read} === null`;
    case 'isNotNull':
      return `${read} !== null`;
  }
}

function literal(value: Value): string {
  return typeof value === 'string' ? stringLiteral(value) : String(value);
}
