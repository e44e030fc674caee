import type { Operator } from '@millrace/kit/node';
import { decimalOfNumber } from '../../../model/values/decimal.ts';
import type { ColumnType, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';

export function flattening({ outputs }: RowsContext): Operator {
  return { map: compile(`(row) => (${rowSource(outputs.rows.columns.map(({ name, type }) => ({ name, source: read(name, type) })))})`, { toDecimal }) };
}

function read(name: string, type: ColumnType): string {
  const value = `row[${stringLiteral(name)}] ?? null`;
  return type === 'decimal' ? `toDecimal(${value})` : value;
}

/** Beside decimals, an input may have numbers. */
function toDecimal(value: Value): Value {
  return typeof value === 'number' ? decimalOfNumber(value) : value;
}
