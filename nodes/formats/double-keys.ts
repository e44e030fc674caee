/** Keys that are there twice in one object of a JSON text: JSON.parse keeps the last value of them and says nothing. */

const textAndColon = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;

/** `parsed` is what JSON.parse made of `source`. */
export function hasDoubleKeys(source: string, parsed: unknown): boolean {
  const keys = countKeys(parsed);
  // There are as many colons as keys, and more only where texts hold some.
  let colons = 0;
  for (let at = source.indexOf(':'); at !== -1; at = source.indexOf(':', at + 1)) colons++;
  if (colons <= keys) return false;
  let written = 0;
  for (const [, isKey] of source.matchAll(textAndColon)) if (isKey !== undefined) written++;
  return written > keys;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) if (typeof item === 'object' && item !== null) count += countKeys(item);
  return count;
}
