import { keyedDeclarations, rowDeclaration } from '../../model/code/typescript.ts';
import type { Schema } from '../../model/values/types.ts';

/**
 * The declarations against which a node's code is checked: `Row` by its input schema, for expressions the variable `row`, and with `keys`,
 * its key columns, those of a keyed module.
 */
export function rowTypes(schema: Schema | null, forExpression: boolean, keys: readonly string[] | null = null): string {
  // An input that is not known yet may have any column.
  const row = schema ? rowDeclaration(schema, { withNull: !forExpression }) : 'interface Row {\n  readonly [column: string]: any;\n}';
  if (forExpression) return `${row}\ndeclare const row: Row;\n`;
  return keys ? `${row}\n${keyedDeclarations(schema ?? anyColumns(keys), keys, null)}` : `${row}\n`;
}

function anyColumns(names: readonly string[]): Schema {
  return { columns: names.map((name) => ({ name, type: 'json', nullable: true })) };
}

const valueTypes: { readonly [returns: string]: string } = {
  string: 'string',
  integer: 'number',
  number: 'number',
  decimal: 'Decimal',
  boolean: 'boolean',
  timestamp: 'number | Date',
  date: 'string | Date',
  bytes: 'Uint8Array',
};

/** How many lines precede the expression in `expressionModule`. */
export const expressionOffsetLines = 1;

/**
 * An expression as a module that TypeScript checks in full: it must be an expression, and its value must have the type that the field
 * expects. Columns in the expression's lines do not change; its lines are shifted by `expressionOffsetLines`.
 */
export function expressionModule(source: string, returns: string | undefined): string {
  const type = valueTypes[returns ?? 'any'] ?? 'unknown';
  return `export const value: ${type} = (\n${source}\n);\n`;
}
