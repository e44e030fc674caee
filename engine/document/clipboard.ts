import { z } from 'zod';
import { own } from '../../model/text/own.ts';
import { isTooDeep } from '../../model/values/json-depth.ts';
import { connect } from './edits.ts';
import { freeId } from './ids.ts';
import type { NodeId, Pipeline, Position } from './pipeline.ts';
import { pipelineSchema } from './pipeline-schema.ts';

const clipFormat = 'millrace/clip';
const clip = z.object({ format: z.literal(clipFormat), pipeline: pipelineSchema });

/** Nodes and the edges among them, as JSON text for the system's clipboard. */
export function copyNodes(pipeline: Pipeline, ids: readonly NodeId[]): string {
  const chosen = new Set(ids.filter((id) => Object.hasOwn(pipeline.nodes, id)));
  const only = <V>(record: { readonly [id: string]: V }) => Object.fromEntries(Object.entries(record).filter(([id]) => chosen.has(id)));
  const part: Pipeline = {
    name: '',
    parameters: {},
    nodes: only(pipeline.nodes),
    edges: pipeline.edges.filter((edge) => chosen.has(edge.from.node) && chosen.has(edge.to.node)),
    layout: only(pipeline.layout),
  };
  return JSON.stringify({ format: clipFormat, pipeline: part }, null, 2);
}

/** Adds what `copyNodes` returned, its upper left corner at `at`, with new ids. Null if the text is something else. */
export function pasteNodes(pipeline: Pipeline, text: string, at: Position): { readonly pipeline: Pipeline; readonly ids: readonly NodeId[] } | null {
  const parsed = clip.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const part = parsed.data.pipeline;
  const places = Object.keys(part.nodes).map((id) => own(part.layout, id) ?? { x: 0, y: 0 });
  const left = Math.min(...places.map((place) => place.x));
  const top = Math.min(...places.map((place) => place.y));
  let result = pipeline;
  const renamed = new Map<NodeId, NodeId>();
  for (const [id, node] of Object.entries(part.nodes)) {
    const place = own(part.layout, id) ?? { x: 0, y: 0 };
    const name = freeId(result, id.replace(/_\d+$/, ''));
    const position = { x: Math.round(at.x + place.x - left), y: Math.round(at.y + place.y - top) };
    result = { ...result, nodes: { ...result.nodes, [name]: node }, layout: { ...result.layout, [name]: position } };
    renamed.set(id, name);
  }
  for (const edge of part.edges) {
    const from = renamed.get(edge.from.node);
    const to = renamed.get(edge.to.node);
    if (from && to) result = connect(result, { from: { node: from, port: edge.from.port }, to: { node: to, port: edge.to.port } });
  }
  return { pipeline: result, ids: [...renamed.values()] };
}

function parseJson(text: string): unknown {
  try {
    return isTooDeep(text) ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
