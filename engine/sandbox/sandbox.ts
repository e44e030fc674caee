import 'ses';
import type { CodeProblem, KeyedCode } from '@millrace/kit/node';
import { optionalLinkAt } from '../../model/code/null-fix.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';
import { writeDatesInEnglish } from './dates.ts';
import { globals } from './globals.ts';
import { refuseImports } from './imports.ts';
import { library } from './library.ts';
import { mayMutate } from './mutation.ts';
import { guardedGlobals } from './null-globals.ts';
import { type GuardedCode, guardNulls } from './null-guards.ts';
import { failCall, guardFault, guardsOf } from './null-sites.ts';
import type { TextPlace } from './placed-text.ts';
import { type Place, placeOf, watchPlaces } from './places.ts';
import { copyRow } from './row-copy.ts';
import type { CodeKind } from './shape.ts';
import { keyedBody, snippetBody } from './snippet.ts';
import { stripTypes } from './strip.ts';
import { textCoders } from './text-coders.ts';
import { sentence, thrownProblem, thrownText } from './thrown.ts';

/** The param that a piece of code belongs to. */
export interface CodePlace {
  readonly node: string;
  readonly field: string;
}
/** An error that users' code has thrown, in its own terms. */
export type CodeFailure = CodeProblem & { readonly field?: string };

/**
 * Where users' code runs: in compartments with JavaScript's own objects, all frozen, and the helpers of library.ts; no process, file,
 * network, clock or random numbers. The first three throw a MillraceError (with `node`, `field` and `range`) for code that cannot run.
 */
export interface Sandbox {
  /** The function of an expression over `row`. It must not change the row: code that might receives a copy. */
  expression(source: string, where: CodePlace): (row: Row) => unknown;
  /** The default function of a module. */
  snippet(source: string, where: CodePlace): (row: Row) => unknown;
  /** What a keyed module exports. Everything that is passed to its functions besides the row must be frozen, or belong to the code. */
  keyed(source: string, where: CodePlace): KeyedCode;
  /**
   * What a function of this sandbox threw. Total, and runs no code of what was thrown, which may be hostile. Without `place` (default true)
   * it has neither field nor range, at a small fraction of the cost.
   */
  explain(thrown: unknown, options?: { readonly place: boolean }): CodeFailure;
}

let sandbox: Sandbox | null = null;

/**
 * Locks the thread down, permanently, and returns its sandbox. Native modules can be loaded at any time; code that changes JavaScript's
 * built-in objects must not run in this thread.
 */
export function createSandbox(): Sandbox {
  sandbox ??= lockDown();
  return sandbox;
}

function lockDown(): Sandbox {
  writeDatesInEnglish();
  lockdown({
    // Compartments have evaluators of their own. Ours stay as they were, for code that the engine generates: SES's would
    // look up every global by name, at a fraction of the speed.
    evalTaming: 'unsafe-eval',
    errorTaming: 'safe',
    consoleTaming: 'unsafe',
    errorTrapping: 'none',
    unhandledRejectionTrapping: 'none',
    reporting: 'none',
    domainTaming: 'unsafe',
    stackFiltering: 'verbose',
  });
  watchPlaces(unitName);
  refuseImports();
  const compartment = new Compartment({ globals: harden({ ...library, ...textCoders }), __options__: true });
  // What runs a text as code is not among them: no code runs that the parser has not seen.
  for (const name of Reflect.ownKeys(compartment.globalThis)) {
    if (typeof name === 'string' && !globals.has(name) && !Object.hasOwn(library, name)) Reflect.deleteProperty(compartment.globalThis, name);
  }
  // Frozen, so that no code leaves anything behind for another's, and so that globals are constants to the compiler.
  harden(compartment.globalThis);
  const units: Unit[] = [];
  // Null gives null in expressions, and fails in code with statements.
  const inExpressions = harden(guardedGlobals(compartment.globalThis, () => null, failCall));
  const inCode = harden(guardedGlobals(compartment.globalThis, failCall, failCall));

  /** Returns the code's value and whether it may change the row. */
  const evaluate = (source: string, where: CodePlace, kind: CodeKind): { readonly value: unknown; readonly mutates: boolean } => {
    const stripped = stripTypes(source, kind);
    if (!stripped.ok) throw new MillraceError({ ...stripped.problem, ...where });
    const { code } = stripped;
    const guarded = guardNulls(code, kind);
    const body =
      kind === 'expression' ? `(row) => (\n${guarded.code}\n)` : `(() => {\n${kind === 'module' ? snippetBody(guarded.code) : keyedBody(guarded.code)}\n})()`;
    const unit = units.push({ where, source, guarded }) - 1;
    const globals = kind === 'expression' ? inExpressions : inCode;
    try {
      const parameters = [...guarded.globals, ...guarded.parameters];
      const make = compartment.evaluate(`((${parameters.join(',')}) => ${body})\n//# sourceURL=${unitName}${unit}`) as (...given: unknown[]) => unknown;
      const value = make(...guarded.globals.map((name) => globals[name]), ...harden(guardsOf(guarded.sites, kind !== 'expression', source)));
      return { value, mutates: mayMutate(kind === 'expression' ? `(${code}\n)` : code) };
    } catch (error) {
      throw new MillraceError({ ...explain(error), ...where });
    }
  };
  const noFunction = (message: string, hint: string, where: CodePlace) => new MillraceError({ code: 'code/no-function', message, hint, ...where });

  const compile = (source: string, where: CodePlace, kind: 'expression' | 'module'): ((row: Row) => unknown) => {
    const { value, mutates } = evaluate(source, where, kind);
    if (typeof value !== 'function') {
      throw noFunction('The snippet does not export a function.', 'Write `export default function step(row: Row) { return row; }`.', where);
    }
    const step = value as (row: Row) => unknown;
    return mutates ? (row) => step(copyRow(row)) : step;
  };

  const compileKeyed = (source: string, where: CodePlace): KeyedCode => {
    const { value, mutates } = evaluate(source, where, 'keyed');
    const { initial, onRow, onTimer } = value as { readonly initial?: unknown; readonly onRow: unknown; readonly onTimer?: unknown };
    for (const [name, part] of [
      ['onRow', onRow],
      ['onTimer', onTimer ?? onRow],
    ] as const) {
      if (typeof part === 'function') continue;
      throw noFunction(`"${name}" is not a function.`, 'Write `export function onRow(row: Row, state: State, context: Context) { return row; }`.', where);
    }
    const step = onRow as KeyedCode['onRow'];
    return {
      initial,
      onRow: mutates ? (row, state, context) => step(copyRow(row), state, context) : step,
      onTimer: (onTimer as KeyedCode['onTimer'] | undefined) ?? null,
    };
  };

  const explain: Sandbox['explain'] = (thrown, options) => {
    const place = options?.place === false ? null : placeOf(thrown, unitName);
    const unit = place ? units[place.unit] : undefined;
    const range = place ? rangeOf(place, unit) : undefined;
    return {
      ...wording(thrown),
      ...(unit && range ? readOfNull(thrown, unit.source, range) : {}),
      ...(unit === undefined ? {} : { field: unit.where.field }),
      ...(range ? { range } : {}),
    };
  };

  return {
    expression: (source, where) => compile(source, where, 'expression'),
    snippet: (source, where) => compile(source, where, 'module'),
    keyed: compileKeyed,
    explain,
  };
}

/** Marks the stack frames of users' code: `millrace-code-3` is the fourth piece that was compiled. */
const unitName = 'millrace-code-';

/** A piece of compiled code. */
interface Unit {
  readonly where: CodePlace;
  readonly source: string;
  readonly guarded: GuardedCode;
}

/** The code is one line lower than in the editor, and has guards in it. */
function rangeOf({ line, column }: Place, unit: Unit | undefined): { line: number; column: number } {
  const plain = { line: Math.max(1, line - 1), column };
  return unit ? unit.guarded.originalPlace(plain) : plain;
}

function wording(thrown: unknown): CodeProblem {
  const fault = guardFault(thrown);
  return fault ? { ...fault, message: sentence(thrownText(thrown)) } : thrownProblem(thrown);
}

/** The hint if a member was read from null. V8 gives the position of its name or bracket. */
function readOfNull(thrown: unknown, source: string, { line, column }: TextPlace): Pick<CodeProblem, 'hint' | 'fix'> {
  const key = /^Cannot read properties of (?:null|undefined) \(reading '(.*)'\)$/.exec(thrownText(thrown))?.[1];
  if (key === undefined) return {};
  const lines = source.split('\n').slice(0, line - 1);
  const fix = optionalLinkAt(source, lines.reduce((sum, text) => sum + text.length + 1, 0) + column - 1, key);
  return fix ? { hint: 'Write `?.` to get undefined there, or test it first.', fix } : {};
}
