/** Runs a source as the engine would, for tests. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Detected } from '../../model/schema/detected.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import type { Connection } from '../connection.ts';
import type { Discovery, NodeProblem, OrderCare, Reader, RowFailure, SourceDefinition, WatermarkStep } from '../node.ts';
import { completeParams, type Params } from '../params.ts';

export interface Outcome {
  readonly schema: Schema | null;
  readonly problems: readonly NodeProblem[];
  /** The detected format of the input. */
  readonly detected: readonly Detected[];
  readonly rows: readonly Row[];
  /** `source:line` of each row. */
  readonly places: readonly string[];
  /** In order; `after` counted from the first row. */
  readonly watermarks: readonly WatermarkStep[];
  readonly failures: readonly RowFailure[];
  readonly logs: readonly string[];
  /** Rows in each batch: none if everything that was read failed. */
  readonly sizes: readonly number[];
  /** The position after each batch, with the number of rows until there, and the watermark if that batch moved it. */
  readonly positions: readonly { readonly rows: number; readonly position: Json; readonly watermark?: number }[];
}

/** A new folder that holds these files. */
export function folderOf(files: { readonly [path: string]: string | Uint8Array }): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-source-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

export interface SourceOptions {
  readonly batchSize?: number;
  readonly start?: Json;
  readonly split?: Json;
  readonly shared?: Map<string, { close(): void }>;
  readonly schema?: Schema;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly order?: OrderCare;
  readonly sample?: boolean;
  /** That its node names, secrets filled in. */
  readonly connection?: Connection | undefined;
  readonly waits?: (reason: string | null) => void;
}
export interface OpenSource {
  readonly schema: Schema | null;
  readonly problems: readonly NodeProblem[];
  readonly detected: readonly Detected[];
  readonly failures: readonly RowFailure[];
  readonly logs: readonly string[];
  /** Opens the reader. Only if there is a schema. */
  open(): Promise<Reader>;
}

/** Looks at the outside world as the engine would, with params that are completed by their defaults. */
export async function openSource(
  definition: SourceDefinition<any>,
  folder: string,
  given: { readonly [param: string]: unknown },
  options: SourceOptions = {},
): Promise<OpenSource> {
  const params: any = completeParams(definition.params, given as Params);
  const path = (relative: string) => resolve(folder, relative);
  const signal = options.signal ?? new AbortController().signal;
  const discovery: Discovery = options.schema
    ? { schema: options.schema }
    : ((await definition.discover?.({ params, path, signal, connection: options.connection })) ?? { schema: null });
  const inference = definition.infer({ params, inputs: {}, inputLists: {}, discovered: discovery.schema, analyse: null as never });
  const schema = inference.outputs['rows'] ?? null;
  const failures: RowFailure[] = [];
  const logs: string[] = [];
  const shared = options.shared ?? new Map<string, { close(): void }>();
  const open = async () =>
    definition.run({
      params,
      inputs: {},
      outputs: { rows: schema! },
      path,
      signal,
      log: (_level, message) => logs.push(message),
      fail: (failure) => failures.push(failure),
      shared: <T extends { close(): void }>(key: string, make: () => T) => {
        if (!shared.has(key)) shared.set(key, make());
        return shared.get(key) as T;
      },
      guard: () => {},
      batchSize: options.batchSize ?? 1024,
      start: options.start ?? null,
      ...(options.split !== undefined && { split: options.split }),
      order: options.order,
      now: options.now ?? Date.now,
      // Does not advance if the test gives the time.
      elapsed: options.now ? () => 0 : () => performance.now(),
      sample: options.sample ?? false,
      connection: options.connection,
      ...(options.waits && { waits: options.waits }),
      pattern: (source, flags) => (text) => new RegExp(source, flags).exec(text),
      refuse: (failure) => failures.push(failure),
    });
  const problems = [...(discovery.problems ?? []), ...(inference.problems ?? [])];
  return { schema, problems, detected: discovery.detected ?? [], failures, logs, open };
}

export async function readSource(
  definition: SourceDefinition<any>,
  folder: string,
  given: { readonly [param: string]: unknown },
  options: SourceOptions = {},
): Promise<Outcome> {
  const { open, ...source } = await openSource(definition, folder, given, options);
  const rows: Row[] = [];
  const places: string[] = [];
  const watermarks: WatermarkStep[] = [];
  const sizes: number[] = [];
  let told = 0;
  const positions: { rows: number; position: Json; watermark?: number }[] = [];
  const outcome = { ...source, rows, places, positions, watermarks, sizes };
  if (!source.schema) return outcome;
  const reader = await open();
  try {
    for (let batch = await reader.read(); batch !== null; batch = await reader.read()) {
      if (batch.rows.length === 0 && source.failures.length === told) throw new Error('A batch without rows or failures');
      told = source.failures.length;
      sizes.push(batch.rows.length);
      batch.rows.forEach((_, i) => {
        const { source, line } = batch.locate?.(i) ?? { source: '', line: 0 };
        places.push(`${source}:${line}`);
      });
      for (const { after, watermark } of batch.watermarks ?? []) watermarks.push({ after: rows.length + after, watermark });
      rows.push(...batch.rows);
      positions.push({
        rows: rows.length,
        position: JSON.parse(JSON.stringify(reader.position())),
        ...(batch.watermarks && { watermark: batch.watermarks.at(-1)!.watermark }),
      });
    }
  } finally {
    await reader.close();
  }
  return outcome;
}
