import { isAbsolute, resolve } from 'node:path';
import type { KeyedCode, OrderCare, OutputTime, RowFailure, RunContext, SourceContext, TransformContext, Undo } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import { errorPort } from '../../document/pipeline.ts';
import { withSecrets } from '../../plan/connections.ts';
import type { PlannedNode, SecretTexts } from '../../protocol/physical-plan.ts';
import type { CodeFailure, CodePlace, Sandbox } from '../../sandbox/sandbox.ts';
import type { Clock } from './clock.ts';
import { enterCode, leaveCode, type Monitor, watched, watchedKeyed } from './monitor.ts';
import type { StatesOfNode } from './node-states.ts';

/** What suits the engine: larger batches are not faster, and hold more memory. */
export const batchSize = 1024;
const placedFailures = 1000;

/** What nodes share during one run. */
export interface Surroundings {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly shared: SharedThings;
  readonly secrets?: SecretTexts | undefined;
  onWaits?(node: string, reason: string | null): void;
  onLog(level: 'info' | 'warning', message: string, node: string): void;
  onGuard(node: string, undo: Undo | readonly Undo[]): void;
}

export function runContext(node: PlannedNode, surroundings: Surroundings, fail: (failure: RowFailure) => void): RunContext {
  const { folder, signal, shared, onLog, onGuard, onWaits } = surroundings;
  const { [errorPort]: _, ...outputs } = node.outputs;
  return {
    ...withTexts(node, surroundings.secrets),
    inputs: node.inputs,
    outputs,
    path: (path) => (isAbsolute(path) ? path : resolve(folder, path)),
    signal,
    log: (level, message) => onLog(level, message, node.id),
    fail,
    shared: (key, open) => shared.get(key, open),
    guard: (undo) => onGuard(node.id, undo),
    waits: (reason) => onWaits?.(node.id, reason),
  };
}

/** What a node gets of its params and its connection: with the texts of secrets. */
export function withTexts(
  { params, secrets = [], connection }: Pick<PlannedNode, 'params' | 'secrets' | 'connection'>,
  texts: SecretTexts = {},
): Pick<RunContext, 'params' | 'connection'> {
  if (!connection) return { params: withSecrets(params, secrets, texts) };
  const { name, type } = connection;
  return { params: withSecrets(params, secrets, texts), connection: { name, type, params: withSecrets(connection.params, connection.secrets, texts) } };
}

export function sourceContext(
  context: RunContext,
  start: Json,
  order: OrderCare | undefined,
  refuse: (failure: RowFailure) => void,
  pattern: SourceContext['pattern'] = unwatchedPattern,
): SourceContext {
  return { ...context, batchSize, start, order, now: Date.now, elapsed: () => performance.now(), refuse, pattern, sample: false };
}

/** Where the process itself has a limit of time: in previews. */
function unwatchedPattern(source: string, flags: string): (text: string) => RegExpExecArray | null {
  const pattern = new RegExp(source, flags);
  return (text) => pattern.exec(text);
}

export function transformContext(
  context: RunContext,
  emit: (port: string, rows: readonly Row[]) => void,
  code: Code,
  states: StatesOfNode,
  memory: number,
  { now, wallTime }: Clock,
  yieldNow: () => void | Promise<void>,
  outputTime: OutputTime,
): TransformContext {
  return {
    ...context,
    emit: (port, rows) => {
      code.leave();
      emit(port, rows);
    },
    now,
    wallTime,
    yieldNow,
    outputTime,
    state: (name) => states.open(name),
    memory,
    expression: (source, field) => code.compile('expression', source, field),
    snippet: (source, field) => code.compile('snippet', source, field),
    keyed: (source, field) => code.compileKeyed(source, field),
    explain: (thrown) => code.explain(thrown),
  };
}

/** The users' code of one node. */
export class Code {
  readonly #node: string;
  readonly #sandbox: Sandbox;
  readonly #monitor: Monitor | undefined;
  readonly #register: (node: string, field: string) => number;
  /** The numbers of patterns, by their fields. */
  readonly #patterns = new Map<string, number>();
  #explained = 0;

  /** `register` numbers each piece of code of the run, before it is run for the first time. */
  constructor(node: string, sandbox: Sandbox, monitor: Monitor | undefined, register: (node: string, field: string) => number) {
    this.#node = node;
    this.#sandbox = sandbox;
    this.#monitor = monitor;
    this.#register = register;
  }

  compile(kind: 'expression' | 'snippet', source: string, field: string): (row: Row) => unknown {
    return this.#compiled(field, (where) => this.#sandbox[kind](source, where), watched);
  }

  /** A regular expression is no code, but may take as long as an endless loop does. */
  pattern(source: string, flags: string, field: string): (text: string) => RegExpExecArray | null {
    const find = unwatchedPattern(source, flags);
    const monitor = this.#monitor;
    if (!monitor) return find;
    // Asked for with every file that is followed.
    const number = this.#patterns.get(field) ?? this.#register(this.#node, field);
    this.#patterns.set(field, number);
    const watchedFind = watched(find, monitor, number);
    return (text) => {
      try {
        return watchedFind(text) as RegExpExecArray | null;
      } finally {
        leaveCode(monitor);
      }
    };
  }

  compileKeyed(source: string, field: string): KeyedCode {
    return this.#compiled(
      field,
      (where) => this.#sandbox.keyed(source, where),
      ({ initial, onRow, onTimer }, monitor, number) => ({
        initial: typeof initial === 'function' ? watched(initial as (key: unknown) => unknown, monitor, number) : initial,
        onRow: watchedKeyed(onRow, monitor, number),
        onTimer: onTimer && watchedKeyed(onTimer, monitor, number),
      }),
    );
  }

  #compiled<T>(field: string, compile: (where: CodePlace) => T, watch: (code: T, monitor: Monitor, number: number) => T): T {
    const where = { node: this.#node, field };
    const monitor = this.#monitor;
    if (!monitor) return compile(where);
    const number = this.#register(this.#node, field);
    enterCode(monitor, number);
    // The mark stays until the node is open: what a module exports may hold code as well, such as a getter of its initial state.
    return watch(compile(where), monitor, number);
  }

  /** Finding the place costs many times what a row does: the first failures have it, which is all that anybody reads. */
  explain(thrown: unknown): CodeFailure {
    if (thrown instanceof MillraceError) return thrown.problem;
    return this.#sandbox.explain(thrown, { place: this.#explained++ < placedFailures });
  }

  /** What comes now is no users' code: rows go on to the next node. */
  leave(): void {
    if (this.#monitor) leaveCode(this.#monitor);
  }
}

/** One instance for each key, closed together at the end. */
export class SharedThings {
  readonly #things = new Map<string, { close(): void }>();

  get<T extends { close(): void }>(key: string, open: () => T): T {
    const found = this.#things.get(key);
    if (found) return found as T;
    const thing = open();
    this.#things.set(key, thing);
    return thing;
  }

  /** Closes all of them, and then throws what the first failing one threw. */
  close(): void {
    const errors: unknown[] = [];
    for (const thing of this.#things.values()) {
      try {
        thing.close();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#things.clear();
    if (errors.length > 0) throw errors[0];
  }
}
