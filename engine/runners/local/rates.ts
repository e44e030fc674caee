import { itemAt } from '../../../model/faults/missing.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { NodeStats } from '../../protocol/messages.ts';
import type { NodeCounts } from './counters.ts';
import type { Snapshot } from './run-messages.ts';

const windowMs = 1000;

/** Rows per second of each node over the last second: those it took in, for a source those it sent; and those that left by each port. */
export class Rates {
  readonly #history: { readonly at: number; readonly counts: { readonly [node: NodeId]: NodeCounts } }[] = [];

  /** The counters of now, at `at` milliseconds, as statistics. */
  stats({ counts, progress, backlog, waits }: Pick<Snapshot, 'counts' | 'progress' | 'backlog' | 'waits'>, at: number): { readonly [node: NodeId]: NodeStats } {
    const history = this.#history;
    history.push({ at, counts });
    // The last one that is older than the window is where the window starts.
    while (history.length > 2 && itemAt(history, 1).at <= at - windowMs) history.shift();
    const start = itemAt(history, 0);
    const seconds = (at - start.at) / 1000;
    return Object.fromEntries(
      Object.entries(counts).map(([node, now]) => {
        const before = start.counts[node];
        const perSecond = (rows: number) => (seconds > 0 ? Math.round(rows / seconds) : 0);
        const outRate = Object.fromEntries(Object.entries(now.out).map(([port, rows]) => [port, perSecond(rows - (before?.out[port] ?? 0))]));
        return [
          node,
          {
            ...now,
            busyMs: Math.round(now.busyMs),
            idleMs: Math.round(now.idleMs),
            blockedMs: Math.round(now.blockedMs),
            rate: perSecond(handled(now) - handled(before)),
            outRate,
            ...(progress[node] ? { progress: progress[node] } : {}),
            ...(backlog[node] ? { backlog: backlog[node] } : {}),
            ...(waits?.[node] !== undefined && { waits: waits[node] }),
          },
        ];
      }),
    );
  }
}

function handled(counts: NodeCounts | undefined): number {
  if (!counts) return 0;
  return counts.in > 0 ? counts.in : Object.values(counts.out).reduce((sum, rows) => sum + rows, 0);
}
