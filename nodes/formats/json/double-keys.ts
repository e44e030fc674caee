/** Keys that are there twice in one object of a JSON text: JSON.parse keeps the last value of them and says nothing. */

const textAndColon = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;
const quote = 34;
const space = 32;

/** `parsed` is what JSON.parse made of `source`. */
export function hasDoubleKeys(source: string, parsed: unknown): boolean {
  const keys = countKeys(parsed);
  if (colonsBehindKeys(source) <= keys) return false;
  let written = 0;
  for (const [, isKey] of source.matchAll(textAndColon)) if (isKey !== undefined) written++;
  return written > keys;
}

/** As many as there are keys in the text, and more only where texts hold some that look alike. */
function colonsBehindKeys(source: string): number {
  let count = 0;
  for (let at = source.indexOf(':'); at !== -1; at = source.indexOf(':', at + 1)) {
    const before = source.charCodeAt(at - 1);
    if (before === quote || before <= space) count++;
  }
  return count;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item);
    return count;
  }
  const record = value as { readonly [key: string]: unknown };
  // What JSON.parse makes inherits no key that is listed.
  for (const key in record) {
    count++;
    const item = record[key];
    if (typeof item === 'object') count += countKeys(item);
  }
  return count;
}
