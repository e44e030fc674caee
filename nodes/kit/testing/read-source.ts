/** Runs a source as the engine would, for tests. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Json, Row, Schema } from '../../../engine/schema/types.ts';
import type { NodeProblem, OrderCare, RowFailure, SourceDefinition, WatermarkStep } from '../node.ts';

export interface Outcome {
  readonly schema: Schema | null;
  readonly problems: readonly NodeProblem[];
  readonly rows: readonly Row[];
  /** `source:line` of each row. */
  readonly places: readonly string[];
  /** As they rose, `after` counted from the first row. */
  readonly watermarks: readonly WatermarkStep[];
  readonly failures: readonly RowFailure[];
  readonly logs: readonly string[];
  /** The position after each batch, with the number of rows until there, and the watermark where that batch moved it. */
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

export async function readSource(
  definition: SourceDefinition<any>,
  folder: string,
  given: { readonly [param: string]: unknown },
  options: {
    readonly batchSize?: number;
    readonly start?: Json;
    readonly shared?: Map<string, { close(): void }>;
    readonly schema?: Schema;
    readonly signal?: AbortSignal;
    readonly now?: () => number;
    readonly order?: OrderCare;
  } = {},
): Promise<Outcome> {
  const defaults = Object.fromEntries(Object.entries(definition.params).map(([name, field]) => [name, (field as { default?: unknown }).default ?? null]));
  const params = { ...defaults, ...given };
  const path = (relative: string) => resolve(folder, relative);
  const signal = options.signal ?? new AbortController().signal;
  const discovery = options.schema ? { schema: options.schema } : ((await definition.discover?.({ params, path, signal })) ?? { schema: null });
  const inference = definition.infer({ params, inputs: {}, inputLists: {}, discovered: discovery.schema, analyse: null as never });
  const schema = inference.outputs['rows'] ?? null;
  const problems = [...(discovery.problems ?? []), ...(inference.problems ?? [])];
  const rows: Row[] = [];
  const places: string[] = [];
  const watermarks: WatermarkStep[] = [];
  const failures: RowFailure[] = [];
  const logs: string[] = [];
  const positions: { rows: number; position: Json; watermark?: number }[] = [];
  const outcome = { schema, problems, rows, places, failures, logs, positions, watermarks };
  if (!schema) return outcome;
  const shared = options.shared ?? new Map<string, { close(): void }>();
  const reader = await definition.run({
    params,
    inputs: {},
    outputs: { rows: schema },
    path,
    signal,
    log: (_level, message) => logs.push(message),
    fail: (failure) => failures.push(failure),
    shared: <T extends { close(): void }>(key: string, open: () => T) => {
      if (!shared.has(key)) shared.set(key, open());
      return shared.get(key) as T;
    },
    guard: () => {},
    batchSize: options.batchSize ?? 1024,
    start: options.start ?? null,
    order: options.order,
    now: options.now ?? Date.now,
    // Stands still where the test gives the time.
    elapsed: options.now ? () => 0 : () => performance.now(),
    sample: false,
    pattern: (source, flags) => (text) => new RegExp(source, flags).exec(text),
    refuse: (failure) => failures.push(failure),
  });
  try {
    for (let batch = await reader.read(); batch !== null; batch = await reader.read()) {
      if (batch.rows.length === 0) throw new Error('An empty batch');
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
