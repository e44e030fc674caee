import type { NodeStats, RunSummary } from '../../engine/protocol/messages.ts';
import { titleOf } from '../canvas/flow.ts';
import { NodeIcon } from '../canvas/NodeIcon.tsx';
import { revealNode } from '../canvas/viewport.ts';
import { useSession } from '../session/session.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';
import { isRunning } from './run-actions.tsx';

/** Every node's counters, in the pipeline's order. */
export function RunTable({ run }: { readonly run: RunSummary }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const isLive = isRunning(run);
  const hasProgress = Object.values(run.stats).some((stats) => stats.progress);
  return (
    <table className="run-table" aria-label="Counters by node">
      <thead>
        <tr>
          <th>Node</th>
          <th>Rows in</th>
          <th>Rows out</th>
          <th title="Taken in and, rightly, not sent on">Dropped</th>
          <th>Failed</th>
          <th>{isLive ? 'Rows/s' : 'Rows/s, mean'}</th>
          <th title="Time spent working, without waiting">Time</th>
          {hasProgress && <th className="wide">Read</th>}
        </tr>
      </thead>
      <tbody>
        {Object.entries(run.stats).map(([id, stats]) => {
          const manifest = catalogue.get(pipeline.nodes[id]?.type ?? '');
          const out = Object.values(stats.out).reduce((sum, count) => sum + count, 0);
          const seconds = ((run.endedAt ?? run.startedAt) - run.startedAt) / 1000;
          const mean = seconds > 0 ? Math.max(stats.in, out) / seconds : 0;
          const ports = Object.entries(stats.out);
          return (
            <tr key={id} data-node-id={id} onClick={() => revealNode(id)}>
              <td>
                <button type="button" className="run-node">
                  <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} />
                  {titleOf(id, pipeline.nodes[id], catalogue)}
                </button>
              </td>
              <Count value={stats.in} />
              <Count value={out} title={ports.length > 1 ? ports.map(([port, count]) => `${port}: ${formatCount(count)}`).join('\n') : undefined} />
              <Count value={stats.dropped} />
              <Count value={stats.failed} bad />
              <Count value={isLive ? stats.rate : mean} />
              <td className={stats.busyMs < 1 ? 'zero' : undefined}>{formatDuration(stats.busyMs)}</td>
              {hasProgress && <td className="wide">{stats.progress && <Progress progress={stats.progress} />}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Count({ value, bad = false, title }: { readonly value: number; readonly bad?: boolean; readonly title?: string }) {
  return (
    <td className={value === 0 ? 'zero' : bad ? 'bad' : undefined} title={title}>
      {formatCount(value)}
    </td>
  );
}

function Progress({ progress }: { readonly progress: NonNullable<NodeStats['progress']> }) {
  const show = progress.unit === 'bytes' ? formatBytes : formatCount;
  if (progress.total === null) return <>{show(progress.done)}</>;
  return (
    <>
      <progress value={progress.done} max={Math.max(1, progress.total)} aria-label="Read so far" /> {show(progress.done)} of {show(progress.total)}
    </>
  );
}
