/** The history of a run beyond its summary. Times are milliseconds since the epoch. Plain data. */
import type { Problem } from '../../model/problems/problem.ts';
import type { NodeStats, RunState, RunSummary } from './messages.ts';
import { rowsSent } from './run-facts.ts';

/** A node's counters at one moment, since the start of the run. */
export interface NodeSample {
  readonly in: number;
  /** Over all ports. */
  readonly out: number;
  readonly failed: number;
  readonly late: number;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly blockedMs: number;
  readonly watermark: number;
  /** 0 for nodes that keep nothing. */
  readonly stateBytes: number;
}
export interface RunHistory {
  /** The reason, if it was not requested. In the order in which they came. */
  readonly states: readonly { readonly at: number; readonly state: RunState; readonly reason: string | null }[];
  /** One a second, and one a minute for what is more than an hour old. In the order of time. */
  readonly samples: readonly { readonly at: number; readonly nodes: { readonly [node: string]: NodeSample } }[];
  /** The first ones of the run, with their rows. */
  readonly errors: readonly { readonly at: number; readonly problem: Problem }[];
  readonly checkpoints: readonly NonNullable<RunSummary['checkpoint']>[];
}

export const noHistory: RunHistory = { states: [], samples: [], errors: [], checkpoints: [] };

export function sampleOf(stats: NodeStats): NodeSample {
  const { failed, late, busyMs, idleMs, blockedMs, watermark } = stats;
  const out = rowsSent(stats.out);
  return { in: stats.in, out, failed, late, busyMs, idleMs, blockedMs, watermark, stateBytes: stats.state?.bytes ?? 0 };
}
