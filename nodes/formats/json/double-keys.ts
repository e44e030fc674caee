/** Duplicate keys in one object of a JSON text: JSON.parse silently keeps the last value. */

const textAndColon = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;
const quote = 34;
const space = 32;

/** `parsed` is the result of JSON.parse for `source`. */
export function hasDoubleKeys(source: string, parsed: unknown): boolean {
  const keys = countKeys(parsed);
  if (colonsBehindKeys(source) <= keys) return false;
  let written = 0;
  for (const [, isKey] of source.matchAll(textAndColon)) if (isKey !== undefined) written++;
  return written > keys;
}

/** The number of keys in the text, or more only if texts contain what looks like keys. */
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
  // Objects from JSON.parse inherit no keys that are listed.
  for (const key in record) {
    count++;
    const item = record[key];
    if (typeof item === 'object') count += countKeys(item);
  }
  return count;
}
