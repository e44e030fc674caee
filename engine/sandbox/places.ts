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

/** V8 hands out the frames of an error once, when its stack is first asked for. */
const framesOf = new WeakMap<object, readonly Frame[]>();

/** The helpers that users' code may call are not deep, and every frame makes an error more costly. */
const keptFrames = 5;

/**
 * Keeps the frames of every error of this thread from now on. To be called once, after lockdown. An error that passed
 * through users' code shows it only that code's own frames.
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
    return `${headOf(error)}${(own.length > 0 ? own : frames).map(({ source, line, column }) => `\n    at ${source}:${line}:${column}`).join('')}`;
  };
}

/** Where in users' code an error was thrown: its innermost frame whose source name starts with `unitName`. */
export function placeOf(thrown: unknown, unitName: string): Place | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  try {
    void (thrown as Error).stack;
  } catch {
    return null;
  }
  const frame = framesOf.get(thrown)?.find(({ source }) => source.startsWith(unitName));
  return frame ? { unit: Number(frame.source.slice(unitName.length)), line: frame.line, column: frame.column } : null;
}

function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
