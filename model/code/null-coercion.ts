/** Which parts of JavaScript convert null to another value: operators, methods and functions. In users' code these are guarded (engine/sandbox). */

const coercing = new Set(['+', '-', '*', '/', '%', '**', '<', '<=', '>', '>=', '&', '|', '^', '<<', '>>', '>>>', 'in']);
const ordering = new Set(['<', '<=', '>', '>=']);

/** Whether an operator converts null to a number or a text. Comparisons for equality do not. */
export function isCoercing(operator: string): boolean {
  return coercing.has(operator);
}

export function isOrdering(operator: string): boolean {
  return ordering.has(operator);
}

/**
 * Methods whose arguments are converted to numbers or texts: those of texts (and patterns and numbers) only, and those of lists too. Among
 * the latter, `search` looks for the value itself in a list.
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

/** The functions of Math that convert their arguments to numbers, and how many arguments each has. */
export const mathArity: ReadonlyMap<string, number> = new Map(
  Object.getOwnPropertyNames(Math).flatMap((name): [string, number][] => {
    const value: unknown = Math[name as keyof Math];
    return typeof value === 'function' && value.length > 0 ? [[name, value.length]] : [];
  }),
);

/** JavaScript's own objects that users' code gets in a form that handles null: functions, and objects with such functions. */
export const guardedNames: readonly string[] =
  'Math Number String Date RegExp isNaN isFinite parseInt parseFloat encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape'.split(' ');
const guarded = new Set(guardedNames);

export function isGuardedName(name: string): boolean {
  return guarded.has(name);
}
