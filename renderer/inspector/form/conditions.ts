import type { Json } from '../../../model/values/types.ts';

/** Operators of the condition builder in the order in which they are offered. */
export const operators: readonly { readonly value: string; readonly label: string }[] = [
  { value: '=', label: '=' },
  { value: '!=', label: '≠' },
  { value: '<', label: '<' },
  { value: '<=', label: '≤' },
  { value: '>', label: '>' },
  { value: '>=', label: '≥' },
  { value: 'contains', label: 'contains' },
  { value: 'startsWith', label: 'starts with' },
  { value: 'endsWith', label: 'ends with' },
  { value: 'matches', label: 'matches' },
  { value: 'in', label: 'is one of' },
  { value: 'isNull', label: 'is null' },
  { value: 'isNotNull', label: 'is not null' },
];

export type Rule = {
  readonly column: string;
  readonly operator: string;
  readonly value: string;
};
export type ConditionValue = {
  readonly match: 'all' | 'any';
  readonly rules: readonly Rule[];
};

export function takesValue(operator: string): boolean {
  return operator !== 'isNull' && operator !== 'isNotNull';
}

/** A param as a condition, whatever it contains: invalid parts become empty ones, so that the form can fix them. */
export function asCondition(value: Json | undefined): ConditionValue {
  const record = isRecord(value) ? value : {};
  const rules = Array.isArray(record['rules']) ? record['rules'] : [];
  return {
    match: record['match'] === 'any' ? 'any' : 'all',
    rules: rules.filter(isRecord).map((rule) => ({ column: text(rule['column']), operator: text(rule['operator']) || '=', value: text(rule['value']) })),
  };
}

/** An example of an operator's value, for a column's type. */
export function valueHint(operator: string, type: string | undefined): string {
  if (operator === 'in') return 'a, b, c';
  if (operator === 'matches') return 'regular expression';
  if (type === 'timestamp') return '2024-01-31T12:00:00Z';
  if (type === 'date') return '2024-01-31';
  if (type === 'boolean') return 'true';
  return 'value';
}

function isRecord(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
}
