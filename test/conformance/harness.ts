/** Runs one node definition over one of its examples, in process and without the engine: what a node's author tests with. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MemoryState } from '@millrace/kit/keyed-state';
import type {
  Example,
  InferContext,
  NodeDefinition,
  NodeProblem,
  Operator,
  RowFailure,
  SinkContext,
  SinkDefinition,
  SourceContext,
  SourceDefinition,
  TransformContext,
  TransformDefinition,
} from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import { completeParams, type Params, validateParams } from '@millrace/kit/params';
import { exampleFile } from '@millrace/kit/testing/example-files';
import { loadOperators, openOperator, operations } from '../../engine/operators/open.ts';
import { inputsOf, isBounded, outputsOf } from '../../engine/plan/catalogue.ts';
import { lower } from '../../engine/plan/lower.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { endOfTime } from '../../model/schema/event-time.ts';
import { inferFromJson } from '../../model/schema/infer.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { compilersOf, explain } from './users-code.ts';

await loadOperators(operations);

export interface ExampleRun {
  /** What validation, discovery and inference had to say. With an error among them the node was not run. */
  readonly problems: readonly NodeProblem[];
  /** Rows that failed, in order, and what ended the run (without a row). */
  readonly failures: readonly RowFailure[];
  readonly inputs: { readonly [port: string]: Schema };
  readonly schemas: { readonly [port: string]: Schema | null };
  readonly outputs: { readonly [port: string]: readonly Row[] };
  /** Transforms: the operator took its rows one by one. */
  readonly isRowByRow: boolean;
}

export interface RunOptions {
  /** An empty folder of this run's own: the pipeline's place. */
  readonly folder: string;
  /** Rows per batch. */
  readonly batchSize: number;
}

/** Runs an example. Never throws for what the node reports as a MillraceError. */
export async function runExample(definition: NodeDefinition, example: Example<any>, options: RunOptions): Promise<ExampleRun> {
  await putFiles(example, options.folder);
  const { context, problems } = await prepare(definition, example, options);
  const { outputs: schemas, problems: inferred = [] } = definition.infer(context);
  problems.push(...inferred);
  const inputs = Object.fromEntries(Object.entries(context.inputs).flatMap(([port, schema]) => (schema ? [[port, schema]] : [])));
  const run = new Run(definition, example, context.params, inputs, schemas, options);
  if (!problems.some((problem) => problem.severity === 'error')) await run.run();
  return { problems, inputs, schemas, failures: run.failures, outputs: run.outputs, isRowByRow: run.isRowByRow };
}

async function putFiles(example: Example<any>, folder: string): Promise<void> {
  for (const [path, content] of Object.entries(example.files ?? {})) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, exampleFile(content));
  }
}

/** The context that `infer` gets for an example, after discovery. */
async function prepare(definition: NodeDefinition, example: Example<any>, options: RunOptions) {
  const inputLists = Object.fromEntries(inputsOf(definition).map(({ name }) => [name, edgesOf(example, name).map((edge) => edge.schema)]));
  const inputs = Object.fromEntries(Object.entries(inputLists).map(([port, schemas]) => [port, schemas[0] ?? null]));
  const { params, problems: invalid } = validateParams(definition.params, example.params as Params, inputs);
  const problems: NodeProblem[] = [...invalid];
  let discovered: Schema | null = null;
  if (definition.kind === 'source' && definition.discover && invalid.every((problem) => problem.severity !== 'error')) {
    const discovery = await definition.discover({
      params,
      path: (path) => resolve(options.folder, path),
      signal: new AbortController().signal,
    });
    discovered = discovery.schema;
    problems.push(...(discovery.problems ?? []));
  }
  const context: InferContext<any> = { params, inputs, inputLists, discovered, analyse: codeAnalysis };
  return { context, problems };
}

/** An example's rows for a port, by edge: rows with the same columns come along the same one. */
export function edgesOf(example: Example<any>, port: string): { readonly schema: Schema; readonly rows: readonly Row[] }[] {
  const rows = example.inputs?.[port];
  const declared = example.inputSchemas?.[port];
  if (declared) return [{ schema: declared, rows: rows ?? [] }];
  const edges = new Map<string, Row[]>();
  for (const row of rows ?? []) {
    const key = JSON.stringify(Object.keys(row).sort());
    const edge = edges.get(key);
    if (edge) edge.push(row);
    else edges.set(key, [row]);
  }
  return [...edges.values()].map((rows) => ({ rows, schema: schemaOf(rows) }));
}

/** The schema of an example's rows: text is text, even where it looks like a time, and a column is nullable if it has a null. */
function schemaOf(rows: readonly Row[]): Schema {
  const { columns } = inferFromJson(rows);
  return {
    columns: columns.map(({ name, type }) => {
      const values = rows.map((row) => row[name] ?? null);
      const isText = type === 'timestamp' || type === 'date' || (type === 'string' && values.every((value) => value === null || typeof value === 'string'));
      return { name, type: isText ? 'string' : type, nullable: values.includes(null) };
    }),
  };
}

class Run {
  readonly failures: RowFailure[] = [];
  readonly outputs: Record<string, Row[]> = {};
  isRowByRow = true;
  readonly #definition: NodeDefinition;
  readonly #example: Example<any>;
  readonly #options: RunOptions;
  readonly #shared = new Map<string, { close(): void }>();
  readonly #context: SourceContext<any> & TransformContext<any> & SinkContext<any>;

  constructor(
    definition: NodeDefinition,
    example: Example<any>,
    params: Params,
    inputs: { readonly [port: string]: Schema },
    schemas: { readonly [port: string]: Schema | null },
    options: RunOptions,
  ) {
    this.#definition = definition;
    this.#example = example;
    this.#options = options;
    for (const { name } of outputsOf(definition)) this.outputs[name] = [];
    this.#context = {
      params,
      inputs,
      outputs: Object.fromEntries(Object.entries(schemas).flatMap(([port, schema]) => (schema ? [[port, schema]] : []))),
      path: (path) => resolve(options.folder, path),
      signal: new AbortController().signal,
      log: () => {},
      fail: (failure) => this.failures.push(failure),
      shared: (key, open) => {
        const opened = this.#shared.get(key) ?? open();
        this.#shared.set(key, opened);
        return opened as ReturnType<typeof open>;
      },
      batchSize: options.batchSize,
      start: null,
      sample: !isBounded(definition, params),
      refuse: (failure) => this.failures.push(failure),
      pattern: (source, flags) => (text) => new RegExp(source, flags).exec(text),
      now: () => 0,
      wallTime: () => 0,
      elapsed: () => performance.now(),
      state: () => new MemoryState(),
      memory: Number.POSITIVE_INFINITY,
      yieldNow: () => {},
      outputTime: { advance: () => {}, idle: () => {}, order: () => undefined },
      commits: 'end',
      resume: null,
      lineage: 'example',
      emit: (port, rows) => this.#emit(port, rows),
      ...compilersOf(lower(definition, params, inputs)),
      explain,
    };
  }

  async run(): Promise<void> {
    try {
      if (this.#definition.kind === 'source') await this.#read(this.#definition, this.#context);
      else if (this.#definition.kind === 'transform') await this.#transform(this.#definition, this.#context);
      else await this.#write(this.#definition, this.#context);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.failures.push(error.problem);
    } finally {
      for (const resource of this.#shared.values()) resource.close();
    }
  }

  async #read(definition: SourceDefinition<any>, context: SourceContext<any>): Promise<void> {
    const reader = await definition.run(context);
    let failed = this.failures.length;
    try {
      for (let batch = await reader.read(); batch !== null; batch = await reader.read()) {
        if (context.signal.aborted) break;
        if (batch.rows.length === 0 && this.failures.length === failed) throw new Error('A source delivered a batch without rows or failures');
        failed = this.failures.length;
        this.#emit(outputsOf(definition)[0]!.name, batch.rows);
      }
    } finally {
      await reader.close();
    }
  }

  async #transform(definition: TransformDefinition<any>, context: TransformContext<any>): Promise<void> {
    const op = lower(definition, context.params, context.inputs)!;
    const { first } = traitsOf(op);
    const operator = openOperator(op, context, () => definition.run!(context));
    this.isRowByRow = !('process' in operator);
    // Ports that must be read to their end come first, as in the engine.
    const ports = [...definition.inputs].sort((a, b) => Number(first.includes(b.name)) - Number(first.includes(a.name)));
    let isDone = false;
    for (const port of ports) {
      for (const batch of this.#batches(port.name)) {
        if (isDone) break;
        if ('process' in operator) {
          operator.process(batch, port.name);
          isDone = operator.done?.() ?? false;
        } else for (const row of batch) this.#step(operator, row);
      }
      if ('process' in operator) operator.ended?.(port.name);
    }
    if ('process' in operator) operator.advance?.(endOfTime);
    if ('process' in operator) await operator.finish?.();
  }

  /** One row through a stateless operator: what it throws fails that row alone. */
  #step(operator: Exclude<Operator, { process: unknown }>, row: Row): void {
    const [first, second] = outputsOf(this.#definition);
    try {
      if ('map' in operator) this.#emit(first!.name, [operator.map(row)]);
      else if ('test' in operator) this.#emit(operator.test(row) ? first!.name : second?.name, [row]);
      else this.#emit(first!.name, operator.expand(row));
    } catch (error) {
      const problem =
        error instanceof MillraceError ? error.problem : { code: 'code/threw' as const, message: error instanceof Error ? error.message : String(error) };
      this.failures.push({ ...problem, row });
    }
  }

  async #write(definition: SinkDefinition<any>, context: SinkContext<any>): Promise<void> {
    const writer = await definition.run(context);
    let committed = false;
    try {
      for (const port of definition.inputs) for (const batch of this.#batches(port.name)) await writer.write(batch);
      await writer.commit();
      committed = true;
      writer.output();
    } finally {
      if (!committed) await writer.abort();
      await writer.close();
    }
  }

  #emit(port: string | undefined, rows: readonly Row[]): void {
    if (port === undefined) return;
    if (!this.outputs[port]) throw new Error(`Rows were sent to the port "${port}", which is not declared`);
    this.outputs[port].push(...rows);
  }

  /** Deep-frozen, so that a node which changes its input throws. */
  *#batches(port: string): Generator<readonly Row[]> {
    for (const { rows } of edgesOf(this.#example, port)) {
      for (let i = 0; i < rows.length; i += this.#options.batchSize) yield deepFreeze(structuredClone(rows.slice(i, i + this.#options.batchSize)));
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}

/** An example's params, completed: for tests that call `card`, `reads` or `writes`. */
export function paramsOf(definition: NodeDefinition, example: Example<any>): Params {
  return completeParams(definition.params, example.params as Params);
}
