import { types } from 'node:util';
import { inheritedData } from './thrown.ts';

/** A place in the n-th piece of users' code, 1-based. */
export interface Place {
  readonly unit: number;
  readonly line: number;
  readonly column: number;
}
interface Frame {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** V8 gives the frames of an error once, when its stack is first read. */
const framesOf = new WeakMap<object, readonly Frame[]>();

/** The helpers that users' code may call are not deep, and every frame makes an error more expensive. */
const keptFrames = 5;

/** V8's own getter, by which errors of users' code are read whatever they define as `stack` themselves. */
const readStack = Object.getOwnPropertyDescriptor(new Error(), 'stack')?.get;

/**
 * Keeps the frames of every error of this thread from now on. Call it once, after lockdown. The `stack` of an error shows frames of users'
 * code only, without any files of this installation. Formatting it runs no code of the error: V8 itself writes the stacks of errors that
 * are made meanwhile, with all files.
 */
export function watchPlaces(unitName: string): void {
  Error.stackTraceLimit = keptFrames;
  Error.prepareStackTrace = (error, callSites) => {
    const frames = callSites.map((site) => ({
      source: site.getScriptNameOrSourceURL() ?? '',
      line: site.getLineNumber() ?? 1,
      column: site.getColumnNumber() ?? 1,
    }));
    framesOf.set(error, frames);
    const own = frames.filter(({ source }) => source.startsWith(unitName));
    const head = headOf(error);
    // Where the stack overflowed while the engine was at work says nothing, but would reveal names of files to code that catches it.
    const others = head === stackOverflow ? [] : frames;
    const shown = own.length > 0 ? own : others.map((frame) => ({ ...frame, source: fileName(frame.source) }));
    return `${head}${shown.map(({ source, line, column }) => `\n    at ${source}:${line}:${column}`).join('')}`;
  };
}

/** Where in users' code an error was thrown: its innermost frame whose source name starts with `unitName`. Runs no code of the error. */
export function placeOf(thrown: unknown, unitName: string): Place | null {
  if (!types.isNativeError(thrown) || types.isProxy(thrown)) return null;
  try {
    if (readStack) readStack.call(thrown);
    else void thrown.stack;
  } catch {
    return null;
  }
  const frame = framesOf.get(thrown)?.find(({ source }) => source.startsWith(unitName));
  return frame ? { unit: Number(frame.source.slice(unitName.length)), line: frame.line, column: frame.column } : null;
}

/**
 * Appended to code that the engine generates and users' code calls: its name in stacks. When the stack overflows, V8 writes them by itself,
 * and would reveal the file that generated the code, with its folders.
 */
export const unnamedSource = '\n//# sourceURL=millrace';

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

const stackOverflow = 'RangeError: Maximum call stack size exceeded';
const kinds: readonly ErrorConstructor[] = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

/** `TypeError: message`. SES makes names and messages of prototypes getters, so the kind is looked up. */
function headOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || types.isProxy(error)) return 'Error';
  const own = inheritedData(error, 'name');
  const name = typeof own === 'string' ? own : (kinds.find((kind) => isKind(error, kind)) ?? Error).name;
  const message = inheritedData(error, 'message');
  return typeof message === 'string' && message !== '' ? `${name}: ${message}` : name;
}

function isKind(error: object, kind: ErrorConstructor): boolean {
  for (let at: object | null = error; at !== null && !types.isProxy(at); at = Object.getPrototypeOf(at) as object | null)
    if (at === kind.prototype) return true;
  return false;
}
