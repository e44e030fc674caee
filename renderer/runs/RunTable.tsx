import type { NodeStats, RunSummary } from '../../engine/protocol/messages.ts';
import { beginningOfTime, endOfTime } from '../../engine/schema/event-time.ts';
import { besideDocument, titleOf } from '../canvas/flow.ts';
import { NodeIcon } from '../canvas/NodeIcon.tsx';
import { revealNode } from '../canvas/viewport.ts';
import { useSession } from '../session/session.ts';
import { formatBytes, formatCount, formatDuration, formatEventTime } from './format.ts';
import { isRunning } from './run-actions.tsx';

/** Every node's counters, in the pipeline's order. What no node has gets no column. */
export function RunTable({ run }: { readonly run: RunSummary }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const isLive = isRunning(run);
  const all = Object.values(run.stats);
  const has = {
    late: all.some((stats) => stats.late > 0),
    state: all.some((stats) => stats.state),
    watermark: all.some((stats) => isEventTime(stats.watermark)),
    backlog: all.some((stats) => stats.backlog),
    progress: all.some((stats) => stats.progress && stats.progress.total !== null),
  };
  return (
    <table className="run-table" aria-label="Counters by node">
      <thead>
        <tr>
          <th>Node</th>
          <th>Rows in</th>
          <th>Rows out</th>
          <th title="Taken in and, rightly, not sent on">Dropped</th>
          <th>Failed</th>
          {has.late && <th title="Rows that came after their window had gone">Late</th>}
          <th>{isLive ? 'Rows/s' : 'Rows/s, mean'}</th>
          {has.state && <th title="What the node keeps between rows">State</th>}
          {has.watermark && <th title="Every row up to this event time (UTC) has come">Watermark</th>}
          <th title="Time spent working; the bar shows the shares of working, waiting for nodes behind, and waiting for rows">Time</th>
          {has.backlog && <th title="What waits outside to be read">Waiting</th>}
          {has.progress && <th className="wide">Read</th>}
        </tr>
      </thead>
      <tbody>
        {Object.entries(run.stats).map(([id, stats]) => {
          const manifest = pipeline.nodes[id] ? catalogue.get(pipeline.nodes[id].type) : besideDocument.get(id);
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
              {has.late && <Count value={stats.late} />}
              <Count value={isLive ? stats.rate : mean} />
              {has.state && (
                <td className={stats.state ? undefined : 'zero'} title={stats.state && `${formatCount(stats.state.entries)} entries`}>
                  {stats.state ? formatBytes(stats.state.bytes) : ''}
                </td>
              )}
              {has.watermark && <Watermark stats={stats} isLive={isLive} />}
              <Time stats={stats} />
              {has.backlog && <td>{stats.backlog && amount(stats.backlog.unit, stats.backlog.waiting)}</td>}
              {has.progress && <td className="wide">{stats.progress && <Progress progress={stats.progress} />}</td>}
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

function Watermark({ stats: { watermark }, isLive }: { readonly stats: NodeStats; readonly isLive: boolean }) {
  if (!isEventTime(watermark)) return <td className="zero">{watermark >= endOfTime ? 'end' : ''}</td>;
  const behind = Date.now() - watermark;
  return (
    <td title={isLive && behind >= 0 ? `${formatDuration(behind)} behind the clock` : undefined}>
      {formatEventTime(watermark)}
      {isLive && behind >= 0 && behind < dayMs && <span className="run-lag"> −{formatDuration(behind)}</span>}
    </td>
  );
}

/** A node's time at work, and how its time is shared out. */
function Time({ stats: { busyMs, idleMs, blockedMs } }: { readonly stats: NodeStats }) {
  const total = busyMs + idleMs + blockedMs;
  const share = (ms: number) => `${Math.round((100 * ms) / total)} %`;
  const words = total > 0 ? `${share(busyMs)} working, ${share(blockedMs)} waiting for nodes behind, ${share(idleMs)} waiting for rows` : undefined;
  return (
    <td className={busyMs < 1 ? 'zero' : undefined} title={words}>
      {idleMs + blockedMs > 0 && (
        <span className="run-share" role="img" aria-label={words}>
          <i style={{ width: share(busyMs) }} data-part="busy" />
          <i style={{ width: share(blockedMs) }} data-part="blocked" />
        </span>
      )}
      {formatDuration(busyMs)}
    </td>
  );
}

function Progress({ progress }: { readonly progress: NonNullable<NodeStats['progress']> }) {
  if (progress.total === null) return <>{amount(progress.unit, progress.done)}</>;
  return (
    <>
      <progress value={progress.done} max={Math.max(1, progress.total)} aria-label="Read so far" /> {amount(progress.unit, progress.done)} of{' '}
      {amount(progress.unit, progress.total)}
    </>
  );
}

const dayMs = 86_400_000;

function isEventTime(watermark: number): boolean {
  return watermark > beginningOfTime && watermark < endOfTime;
}

function amount(unit: 'bytes' | 'rows', value: number): string {
  return unit === 'bytes' ? formatBytes(value) : formatCount(value);
}
