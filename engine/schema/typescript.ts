/** Rows as TypeScript: what Monaco completes `row.` with, and what the type checker reads. */
import type { ColumnType, Schema } from './types.ts';

export { snippetLibrary } from './snippet-library.ts';

const typeScriptTypes: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  timestamp: 'number',
  json: 'any',
  bytes: 'Uint8Array',
};

/**
 * `interface Row { ... }` for a schema. Without `| null`, because snippets are checked with strictNullChecks off; each
 * column's comment says its type and whether it may be null. Read-only, as rows are.
 */
export function rowDeclaration(schema: Schema, name = 'Row'): string {
  const lines = schema.columns.map((column) => {
    const meaning = column.type === 'timestamp' ? 'timestamp: milliseconds since 1970-01-01 UTC' : column.type;
    return `  /** ${meaning}${column.nullable ? ', or null' : ''} */\n  readonly ${propertyName(column.name)}: ${typeScriptTypes[column.type]};`;
  });
  return `interface ${name} {\n${lines.join('\n')}${lines.length > 0 ? '\n' : ''}}`;
}

/** A column as it is written after `row` in an expression: `.name`, or `["the name"]`. */
export function columnAccess(column: string): string {
  return isIdentifier(column) ? `.${column}` : `[${JSON.stringify(column)}]`;
}

function propertyName(column: string): string {
  return isIdentifier(column) ? column : JSON.stringify(column);
}

/** Letters that every version of Unicode knows; parsers disagree about the newer ones, whose names are quoted. */
const settled = /^[\0-\u052f\u3041-\u30ff\u4e00-\u9fa5\uac00-\ud7a3]*$/;

function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text) && settled.test(text);
}
