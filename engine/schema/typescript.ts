/** Rows as TypeScript: what Monaco completes `row.` with, and what the type checker reads. */
import type { ColumnType, Schema } from './types.ts';

export { snippetLibrary } from './snippet-library.ts';

const typeScriptTypes: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  decimal: 'Decimal',
  boolean: 'boolean',
  timestamp: 'number',
  date: 'string',
  json: 'any',
  bytes: 'Uint8Array',
};

const meanings: Partial<Record<ColumnType, string>> = {
  decimal: 'decimal: an exact decimal, for decimal.add, decimal.compare and their like',
  timestamp: 'timestamp: milliseconds since 1970-01-01 UTC',
  date: 'date: a day, such as "2026-01-31"',
};

/**
 * `interface Row { ... }` for a schema. Without `| null`, because snippets are checked with strictNullChecks off; each
 * column's comment says its type and whether it may be null. Read-only, as rows are.
 */
export function rowDeclaration(schema: Schema, name = 'Row'): string {
  const lines = schema.columns.map((column) => {
    const meaning = meanings[column.type] ?? column.type;
    return `  /** ${meaning}${column.nullable ? ', or null' : ''} */\n  readonly ${propertyName(column.name)}: ${typeScriptTypes[column.type]};`;
  });
  return `interface ${name} {\n${lines.join('\n')}${lines.length > 0 ? '\n' : ''}}`;
}

/**
 * What a keyed module sees besides `Row`: `Key`, `Timer` and `Context`. `State` is the module's own, so a text that declares
 * none is given one that follows `initial`; null where there is no text to look at.
 */
export function keyedDeclarations(schema: Schema, keys: readonly string[], source: string | null): string {
  const named = new Map(schema.columns.map((column) => [column.name, column]));
  const columns = keys.flatMap((name) => named.get(name) ?? []);
  const hasOwnState = source !== null && /\b(?:interface|type|class)\s+State\b/.test(source);
  const hasInitial = source !== null && /\bexport\s+(?:const|let|var|function)\s+initial\b/.test(source);
  const state = hasInitial ? 'typeof initial extends (...args: never[]) => infer S ? S : typeof initial' : 'any';
  return `${rowDeclaration({ columns }, 'Key')}
${keyedLibrary}
${hasOwnState ? '' : `type State = ${state};\n`}`;
}

const keyedLibrary = `interface Timer {
  readonly name: string;
  /** When it was to fire: milliseconds since 1970-01-01 UTC. */
  readonly time: number;
}
interface Context {
  /** The values of the key columns. */
  readonly key: Key;
  /** The event time of the row, or the time of the timer; null where rows have none. */
  readonly time: number;
  /** Event time up to which everything has come: a row with a \`time\` at or before it is late. */
  readonly watermark: number;
  /** Whether the input has ended. */
  readonly ended: boolean;
  /** Asks for a call of onTimer once event time has passed \`time\`. Setting a timer of the same name again moves it. */
  setTimer(time: number, name?: string): void;
  /** Takes a timer back. */
  clearTimer(name?: string): void;
  /** Forgets the key: its state is \`initial\` again, and its timers are gone. */
  forget(): void;
}`;

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
