import { graphlib, layout } from '@dagrejs/dagre';
import { moveNodes } from '../../engine/document/edits.ts';
import type { Pipeline, Position } from '../../engine/document/pipeline.ts';
import { cardSize } from '../graph/flow.ts';
import { columnGap, rowGap } from '../graph/insert.ts';
import { flow } from '../graph/viewport.ts';
import { session } from '../session/session.ts';

type Sizes = (id: string) => { readonly width: number; readonly height: number };

/** Positions from left to right along the edges; the upper left corner of the whole stays where it was. */
export function arranged(pipeline: Pipeline, sizeOf: Sizes): { readonly [id: string]: Position } {
  const ids = Object.keys(pipeline.nodes);
  if (ids.length === 0) return {};
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', ranksep: columnGap, nodesep: rowGap });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { ...sizeOf(id) });
  for (const edge of pipeline.edges) if (pipeline.nodes[edge.from.node] && pipeline.nodes[edge.to.node]) graph.setEdge(edge.from.node, edge.to.node);
  layout(graph);
  const corners = ids.map((id) => {
    const { x, y, width, height } = graph.node(id) as { x: number; y: number; width: number; height: number };
    return { id, x: x - width / 2, y: y - height / 2 };
  });
  const places = ids.map((id) => pipeline.layout[id] ?? { x: 0, y: 0 });
  const shiftX = Math.min(...places.map((at) => at.x)) - Math.min(...corners.map((at) => at.x));
  const shiftY = Math.min(...places.map((at) => at.y)) - Math.min(...corners.map((at) => at.y));
  return Object.fromEntries(corners.map(({ id, x, y }) => [id, { x: x + shiftX, y: y + shiftY }]));
}

export function layOutPipeline(): void {
  const sizeOf: Sizes = (id) => {
    const measured = flow()?.getInternalNode(id)?.measured;
    return { width: measured?.width ?? cardSize.width, height: measured?.height ?? cardSize.height };
  };
  session.edit('Arrange automatically', (pipeline) => moveNodes(pipeline, arranged(pipeline, sizeOf)));
  requestAnimationFrame(() => void flow()?.fitView({ duration: 150, padding: 0.15, maxZoom: 1 }));
}
