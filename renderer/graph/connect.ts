import { type Edge, type Endpoint, edgeId, type Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import { type Ports, portsOf, titleOf } from './flow.ts';

type Catalogue = ReadonlyMap<string, NodeManifest>;

/** Why this edge is not allowed, in words for the user; null if it is. With `replace`, a conflicting edge would be replaced. */
export function whyNot(pipeline: Pipeline, catalogue: Catalogue, edge: Edge, options: { readonly replace?: boolean } = {}): string | null {
  const { from, to } = edge;
  const title = (id: string) => titleOf(id, pipeline.nodes[id], catalogue);
  if (from.node === to.node) return 'A node cannot feed itself.';
  if (!pipeline.nodes[from.node] || !pipeline.nodes[to.node]) return 'That node no longer exists.';
  if (pipeline.edges.some((other) => edgeId(other) === edgeId(edge))) return 'These two are already connected.';
  if (!portsOf(pipeline, from.node, catalogue).outputs.some((port) => port.name === from.port)) return `“${title(from.node)}” has no output “${from.port}”.`;
  const input = portsOf(pipeline, to.node, catalogue).inputs.find((port) => port.name === to.port);
  if (!input)
    return `“${title(to.node)}” takes no input${catalogue.get(pipeline.nodes[to.node]?.type ?? '')?.kind === 'source' ? ': it is a source' : ` “${to.port}”`}.`;
  if (reaches(pipeline, to.node, from.node)) return `This would create a cycle: “${title(to.node)}” already feeds “${title(from.node)}”.`;
  if (!input.many && !options.replace && pipeline.edges.some((other) => other.to.node === to.node && other.to.port === to.port)) {
    return `“${title(to.node)}” takes one edge at “${input.label}”. Hold Alt to replace it.`;
  }
  return null;
}

/** Why two ends of the same direction cannot be joined. */
export function wrongDirection(side: 'source' | 'target'): string {
  return side === 'source'
    ? 'Both are outputs. Drop the edge on an input, at the left of a node.'
    : 'Both are inputs. Drop the edge on an output, at the right of a node.';
}

/** True if rows can flow from one node to another along edges. */
function reaches(pipeline: Pipeline, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const edge of pipeline.edges) if (edge.from.node === node) open.push(edge.to.node);
  }
  return false;
}

/** The first port of `node` that can be joined with `end`, as an edge; null if there is none. */
export function edgeTo(pipeline: Pipeline, catalogue: Catalogue, end: Endpoint, side: 'source' | 'target', node: string, ports?: Ports): Edge | null {
  const found = ports ?? portsOf(pipeline, node, catalogue);
  const candidates = (side === 'source' ? found.inputs : found.outputs).map(
    (port): Edge => (side === 'source' ? { from: end, to: { node, port: port.name } } : { from: { node, port: port.name }, to: end }),
  );
  return candidates.find((edge) => whyNot(pipeline, catalogue, edge) === null) ?? null;
}

/** Whether a new node of this type has any port that could be joined with an end of that side. */
export function canJoin(manifest: NodeManifest, side: 'source' | 'target'): boolean {
  return (side === 'source' ? manifest.inputs : manifest.outputs).length > 0;
}
