import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { memo } from 'react';
import { type Edge, edgeId, errorPort, type Pipeline } from '../../engine/document/pipeline.ts';
import { own } from '../../engine/schema/own.ts';
import { useSession } from '../session/session.ts';
import type { DataEdge as DataEdgeType } from './flow.ts';
import { flowWords } from './flow-words.ts';

/** An edge; while and after a run with the rows that left by its port. */
export const DataEdge = memo(function DataEdge(props: EdgeProps<DataEdgeType>) {
  const { id, source, sourceHandleId, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.3 });
  const port = sourceHandleId ?? '';
  const rows = useSession((state) => own(own(state.run?.stats ?? {}, source)?.out ?? {}, port));
  const rate = useSession((state) => (state.run?.endedAt === null ? (own(state.run.stats, source)?.outRate?.[port] ?? 0) : 0));
  const isStale = useSession((state) => state.runStale);
  const problem = useSession((state) => state.problems.find((candidate) => candidate.edge === id));
  const isLabelled = useSession(({ run, pipeline }) => run !== null && labelledEdge(pipeline, source, port) === id);
  const room = targetX > sourceX ? targetX - sourceX - labelGap - 2 : Number.POSITIVE_INFINITY;
  const words = rows !== undefined && isLabelled ? flowWords(rows, rate, room) : '';
  return (
    <>
      <BaseEdge
        path={path}
        interactionWidth={18}
        data-error={port === errorPort || undefined}
        data-problem={problem?.severity}
        data-flowing={rate > 0 || undefined}
      />
      {words && (
        <EdgeLabelRenderer>
          <div
            className="edge-label"
            data-edge={id}
            data-stale={isStale || undefined}
            style={{ transform: `translate(${Math.round(sourceX) + labelGap}px, ${Math.round(sourceY) - labelHeight}px)` }}
          >
            {words}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** A label stands on its edge where that leaves the port; ports are 18 px apart, so that labels of a node never meet. */
const labelHeight = 14;
const labelGap = 6;

/** The same rows go along all edges of a port: the one with the least room says so. */
function labelledEdge({ edges, layout }: Pipeline, node: string, port: string): string | null {
  let nearest: Edge | null = null;
  const left = (edge: Edge) => layout[edge.to.node]?.x ?? 0;
  for (const edge of edges) {
    if (edge.from.node === node && edge.from.port === port && (!nearest || left(edge) < left(nearest))) nearest = edge;
  }
  return nearest && edgeId(nearest);
}
