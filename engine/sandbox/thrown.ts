import { types } from 'node:util';
import type { CodeProblem } from '@millrace/kit/node';

/** The maximum number of characters that describe what users' code threw. */
const longest = 500;
const maxDepth = 4;
const maxItems = 20;
/** A longer chain of prototypes is not followed. */
const maxPrototypes = 100;
/** Beyond it, printing a big integer takes quadratic time. */
const largestShown = 2n ** 256n;
const notShown = 'The code threw something that cannot be shown';

/**
 * What users' code threw, in words of limited length, or '' for an error without a message. Total, and runs no code of the value: getters,
 * methods and proxies are not called.
 */
export function thrownText(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown.slice(0, longest + 1);
  if (typeof thrown !== 'object' || thrown === null) return `The code threw ${primitiveText(thrown)}`;
  if (types.isProxy(thrown)) return notShown;
  const own = Object.getOwnPropertyDescriptor(thrown, 'message');
  if (own && !('value' in own)) return notShown;
  const message = inheritedData(thrown, 'message');
  if (typeof message === 'string') return message.slice(0, longest + 1);
  if (types.isNativeError(thrown)) return message === undefined ? '' : `The code threw an error with the message ${plainText(message)}`;
  return `The code threw ${plainText(message === undefined ? thrown : message)}`;
}

/** The value of a data property of an object or of its prototypes; undefined if it is missing, a getter, or behind a proxy. */
export function inheritedData(object: object, name: string): unknown {
  let at: object | null = object;
  for (let i = 0; at !== null && i < maxPrototypes; i++) {
    if (types.isProxy(at)) return undefined;
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return property.value;
    at = Object.getPrototypeOf(at) as object | null;
  }
  return undefined;
}

/** A value similar to its JSON, from own data properties only, and cut if it is long. */
function plainText(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longest));
  if (typeof value !== 'object' || value === null) return primitiveText(value);
  if (types.isProxy(value)) return 'a proxy';
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'bytes';
  if (types.isBoxedPrimitive(value)) return 'an object';
  if (depth >= maxDepth) return '…';
  const isList = Array.isArray(value);
  const names = isList ? Array.from({ length: Math.min(value.length, maxItems + 1) }, (_, i) => String(i)) : Object.keys(value).slice(0, maxItems + 1);
  const parts = names.slice(0, maxItems).map((name) => {
    const property = Object.getOwnPropertyDescriptor(value, name);
    const text = property && !('value' in property) ? '…' : plainText(property?.value, depth + 1);
    return isList ? text : `${JSON.stringify(name.slice(0, longest))}:${text}`;
  });
  if (names.length > maxItems) parts.push('…');
  const text = parts.join(',').slice(0, longest);
  return isList ? `[${text}]` : `{${text}}`;
}

function primitiveText(value: unknown): string {
  switch (typeof value) {
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'bigint':
      return value > largestShown || value < -largestShown ? 'a big integer' : String(value);
    default:
      return String(value);
  }
}

/** Text as a sentence, cut if it is long. */
export function sentence(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

/** What users' code threw as a problem, without its place and without what only the sandbox knows about it. Total. */
export function thrownProblem(thrown: unknown): Pick<CodeProblem, 'code' | 'message' | 'hint'> {
  const text = thrownText(thrown);
  if (/^secure mode .*(Date)/.test(text)) {
    return {
      code: 'code/threw',
      message: 'The current time is not available to code in a pipeline.',
      hint: 'The same rows must always give the same result: use a column with the time.',
    };
  }
  if (/^secure mode .*(random)/.test(text)) {
    return {
      code: 'code/threw',
      message: 'Random numbers are not available to code in a pipeline.',
      hint: 'The same rows must always give the same result: use a column, or a generator with a seed.',
    };
  }
  if (/Cannot (assign to read only|add|delete|define) property|object is not extensible/.test(text)) {
    return { code: 'code/threw', message: sentence(text), hint: 'Built-in objects and globals are frozen. Keep what you need in a variable of the snippet.' };
  }
  return {
    code: 'code/threw',
    message: sentence(text === '' ? 'The code threw an error without a message' : text),
    hint: 'Handle rows like this one in the code, or let the node skip or divert rows that fail.',
  };
}
