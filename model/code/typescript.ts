/** Rows as TypeScript: for Monaco's completion of `row.`, and for the type checker. */
import { expectsNull } from '../schema/nulls.ts';
import type { ColumnType, Schema } from '../values/types.ts';

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

/** Whether TypeScript reports only that a value may be null or undefined. */
export function isAboutNull(code: number, message: string): boolean {
  if (possiblyNull.has(code)) return true;
  const found = /(?:Type|Argument of type) '([^']+)' is not assignable to (?:type|parameter of type) '([^']+)'/.exec(message);
  if (!found) return false;
  const [, from = '', to = ''] = found;
  const taken = new Set(to.split(' | '));
  const given = from.split(' | ');
  return given.some(isNone) && given.every((type) => isNone(type) || taken.has(type));
}
const isNone = (type: string): boolean => type === 'null' || type === 'undefined';
const possiblyNull = new Set([2531, 2532, 2533, 2538, 2721, 2722, 2723, 18047, 18048, 18049, 18050]);

/**
 * `interface Row { ... }` for a schema. A column in which null was seen is `T | null` in code with statements, where null fails. In
 * expressions null gives null, and the check of the pipeline reports where (code-nulls.ts): there the types omit it. Each column's comment
 * says its type and whether it may be null. Read-only, as rows are.
 */
export function rowDeclaration(schema: Schema, { name = 'Row', withNull }: { readonly name?: string; readonly withNull: boolean }): string {
  const lines = schema.columns.map((column) => {
    const { type, nullable, nulls } = column;
    const orNull = !nullable ? '' : nulls === 'unseen' ? ' (no null in the sample)' : ', or null';
    const typed = withNull && expectsNull(column) && type !== 'json' ? `${typeScriptTypes[type]} | null` : typeScriptTypes[type];
    return `  /** ${meanings[type] ?? type}${orNull} */\n  readonly ${propertyName(column.name)}: ${typed};`;
  });
  return `interface ${name} {\n${lines.join('\n')}${lines.length > 0 ? '\n' : ''}}`;
}

/**
 * What a keyed module has in addition to `Row`: `Key`, `Timer` and `Context`. `State` is the module's own, so a text that declares none
 * gets one that follows `initial`; null if there is no text to look at.
 */
export function keyedDeclarations(schema: Schema, keys: readonly string[], source: string | null): string {
  const named = new Map(schema.columns.map((column) => [column.name, column]));
  const columns = keys.flatMap((name) => named.get(name) ?? []);
  const hasOwnState = source !== null && /\b(?:interface|type|class)\s+State\b/.test(source);
  const hasInitial = source !== null && /\bexport\s+(?:const|let|var|function)\s+initial\b/.test(source);
  const state = hasInitial ? 'Started<typeof initial extends (...args: never[]) => infer S ? S : typeof initial>' : 'any';
  return `${rowDeclaration({ columns }, { name: 'Key', withNull: true })}
${keyedLibrary(schema.eventTime !== undefined && schema.eventTime !== null)}
${hasOwnState ? '' : `type State = ${state};\n`}`;
}

const keyedLibrary = (hasTime: boolean) => `/** What begins as null or as an empty list may become anything. */
type Begun<V> = [V] extends [null | undefined] ? any : [V] extends [readonly never[]] ? any[] : V;
type Started<S> = S extends object ? { [K in keyof S]: Begun<S[K]> } : Begun<S>;
interface Timer {
  readonly name: string;
  /** When it was due: milliseconds since 1970-01-01 UTC. */
  readonly time: number;
}
interface Context {
  /** The values of the key columns. */
  readonly key: Key;
  /** The event time of the row, or the time of the timer; null if rows have none. */
  readonly time: number${hasTime ? '' : ' | null'};
  /** The event time up to which all rows have arrived: a row with a \`time\` at or before it is late. */
  readonly watermark: number;
  /** Whether the input has ended. */
  readonly ended: boolean;
  /** Requests a call of onTimer once event time has passed \`time\`. Setting a timer of the same name again moves it. */
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

/** Letters that every version of Unicode has; parsers disagree about newer ones, whose names are quoted. */
const settled = /^[\0-\u052f\u3041-\u30ff\u4e00-\u9fa5\uac00-\ud7a3]*$/;

function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text) && settled.test(text);
}
