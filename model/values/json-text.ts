/** JSON of anybody's data. */

import { itemAt } from '../faults/missing.ts';
import { isExactDecimal } from './exact.ts';

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** A string of JSON; with its colon it is a key. */
const strings = /"((?:[^"\\]|\\.)*)"(\s*:)?/gs;
const escapedKey = /"(?:[^"\\]|\\.)*\\(?:[^"\\]|\\.)*"\s*:/s;

/**
 * As JSON.parse, but also right if V8 13 takes one key for another: in a text with the key `a\u001f` it finds `a\` once it has seen an
 * object of the same shape with that key. So keys that are written with escapes are inserted after parsing. `revive` gets no keys.
 */
export function parseJson(text: string, revive?: Reviver): unknown {
  if (!text.includes('\\') || !escapedKey.test(text)) return JSON.parse(text, revive as never);
  const names: string[] = [];
  try {
    const renamed = text.replace(strings, (whole, body: string, colon: string | undefined) => {
      if (colon === undefined) return whole;
      return body.includes('\\') ? `"e${names.push(JSON.parse(`"${body}"`) as string) - 1}"${colon}` : `"p${body}"${colon}`;
    });
    return withNames(JSON.parse(renamed, revive as never), names);
  } catch {
    // For the message and the position in the original text.
    return JSON.parse(text, revive as never);
  }
}

/** More than 15 digits, with or without a point between them. */
const longDigits = /[\d.]{16}/;

/** The first number of a JSON text that a double would round, or null. The text must be JSON. */
export function roundedNumber(text: string): string | null {
  if (!longDigits.test(text)) return null;
  let found: string | null = null;
  JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) => {
    if (typeof value === 'number' && source !== undefined && !isExactDecimal(source)) found ??= source;
    return value;
  }) as never);
  return found;
}

function withNames(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withNames(item, names));
  // Objects that a reviver has made are not changed.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key[0] === 'e' ? itemAt(names, Number(key.slice(1))) : key.slice(1), withNames(item, names)]),
  );
}
