/** Runs in several instances, in this thread, of pipelines that write into collectors. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { defineNode, type NodeDefinition, type SourceContext } from '@millrace/kit/node';
import { expect } from 'vitest';
import type { Pipeline } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { Discoveries } from '../../engine/preview/discoveries.ts';
import { lookAt, stampsOf } from '../../engine/preview/look.ts';
import type { PhysicalPlan } from '../../engine/protocol/physical-plan.ts';
import type { RunOptions } from '../../engine/protocol/run-api.ts';
import { Execution } from '../../engine/runners/local/execution.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { identity } from '../engine/identity.ts';
import { instanceHost } from '../engine/instance-host.ts';

const sandbox = createSandbox();

/** What outlives a run, of each type of collector: rows that were committed, and those that were prepared, by checkpoint. */
interface Collected {
  written: { readonly row: Row; readonly checkpoint: number }[];
  readonly prepared: Map<number, readonly Row[]>;
}
const disk = new Map<string, Collected>();
function collector(type: string): NodeDefinition {
  const kept: Collected = { written: [], prepared: new Map() };
  disk.set(type, kept);
  return defineNode({
    ...identity,
    type,
    kind: 'sink',
    inputs: [{ name: 'rows' }],
    run: ({ resume, commits }) => {
      let rows: Row[] = [];
      const publish = (checkpoint: number) => {
        for (const row of kept.prepared.get(checkpoint) ?? []) kept.written.push({ row, checkpoint });
        kept.prepared.delete(checkpoint);
      };
      if (resume) {
        publish(resume.checkpoint);
        kept.written = kept.written.filter(({ checkpoint }) => checkpoint <= resume.checkpoint);
      }
      return {
        write: (batch) => void rows.push(...batch),
        prepare(checkpoint) {
          kept.prepared.set(checkpoint, rows);
          rows = [];
          return checkpoint;
        },
        commit(checkpoint = 0) {
          if (commits === 'end') kept.prepared.set(checkpoint, rows);
          publish(checkpoint);
        },
        abort: () => kept.prepared.clear(),
        close() {},
        output: () => ({ kind: 'file', path: '/collected' }),
      };
    },
  });
}

export interface Told {
  readonly rows: readonly Row[];
  readonly watermark: number;
}
/** What a source of the type `told` gives, by its param `of`. */
export const told = new Map<string, { readonly schema: Schema; readonly batches: readonly Told[] }>();
const toldOf = (params: { readonly [name: string]: unknown }) => told.get(String(params['of']))!;
const toldSource = defineNode({
  ...identity,
  type: 'told',
  kind: 'source',
  params: { of: { kind: 'text', label: 'Of', default: '' } as never },
  outputs: [{ name: 'rows' }],
  bounded: true,
  infer: ({ params }: any) => ({ outputs: { rows: toldOf(params).schema } }),
  run({ params, start }: any) {
    let at = (start as number | null) ?? 0;
    return {
      async read() {
        // As of a file: others have their turn.
        await new Promise((resolve) => setImmediate(resolve));
        const next = toldOf(params).batches[at];
        if (!next) return null;
        at++;
        return { rows: next.rows.map((row) => ({ ...row })), watermarks: [{ after: next.rows.length, watermark: next.watermark }] };
      },
      position: () => at,
      close() {},
    };
  },
});

const catalogue = new Catalogue([...definitions, collector('collect'), collector('collect-late'), toldSource]);

export async function planOfPipeline(pipeline: Pipeline, folder: string): Promise<PhysicalPlan> {
  const checker = new Checker(catalogue, codeAnalysis, new Discoveries({ looks: { look: lookAt, stamps: stampsOf, links: async () => [], close() {} } }));
  return planRun((await checker.check(pipeline, { folder, path: null }, { touch: true })).checked);
}

/** Nothing was written. */
export function begin(): void {
  for (const kept of disk.values()) {
    kept.written = [];
    kept.prepared.clear();
  }
}
/** What was written, as text, sorted. */
export function found(): string[] {
  return [...disk].flatMap(([type, { written }]) => written.map(({ row }) => `${type} ${JSON.stringify(row)}`)).sort();
}

/** As text, sorted. */
export async function rowsOfRun(folder: string, plan: PhysicalPlan, instances: number, batchSize: number): Promise<string[]> {
  begin();
  const execution = executionOf(folder, plan, { commits: 'end', stateFolder: null, instances }, batchSize);
  try {
    await execution.run();
    expect(execution.flow!.warnings()).toEqual([]);
  } finally {
    await execution.flow?.close();
  }
  return found();
}

/** The same of runs that are stopped with a checkpoint every few batches, and go on from there with the next of these numbers. */
export async function rowsOfRestarts(
  folder: string,
  plan: PhysicalPlan,
  numbers: readonly number[],
  batchSize: number,
  stateMemory = '64MB',
): Promise<string[]> {
  begin();
  const stateFolder = join(folder, 'state');
  rmSync(stateFolder, { recursive: true, force: true });
  let starts = 0;
  for (let isDone = false; !isDone; ) {
    let reads = 0;
    const instances = numbers[starts++ % numbers.length]!;
    const execution: Execution = executionOf(folder, plan, { commits: 'checkpoint', stateFolder, instances, stateMemory, from: 'latest' }, batchSize, () => {
      if (++reads === 5) execution.stop('checkpoint');
    });
    try {
      isDone = await execution.run();
      if (isDone) {
        const { counts } = execution.snapshot();
        expect(counts['step0']!.in).toBe(Object.values(counts).reduce((sum, { out }, i) => (plan.nodes[i]!.kind === 'source' ? sum + out['rows']! : sum), 0));
      }
    } finally {
      await execution.flow?.close();
    }
  }
  return found();
}

export function executionOf(
  folder: string,
  plan: PhysicalPlan,
  options: Partial<RunOptions>,
  batchSize: number,
  onRead: () => void = () => {},
  onLog: (message: string) => void = () => {},
): Execution {
  const definition = (type: string): NodeDefinition | undefined => {
    const found = catalogue.get(type);
    if (found?.kind !== 'source') return found;
    return {
      ...found,
      async run(context: SourceContext<any>) {
        const reader = await found.run({ ...context, batchSize });
        const read = reader.read.bind(reader);
        return Object.assign(reader, {
          read: () => {
            onRead();
            return read();
          },
        });
      },
    };
  };
  const usual = { stateFolder: null, commits: 'end', checkpointEveryMs: 60_000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 } as const;
  const nothing = () => {};
  return new Execution(
    { id: 'law', name: 'law', path: null, folder, plan, options: { ...usual, ...options } },
    {
      definition,
      sandbox,
      instances: instanceHost(sandbox, definition),
      onFailure: (problem) => {
        throw new Error(problem.message);
      },
      onLog: (level, message) => onLog(`${level}: ${message}`),
      ...{ onResumed: nothing, onCommitting: nothing, onCommitted: nothing, onOpened: nothing, onStartedOver: nothing },
    },
  );
}
