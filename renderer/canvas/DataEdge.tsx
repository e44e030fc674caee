import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { memo } from 'react';
import { errorPort } from '../../engine/document/pipeline.ts';
import { counted, formatShort } from '../runs/format.ts';
import { useSession } from '../session/session.ts';
import type { DataEdge as DataEdgeType } from './flow.ts';

/** An edge; while and after a run with the rows that went along it. */
export const DataEdge = memo(function DataEdge(props: EdgeProps<DataEdgeType>) {
  const { id, source, sourceHandleId, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.3 });
  const port = sourceHandleId ?? '';
  const rows = useSession((state) => state.run?.stats[source]?.out[port]);
  const rate = useSession((state) => {
    const stats = state.run?.endedAt === null ? state.run.stats[source] : undefined;
    if (!stats || stats.rate === 0) return 0;
    const all = Object.values(stats.out).reduce((sum, count) => sum + count, 0);
    return all > 0 ? (stats.rate * (stats.out[port] ?? 0)) / all : 0;
  });
  const isStale = useSession((state) => state.runStale);
  const problem = useSession((state) => state.problems.find((candidate) => candidate.edge === id));
  return (
    <>
      <BaseEdge
        path={path}
        interactionWidth={18}
        data-error={port === errorPort || undefined}
        data-problem={problem?.severity}
        data-flowing={rate > 0 || undefined}
      />
      {rows !== undefined && (
        <EdgeLabelRenderer>
          <div
            className="edge-label"
            data-stale={isStale || undefined}
            style={{ transform: `translate(-50%, -50%) translate(${Math.round(x)}px, ${Math.round(y)}px)` }}
            title={counted(rows, 'row')}
          >
            {formatShort(rows)}
            {rate > 0 && <span> · {formatShort(rate)}/s</span>}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
