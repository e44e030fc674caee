import { isAbsolute, resolve } from 'node:path';
import type { RowFailure, RunContext, SourceContext, TransformContext, Undo } from '../../nodes/kit/node.ts';
import { errorPort } from '../document/pipeline.ts';
import type { PlannedNode } from '../plan/physical.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Json, Row } from '../schema/types.ts';
import { enterCode, leaveCode, type Monitor, watched } from './monitor.ts';
import type { StatesOfNode } from './node-states.ts';

/** What suits the engine: larger batches are not faster, and hold more memory. */
export const batchSize = 1024;

/** What nodes share during one run. */
export interface Surroundings {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly shared: SharedThings;
  onLog(level: 'info' | 'warning', message: string, node: string): void;
  onGuard(node: string, undo: Undo | readonly Undo[]): void;
}

export function runContext(node: PlannedNode, surroundings: Surroundings, fail: (failure: RowFailure) => void): RunContext<any> {
  const { folder, signal, shared, onLog, onGuard } = surroundings;
  const { [errorPort]: _, ...outputs } = node.outputs;
  return {
    params: node.params,
    inputs: node.inputs,
    outputs,
    path: (path) => (isAbsolute(path) ? path : resolve(folder, path)),
    signal,
    log: (level, message) => onLog(level, message, node.id),
    fail,
    shared: (key, open) => shared.get(key, open),
    guard: (undo) => onGuard(node.id, undo),
  };
}

export function sourceContext(context: RunContext<any>, start: Json, refuse: (failure: RowFailure) => void): SourceContext<any> {
  return { ...context, batchSize, start, now: Date.now, refuse, sample: false };
}

export function transformContext(
  context: RunContext<any>,
  emit: (port: string, rows: readonly Row[]) => void,
  code: Code,
  states: StatesOfNode,
  now: () => number,
): TransformContext<any> {
  return {
    ...context,
    emit,
    now,
    state: (name) => states.open(name),
    expression: (source, field) => code.compile('expression', source, field),
    snippet: (source, field) => code.compile('snippet', source, field),
  };
}

/** The users' code of one node. */
export class Code {
  readonly #node: string;
  readonly #sandbox: Sandbox;
  readonly #monitor: Monitor | undefined;
  readonly #register: (node: string, field: string) => number;

  /** `register` numbers each piece of code of the run, before it is run for the first time. */
  constructor(node: string, sandbox: Sandbox, monitor: Monitor | undefined, register: (node: string, field: string) => number) {
    this.#node = node;
    this.#sandbox = sandbox;
    this.#monitor = monitor;
    this.#register = register;
  }

  compile(kind: 'expression' | 'snippet', source: string, field: string): (row: Row) => unknown {
    const where = { node: this.#node, field };
    const monitor = this.#monitor;
    if (!monitor) return this.#sandbox[kind](source, where);
    const number = this.#register(this.#node, field);
    enterCode(monitor, number);
    const run = this.#sandbox[kind](source, where);
    leaveCode(monitor);
    return watched(run, monitor, number);
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
