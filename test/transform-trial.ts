/** Runs a transform over rows in this thread, without the engine, and can stop it half-way to start it again from its snapshot. */
import { deserialize, serialize } from 'node:v8';
import { type KeyedState, MemoryState } from '@millrace/kit/keyed-state';
import type {
  NodeProblem,
  Operator,
  OperatorContext,
  OutputTime,
  RowFailure,
  StatefulOperator,
  TransformContext,
  TransformDefinition,
} from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { type Params, validateParams } from '@millrace/kit/params';
import { loadOperators, openOperator, operations } from '../engine/operators/open.ts';
import { outputsOf } from '../engine/plan/catalogue.ts';
import { inheritEventTime } from '../engine/plan/event-time.ts';
import { lower } from '../engine/plan/lower.ts';
import { codeAnalysis } from '../engine/sandbox/analysis.ts';
import { MillraceError } from '../model/problems/problem.ts';
import { endOfTime } from '../model/schema/event-time.ts';
import type { ColumnType, Row, Schema } from '../model/values/types.ts';
import { compilersOf, explain } from './conformance/users-code.ts';

await loadOperators(operations);

export interface TrialInput {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}
export interface TrialOptions {
  /** By port; a port that takes many edges has a list. */
  readonly inputs: { readonly [port: string]: TrialInput | readonly TrialInput[] };
  readonly batchSize?: number;
  /** After so many batches the operator is thrown away, and a new one gets its state as it would be stored. */
  readonly restartAfter?: number;
  /** Bytes that the operator may hold in plain memory. */
  readonly memory?: number;
}
export interface Trial {
  readonly problems: readonly NodeProblem[];
  readonly schemas: { readonly [port: string]: Schema | null };
  readonly outputs: { readonly [port: string]: readonly Row[] };
  readonly failures: readonly RowFailure[];
  /** What it told, without the level. */
  readonly logs: readonly string[];
}

/** `{ id: 'integer', name: 'string?' }` as a schema; `?` marks nullable columns. */
export function schema(columns: { readonly [name: string]: ColumnType | `${ColumnType}?` }): Schema {
  return {
    columns: Object.entries(columns).map(([name, type]) => ({ name, type: type.replace('?', '') as ColumnType, nullable: type.endsWith('?') })),
  };
}

/** A transform whose params and inputs were checked, ready to be started, also several times with the same keyed state. */
export interface PreparedTransform {
  readonly params: Params;
  readonly op: Op;
  readonly problems: readonly NodeProblem[];
  readonly schemas: { readonly [port: string]: Schema | null };
  /** Not to be called where a problem is an error. */
  start(): Operator;
}
export interface Surroundings {
  /** Bytes of plain memory; without it there is no limit. */
  readonly memory?: number;
  now(): number;
  fail(failure: RowFailure): void;
  emit(port: string, rows: readonly Row[]): void;
  log?(level: 'info' | 'warning', message: string): void;
  readonly outputTime?: OutputTime;
  /** In place of state in memory, which all operators that are started share. */
  readonly state?: OperatorContext['state'];
}

/** `inputLists` has the schemas of each port's edges. */
export function prepareTransform(
  definition: TransformDefinition<any>,
  given: Params,
  inputLists: { readonly [port: string]: readonly Schema[] },
  surroundings: Surroundings,
): PreparedTransform {
  const inputs = Object.fromEntries(Object.entries(inputLists).map(([port, schemas]) => [port, schemas[0] ?? null]));
  const { params, problems: invalid } = validateParams(definition.params, given, inputs);
  const { outputs, problems: inferred = [] } = definition.infer({ params, inputs, inputLists, discovered: null, analyse: codeAnalysis });
  const schemas = inheritEventTime(outputs as { readonly [port: string]: Schema | null }, inputLists[definition.inputs[0]!.name] ?? []);
  const states = new Map<string, KeyedState<any>>();
  const op = lower(definition, params, inputs)!;
  const start = (): Operator => {
    const context: TransformContext<any> = {
      params,
      state: (name) => {
        const found = states.get(name) ?? new MemoryState<any>();
        states.set(name, found);
        return found;
      },
      memory: Number.POSITIVE_INFINITY,
      inputs: inputs as { [port: string]: Schema },
      outputs: schemas as { [port: string]: Schema },
      path: (path) => path,
      signal: new AbortController().signal,
      log: () => {},
      yieldNow: () => {},
      outputTime: { advance: () => {}, idle: () => {}, order: () => undefined },
      shared: (_, open) => open(),
      ...compilersOf(op),
      explain,
      ...surroundings,
      wallTime: surroundings.now,
    };
    return openOperator(op, context, () => definition.run!(context));
  };
  return { params, op, problems: [...invalid, ...inferred], schemas, start };
}

/** What a transform does, in a context of the test's own. */
export function startTransform(definition: TransformDefinition<any>, context: TransformContext<any>): Operator {
  return openOperator(lower(definition, context.params, context.inputs ?? {})!, context, () => definition.run!(context));
}

/** With problems of severity error the transform is not run. */
export function tryTransform(
  definition: TransformDefinition<any>,
  given: Params,
  { inputs, batchSize = 3, restartAfter, memory = Number.POSITIVE_INFINITY }: TrialOptions,
): Trial {
  const lists = Object.fromEntries(Object.entries(inputs).map(([port, input]) => [port, Array.isArray(input) ? input : [input]])) as {
    [port: string]: TrialInput[];
  };
  const inputLists = Object.fromEntries(definition.inputs.map(({ name }) => [name, (lists[name] ?? []).map((input) => input.schema)]));
  const outputs: Record<string, Row[]> = Object.fromEntries(outputsOf(definition).map(({ name }) => [name, []]));
  const failures: RowFailure[] = [];
  const logs: string[] = [];
  const { op, problems, schemas, start } = prepareTransform(definition, given, inputLists, {
    now: () => 0,
    memory,
    fail: (failure) => failures.push(failure),
    emit: (port, rows) => outputs[port]!.push(...rows),
    log: (_, message) => logs.push(message),
  });
  const trial = { problems, schemas, outputs, failures, logs };
  if (problems.some(({ severity }) => severity === 'error')) return trial;

  const { first } = traitsOf(op);
  let operator = start();
  let batches = 0;
  for (const { name } of [...definition.inputs].sort((a, b) => Number(first.includes(b.name)) - Number(first.includes(a.name)))) {
    for (const { rows } of lists[name] ?? []) {
      for (let i = 0; i < rows.length; i += batchSize) {
        if (batches++ === restartAfter && 'process' in operator) {
          const state = deserialize(serialize(operator.snapshot?.()));
          operator = start();
          if (state !== undefined) (operator as StatefulOperator).restore!(state);
        }
        work(operator, rows.slice(i, i + batchSize), name, outputs, failures);
      }
    }
    if ('process' in operator) operator.ended?.(name);
  }
  if ('process' in operator) {
    operator.advance?.(endOfTime);
    operator.finish?.();
  }
  return trial;
}

function work(operator: Operator, rows: readonly Row[], port: string, outputs: Record<string, Row[]>, failures: RowFailure[]): void {
  if ('process' in operator) {
    operator.process(rows, port);
    return;
  }
  const [first, second] = Object.values(outputs);
  for (const row of rows) {
    try {
      if ('map' in operator) first!.push(operator.map(row));
      else if ('expand' in operator) first!.push(...operator.expand(row));
      else if (operator.test(row)) first!.push(row);
      else second?.push(row);
    } catch (error) {
      if (error instanceof MillraceError) failures.push({ ...error.problem, row });
      else failures.push({ code: 'code/threw', message: (error as Error).message, row });
    }
  }
}
