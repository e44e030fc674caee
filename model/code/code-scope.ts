import type { BlockStatement, Node } from 'acorn';
import type { ProblemCode } from '../problems/codes/index.ts';
import type { CodeFix, TextRange } from '../problems/problem.ts';
import { type Shape, union } from './shape.ts';

/** A problem of users' code that can be seen without running it. */
export interface CodeFinding {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  readonly range?: TextRange;
  readonly fix?: CodeFix;
}

export interface CodeWarning extends CodeFinding {
  readonly severity: 'warning' | 'info';
}

/** The position of a node of the syntax tree in the text. */
export function rangeOf(node: Node): TextRange | undefined {
  const { loc } = node;
  return loc ? { line: loc.start.line, column: loc.start.column + 1, endLine: loc.end.line, endColumn: loc.end.column + 1 } : undefined;
}

/** Users' functions and loops are followed at most this often, so that inferring types stays cheap. */
const maxSteps = 20_000;
const maxDepth = 12;
/** Variables and fields that may be copied while branches are followed: far more than in real code. */
const maxCopies = 2_000_000;
/** For one piece of code; the user sees the first ones. */
const mostFindings = 20;

/** The code has too many variables and branches for its types to be inferred. */
export class FollowedTooFar extends Error {}

/**
 * What is known while users' code is followed statement by statement: its variables' shapes, what is known not to be null, and the problems
 * so far. Mutable; `branch` tries a part of the code on a copy.
 */
export class CodeScope {
  #variables = new Map<string, Shape>();
  /** What each open block has hidden, to be restored at the block's end. */
  readonly #hidden: Map<string, Shape | undefined>[] = [];
  #notNull = new Set<string>();
  /** The variables as they were at each `break` and `continue` of the innermost loop. */
  readonly #jumps: Map<string, Shape>[][] = [];
  readonly findings: CodeFinding[] = [];
  /** For expressions: code that runs, but may not do what is wanted. */
  readonly warnings: CodeWarning[] = [];
  readonly #text: string;
  /** Names that are declared somewhere in the code: never reported as unknown. */
  readonly #declared: ReadonlySet<string>;
  #steps = 0;
  #copies = 0;
  #depth = 0;

  /** Follows a function's body and returns its result (code-flow.ts, which the expressions' part cannot import without a cycle). */
  readonly follow: (body: BlockStatement, scope: CodeScope) => Shape;

  readonly only: 'expression' | 'snippet';

  /** `text` is the code itself. */
  constructor(
    only: CodeScope['only'],
    variables: Iterable<readonly [string, Shape]>,
    declared: ReadonlySet<string>,
    follow: CodeScope['follow'],
    text: string,
  ) {
    this.only = only;
    this.#text = text;
    for (const [name, shape] of variables) this.#variables.set(name, shape);
    this.#declared = declared;
    this.follow = follow;
  }

  get(name: string): Shape | undefined {
    return this.#variables.get(name);
  }
  isDeclared(name: string): boolean {
    return this.#declared.has(name);
  }
  names(): Iterable<string> {
    return this.#variables.keys();
  }
  /** Declares in the open block. */
  declare(name: string, shape: Shape): void {
    const hidden = this.#hidden.at(-1);
    if (hidden && !hidden.has(name)) hidden.set(name, this.#variables.get(name));
    this.assign(name, shape);
  }
  assign(name: string, shape: Shape): void {
    this.#variables.set(name, shape);
    for (const path of this.#notNull) if (path === name || path.startsWith(`${name}.`)) this.#notNull.delete(path);
  }

  block<T>(inside: () => T): T {
    this.#hidden.push(new Map());
    try {
      return inside();
    } finally {
      for (const [name, shape] of this.#hidden.pop() ?? []) {
        if (shape) this.#variables.set(name, shape);
        else this.#variables.delete(name);
      }
    }
  }

  /**
   * Runs each branch on a copy and continues with what all branches that reach their end (by returning true) have in common. Returns
   * whether any did.
   */
  branch(ways: readonly (() => boolean)[]): boolean {
    const before = this.#variables;
    const notNull = this.#notNull;
    const ends: Map<string, Shape>[] = [];
    const facts: Set<string>[] = [];
    for (const way of ways) {
      this.copying(before.size);
      this.#variables = new Map(before);
      this.#notNull = new Set(notNull);
      if (!way()) continue;
      ends.push(this.#variables);
      facts.push(this.#notNull);
    }
    this.#variables = ends.reduce(merge, new Map());
    if (ends.length === 0) this.#variables = before;
    this.#notNull = new Set([...(facts[0] ?? [])].filter((path) => facts.every((each) => each.has(path))));
    return ends.length > 0;
  }

  /** A body that runs any number of times: followed twice, so that what it assigns is known when it begins again. */
  loop(body: () => boolean): void {
    for (let pass = 0; pass < 2 && this.#steps < maxSteps; pass++) {
      this.#steps++;
      this.jumpTarget(() => this.branch([() => true, body]));
    }
  }
  /** Follows `body`; what held at its `break`s and `continue`s holds after it too. */
  jumpTarget(body: () => boolean): boolean {
    this.#jumps.push([]);
    const completes = body();
    const jumps = this.#jumps.pop() ?? [];
    this.#variables = jumps.reduce(merge, completes || jumps.length === 0 ? this.#variables : new Map());
    return completes || jumps.length > 0;
  }
  jump(): void {
    this.copying(this.#variables.size);
    this.#jumps.at(-1)?.push(new Map(this.#variables));
  }

  /** Follows a part of the code where these paths (`row.temperature`) are known not to be null. */
  assume(paths: readonly string[]): void {
    for (const path of paths) this.#notNull.add(path);
  }
  assuming<T>(paths: readonly string[], inside: () => T): T {
    const before = this.#notNull;
    this.#notNull = new Set([...before, ...paths]);
    try {
      return inside();
    } finally {
      this.#notNull = before;
    }
  }
  isNotNull(path: string): boolean {
    return this.#notNull.has(path);
  }

  /** Call it before this many variables or fields are copied. Throws FollowedTooFar. */
  copying(count: number): void {
    this.#copies += count;
    if (this.#copies > maxCopies) throw new FollowedTooFar();
  }

  /** Enters a function unless that would be too deep or too long; then returns `otherwise`. */
  enter<T>(otherwise: T, inside: () => T): T {
    if (this.#depth >= maxDepth || this.#steps >= maxSteps) return otherwise;
    this.#depth++;
    this.#steps++;
    try {
      return this.block(inside);
    } finally {
      this.#depth--;
    }
  }

  /** `words` returns the message and the hint, if they are needed: it may look through thousands of names. */
  report(node: Node, code: ProblemCode, words: () => readonly [message: string, hint?: string]): void {
    const range = rangeOf(node);
    if (isTold(this.findings, code, range)) return;
    const [message, hint] = words();
    this.findings.push({ code, message, hint, range });
  }

  /** `words` is called with the text of the node, `fixed` with the whole code. */
  warn(
    node: Node,
    code: ProblemCode,
    severity: CodeWarning['severity'],
    words: (text: string) => readonly [message: string, hint: string],
    fixed: (code: string) => CodeFix | undefined,
  ): void {
    const range = rangeOf(node);
    if (this.only !== 'expression' || isTold(this.warnings, code, range)) return;
    const [message, hint] = words(this.#text.slice(node.start, node.end).replace(/\s+/g, ' '));
    this.warnings.push({ code, severity, message, hint, range, fix: fixed(this.#text) });
  }
}

function isTold(told: readonly CodeFinding[], code: ProblemCode, range: TextRange | undefined): boolean {
  return (
    told.length >= mostFindings ||
    told.some((finding) => finding.code === code && finding.range?.line === range?.line && finding.range?.column === range?.column)
  );
}

function merge(a: Map<string, Shape>, b: Map<string, Shape>): Map<string, Shape> {
  const merged = new Map(a);
  for (const [name, shape] of b) {
    const other = merged.get(name);
    merged.set(name, other && other !== shape ? union(other, shape) : shape);
  }
  return merged;
}
