import type { Edge as FlowEdge, Node as FlowNode } from '@xyflow/react';
import { edgeId, errorPort, type Pipeline, type PipelineNode, runNodes, runNodeTitle } from '../../engine/document/pipeline.ts';
import type { NodeManifest, PortManifest } from '../../engine/protocol/messages.ts';
import { visible } from '../../engine/schema/visible-text.ts';

/** Cards read the session by their id, so that the flow's own nodes change only when they move or are selected. */
export type CardNode = FlowNode<Record<string, never>, 'card'>;
export type DataEdge = FlowEdge<Record<string, never>, 'data'>;

/** A card's size with one port on each side, in pixels at zoom 1. */
export const cardSize = { width: 204, height: 56 } as const;

export interface Ports {
  readonly inputs: readonly PortManifest[];
  readonly outputs: readonly PortManifest[];
}
const errorsPort: PortManifest = { name: errorPort, label: 'Errors', many: false, optional: true };

/** A node's ports, without those that give no rows and have no edge; for a type that the catalogue lacks, those that its edges name. */
export function portsOf(pipeline: Pipeline, id: string, catalogue: ReadonlyMap<string, NodeManifest>): Ports {
  const node = pipeline.nodes[id];
  const manifest = node && catalogue.get(node.type);
  if (node && manifest) {
    const outputs = manifest.outputs.filter((port) => !isAbsent(port, { ...manifest.defaults, ...node.params }) || isUsed(pipeline, id, port));
    return { inputs: manifest.inputs, outputs: node.onError === 'route' ? [...outputs, errorsPort] : outputs };
  }
  const named = (names: readonly string[], many: boolean) => [...new Set(names)].map((name): PortManifest => ({ name, label: name, many, optional: true }));
  return {
    inputs: named(
      pipeline.edges.filter((edge) => edge.to.node === id).map((edge) => edge.to.port),
      true,
    ),
    outputs: named(
      pipeline.edges.filter((edge) => edge.from.node === id).map((edge) => edge.from.port),
      true,
    ),
  };
}

function isAbsent({ absentWhen }: PortManifest, params: PipelineNode['params']): boolean {
  return absentWhen?.is.some((value) => value === (params[absentWhen.param] ?? null)) ?? false;
}
function isUsed({ edges }: Pipeline, id: string, { name }: PortManifest): boolean {
  return edges.some(({ from }) => from.node === id && from.port === name);
}

/** How nodes look that runs have beside those of the document. */
export const besideDocument: ReadonlyMap<string, Pick<NodeManifest, 'icon' | 'kind'>> = new Map<string, Pick<NodeManifest, 'icon' | 'kind'>>([
  [runNodes.errorsTable, { icon: 'database-export', kind: 'sink' }],
  [runNodes.replay, { icon: 'history', kind: 'source' }],
]);

export function titleOf(id: string, node: PipelineNode | undefined, catalogue: ReadonlyMap<string, NodeManifest>): string {
  return visible(node?.title ?? (node && catalogue.get(node.type)?.title) ?? (node ? undefined : runNodeTitle(id)) ?? id);
}

/** The flow's nodes for a document; those that did not change are the old objects. */
export function flowNodes(old: readonly CardNode[], pipeline: Pipeline, selected: readonly string[], catalogue: ReadonlyMap<string, NodeManifest>): CardNode[] {
  const before = new Map(old.map((node) => [node.id, node]));
  const chosen = new Set(selected);
  return Object.keys(pipeline.nodes).map((id) => {
    const position = pipeline.layout[id] ?? { x: 0, y: 0 };
    const isSelected = chosen.has(id);
    const ariaLabel = titleOf(id, pipeline.nodes[id], catalogue);
    const known = before.get(id);
    if (!known) return { id, type: 'card', position, data: {}, selected: isSelected, ariaLabel };
    const isSame = known.selected === isSelected && known.ariaLabel === ariaLabel && known.position.x === position.x && known.position.y === position.y;
    return isSame ? known : { ...known, position, selected: isSelected, ariaLabel };
  });
}

export function flowEdges(old: readonly DataEdge[], pipeline: Pipeline, selected: readonly string[]): DataEdge[] {
  const before = new Map(old.map((edge) => [edge.id, edge]));
  const chosen = new Set(selected);
  return pipeline.edges.map((edge) => {
    const id = edgeId(edge);
    const known = before.get(id);
    if (known && known.selected === chosen.has(id)) return known;
    return {
      id,
      type: 'data',
      source: edge.from.node,
      sourceHandle: edge.from.port,
      target: edge.to.node,
      targetHandle: edge.to.port,
      selected: chosen.has(id),
      data: {},
      ariaLabel: `From ${edge.from.node}, ${edge.from.port}, to ${edge.to.node}, ${edge.to.port}`,
    };
  });
}
