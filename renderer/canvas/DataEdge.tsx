import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { memo } from 'react';
import { type Edge, edgeId, errorPort, type Pipeline } from '../../engine/document/pipeline.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { own } from '../../model/text/own.ts';
import type { DataEdge as DataEdgeType } from '../graph/flow.ts';
import { flowWords } from '../graph/flow-words.ts';
import { derived } from '../session/derived.ts';
import { useSession } from '../session/session.ts';

/** An edge; during and after a run with the number of rows that left by its port. */
export const DataEdge = memo(function DataEdge(props: EdgeProps<DataEdgeType>) {
  const { id, source, sourceHandleId, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.3 });
  const port = sourceHandleId ?? '';
  const rows = useSession((state) => own(own(state.run?.stats ?? {}, source)?.out ?? {}, port));
  const rate = useSession((state) => (state.run?.endedAt === null ? (own(state.run.stats, source)?.outRate?.[port] ?? 0) : 0));
  const isStale = useSession((state) => state.runStale);
  const severity = useSession((state) => edgeSeverities(state.problems).get(id));
  const isLabelled = useSession(({ run, pipeline }) => run !== null && labelledEdges(pipeline.edges, pipeline.layout).has(id));
  const room = targetX > sourceX ? targetX - sourceX - labelGap - 2 : Number.POSITIVE_INFINITY;
  const words = rows !== undefined && isLabelled ? flowWords(rows, rate, room) : '';
  return (
    <>
      <BaseEdge path={path} interactionWidth={18} data-error={port === errorPort || undefined} data-problem={severity} data-flowing={rate > 0 || undefined} />
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

/** A label is where its edge leaves the port; ports are 18 px apart, so labels of a node never overlap. */
const labelHeight = 14;
const labelGap = 6;

/** By edge, its most severe problem. `problems` has errors first. */
const edgeSeverities = derived((problems: readonly Problem[]) => {
  const found = new Map<string, Problem['severity']>();
  for (const { edge, severity } of problems) if (edge && !found.has(edge)) found.set(edge, severity);
  return found;
});

/** The same rows flow along all edges of a port: the one with the least room shows the number. */
const labelledEdges = derived((edges: Pipeline['edges'], layout: Pipeline['layout']): ReadonlySet<string> => {
  const nearest = new Map<string, Edge>();
  const left = (edge: Edge) => layout[edge.to.node]?.x ?? 0;
  for (const edge of edges) {
    const port = `${edge.from.node}.${edge.from.port}`;
    const other = nearest.get(port);
    if (!other || left(edge) < left(other)) nearest.set(port, edge);
  }
  return new Set([...nearest.values()].map(edgeId));
});
