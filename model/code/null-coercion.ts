/** Which parts of JavaScript convert null to another value: operators, methods and functions. In users' code these are guarded (engine/sandbox). */

const coercing = new Set(['+', '-', '*', '/', '%', '**', '<', '<=', '>', '>=', '&', '|', '^', '<<', '>>', '>>>', 'in']);
const ordering = new Set(['<', '<=', '>', '>=']);

/** Whether an operator makes a number or a text of null. Those that ask whether values are equal do not. */
export function isCoercing(operator: string): boolean {
  return coercing.has(operator);
}

export function isOrdering(operator: string): boolean {
  return ordering.has(operator);
}

/**
 * Methods whose arguments are made numbers or texts: those of texts (and patterns and numbers) alone, and those of lists, too.
 * Of the latter, `search` looks for the value itself in a list.
 */
export const textMethods: { readonly [name: string]: 'text' | 'search' | 'both' } = {
  ...Object.fromEntries(
    (
      'startsWith endsWith split replace replaceAll padStart padEnd search match matchAll substring substr charAt charCodeAt codePointAt repeat ' +
      'toFixed toPrecision toExponential test exec'
    )
      .split(' ')
      .map((name) => [name, 'text']),
  ),
  includes: 'search',
  indexOf: 'search',
  lastIndexOf: 'search',
  concat: 'search',
  slice: 'both',
  at: 'both',
};

/** The functions of Math that make numbers of what they are given, and of how many values each. */
export const mathArity: ReadonlyMap<string, number> = new Map(
  Object.getOwnPropertyNames(Math).flatMap((name): [string, number][] => {
    const value: unknown = Math[name as keyof Math];
    return typeof value === 'function' && value.length > 0 ? [[name, value.length]] : [];
  }),
);

/** JavaScript's own objects that are given to users' code in a form that knows null: functions, and what has such functions. */
export const guardedNames: readonly string[] =
  'Math Number String Date RegExp isNaN isFinite parseInt parseFloat encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape'.split(' ');
const guarded = new Set(guardedNames);

export function isGuardedName(name: string): boolean {
  return guarded.has(name);
}
