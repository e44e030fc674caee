/** The protocol between a supervisor and one run process. */
import type { PhysicalPlan } from '../plan/physical.ts';
import type { Schema } from '../schema/types.ts';
import type { Cells, LogLine, RunSummary } from './messages.ts';

export interface RunJob {
  readonly id: string;
  /** The pipeline's name. */
  readonly name: string;
  /** The pipeline's file, or null for one that was never saved. */
  readonly path: string | null;
  /** Absolute folder that relative paths of the params start from. */
  readonly folder: string;
  readonly plan: PhysicalPlan;
}

/** What is known of a run before anything of it has happened. */
export function startingSummary(job: RunJob): RunSummary {
  return { id: job.id, pipeline: job.name, path: job.path, state: 'starting', startedAt: Date.now(), endedAt: null, stats: {}, problems: [], outputs: [] };
}

export interface RunProtocol {
  readonly requests: {
    readonly start: { readonly params: RunJob; readonly result: null };
    /** Ends the run within a second: sources stop, sinks abort. */
    readonly stop: { readonly params: Record<string, never>; readonly result: null };
    readonly inspect: {
      readonly params: { readonly node: string; readonly limit: number };
      readonly result: { readonly schema: Schema; readonly rows: readonly Cells[] };
    };
  };
  readonly events: {
    readonly changed: RunSummary;
    readonly logged: LogLine;
  };
}

/** What a workbench and the command line can do with runs; the supervisor implements it. */
export interface RunControl {
  start(job: RunJob): Promise<RunSummary>;
  stop(runId: string): Promise<void>;
  list(): Promise<readonly RunSummary[]>;
  logs(runId: string): Promise<readonly LogLine[]>;
  inspect(runId: string, node: string, limit: number): Promise<{ readonly schema: Schema; readonly rows: readonly Cells[] }>;
  /** Both return the function that stops listening. */
  onChanged(listener: (summary: RunSummary) => void): () => void;
  onLogged(listener: (runId: string, line: LogLine) => void): () => void;
}
