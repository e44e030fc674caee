/** Places inside a JSON value, written as in JavaScript: `customer.address.city`, `items[0].price`, `["odd name"]`. */
import type { Json } from '../values/types.ts';

export type JsonPath = readonly (string | number)[];

const step = /\[\s*(\d+)\s*\]|\[\s*("(?:[^"\\]|\\.)*")\s*\]|\[\s*'([^']*)'\s*\]|(?:^|\.)([^.[\]"'\s]+(?: +[^.[\]"'\s]+)*)/y;

/** The steps of a path, or null if it cannot be read. A `$` at its beginning, and white space around it, are ignored. */
export function parseJsonPath(text: string): JsonPath | null {
  const path = text
    .trim()
    .replace(/^\$(?=[.[]|$)/, '')
    .replace(/^\./, '');
  const steps: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) return null;
    const [, index, quoted, single, name] = found;
    if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) {
      const key = unquoted(quoted);
      if (key === null) return null;
      steps.push(key);
    } else steps.push(single ?? name ?? '');
  }
  return steps;
}

function unquoted(text: string): string | null {
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}

/** The value at that place, or undefined if the value has no such place. */
export function atJsonPath(value: Json, path: JsonPath): Json | undefined {
  let at: Json = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Array.isArray(at) ? (at[Number(key)] as Json) : ((at as { readonly [key: string]: Json })[key] as Json);
  }
  return at;
}

/** A name for the value at that place: its last key. */
export function jsonPathName(path: JsonPath): string {
  return String(path.findLast((key) => typeof key === 'string') ?? path.at(-1) ?? '');
}
