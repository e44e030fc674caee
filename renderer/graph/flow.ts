import { type Edge as FlowEdge, type Node as FlowNode, Position } from '@xyflow/react';
import { edgeId, errorPort, type Pipeline, type PipelineNode, runNodes, runNodeTitle } from '../../engine/document/pipeline.ts';
import type { NodeManifest, PortManifest } from '../../engine/protocol/messages.ts';
import { missing } from '../../model/faults/missing.ts';
import { visible } from '../../model/text/visible-text.ts';
import { derived } from '../session/derived.ts';

/** Cards read the session by their id, so the flow's own nodes change only when they move or are selected. */
export type CardNode = FlowNode<{ readonly ports: Ports }, 'card'>;
export type DataEdge = FlowEdge<Record<string, never>, 'data'>;

/** A card's size with one port on each side, in pixels at zoom 1. */
export const cardSize = { width: 204, height: 56 } as const;

/**
 * How cards are laid out, in pixels at zoom 1, as canvas.css draws them: their border, their head, and a line for each port if there are
 * several.
 */
const card = { border: 1, head: 52, portLine: 18, portsBelow: 6 } as const;
const handleSize = 11;
/** The vertical position of a port within its card's border: the middle of the head, or of its own line. */
export function portTop(ports: Ports, index: number): number {
  return hasPortLines(ports) ? card.head + card.portLine * (index + 0.5) : card.head / 2;
}
export function hasPortLines({ inputs, outputs }: Ports): boolean {
  return inputs.length > 1 || outputs.length > 1;
}
/** The line of counters that a run adds below. */
export const countersHeight = 22;
/** Without the line of counters. */
export function cardHeight(ports: Ports): number {
  const lines = hasPortLines(ports) ? card.portLine * Math.max(ports.inputs.length, ports.outputs.length) + card.portsBelow : 0;
  return card.head + lines + 2 * card.border;
}

export interface Ports {
  readonly inputs: readonly PortManifest[];
  readonly outputs: readonly PortManifest[];
}
const errorsPort: PortManifest = { name: errorPort, label: 'Errors', many: false, optional: true };

/** A node's ports, without those that give no rows and have no edge; for a type that the catalogue lacks, those that its edges name. */
export function portsOf(pipeline: Pipeline, id: string, catalogue: ReadonlyMap<string, NodeManifest>): Ports {
  const ends = portsWithEdges(pipeline.edges, id).get(id);
  return portsWith(pipeline.nodes[id], ends ?? noEnds, catalogue);
}

/**
 * The ports of all nodes, computed once for each change of nodes, edges or catalogue. Unchanged ports keep their identity, so that cards
 * can compare them.
 */
export const allPorts = (() => {
  let before: ReadonlyMap<string, Ports> = new Map();
  return derived((nodes: Pipeline['nodes'], edges: Pipeline['edges'], catalogue: ReadonlyMap<string, NodeManifest>): ReadonlyMap<string, Ports> => {
    const ends = portsWithEdges(edges);
    before = new Map(
      Object.entries(nodes).map(([id, node]) => {
        const old = before.get(id);
        const ports = portsWith(node, ends.get(id) ?? noEnds, catalogue);
        return [id, old && samePorts(old.inputs, ports.inputs) && samePorts(old.outputs, ports.outputs) ? old : ports];
      }),
    );
    return before;
  });
})();

interface PortEnds {
  readonly inputs: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
}
const noEnds: PortEnds = { inputs: new Set(), outputs: new Set() };

/** By node, the names of its ports that have edges; only for the node `only`, if given. */
function portsWithEdges(edges: Pipeline['edges'], only?: string): ReadonlyMap<string, PortEnds> {
  const found = new Map<string, { inputs: Set<string>; outputs: Set<string> }>();
  const note = (node: string, side: keyof PortEnds, port: string) => {
    if (only !== undefined && node !== only) return;
    let ends = found.get(node);
    if (!ends) {
      ends = { inputs: new Set(), outputs: new Set() };
      found.set(node, ends);
    }
    ends[side].add(port);
  };
  for (const { from, to } of edges) {
    note(from.node, 'outputs', from.port);
    note(to.node, 'inputs', to.port);
  }
  return found;
}

function portsWith(node: PipelineNode | undefined, ends: PortEnds, catalogue: ReadonlyMap<string, NodeManifest>): Ports {
  const manifest = node && catalogue.get(node.type);
  if (node && manifest) {
    const outputs = manifest.outputs.filter(
      (port) => !port.absentWhen || !isAbsent(port, { ...manifest.defaults, ...node.params }) || ends.outputs.has(port.name),
    );
    return { inputs: manifest.inputs, outputs: node.onError === 'route' ? [...outputs, errorsPort] : outputs };
  }
  const named = (names: ReadonlySet<string>) => [...names].map((name): PortManifest => ({ name, label: name, many: true, optional: true }));
  return { inputs: named(ends.inputs), outputs: named(ends.outputs) };
}

function samePorts(left: readonly PortManifest[], right: readonly PortManifest[]): boolean {
  return (
    left === right ||
    (left.length === right.length &&
      left.every((port, index) => port === right[index] || (port.name === right[index]?.name && port.label === right[index].label)))
  );
}

function isAbsent({ absentWhen }: PortManifest, params: PipelineNode['params']): boolean {
  return absentWhen?.is.some((value) => value === (params[absentWhen.param] ?? null)) ?? false;
}

/** The look of nodes that runs have beside those of the document. */
export const besideDocument: ReadonlyMap<string, Pick<NodeManifest, 'icon' | 'kind'>> = new Map<string, Pick<NodeManifest, 'icon' | 'kind'>>([
  [runNodes.errorsTable, { icon: 'database-export', kind: 'sink' }],
  [runNodes.replay, { icon: 'history', kind: 'source' }],
]);

export function titleOf(id: string, node: PipelineNode | undefined, catalogue: ReadonlyMap<string, NodeManifest>): string {
  return visible(node?.title ?? (node && catalogue.get(node.type)?.title) ?? (node ? undefined : runNodeTitle(id)) ?? id);
}

/**
 * The flow's nodes for a document; unchanged ones are the old objects. Sizes and handles are computed, not measured: cards outside the
 * viewport need not be drawn for their edges to be.
 */
export function flowNodes(old: readonly CardNode[], pipeline: Pipeline, selected: readonly string[], catalogue: ReadonlyMap<string, NodeManifest>): CardNode[] {
  const before = new Map(old.map((node) => [node.id, node]));
  const chosen = new Set(selected);
  const allOf = allPorts(pipeline.nodes, pipeline.edges, catalogue);
  const next = Object.keys(pipeline.nodes).map((id): CardNode => {
    const position = pipeline.layout[id] ?? { x: 0, y: 0 };
    const isSelected = chosen.has(id);
    const ariaLabel = titleOf(id, pipeline.nodes[id], catalogue);
    const ports = allOf.get(id) ?? missing(`the ports of "${id}"`);
    const known = before.get(id);
    const samePorts = known?.data.ports === ports;
    if (
      known &&
      samePorts &&
      known.selected === isSelected &&
      known.ariaLabel === ariaLabel &&
      known.position.x === position.x &&
      known.position.y === position.y
    )
      return known;
    const shape = samePorts ? {} : { data: { ports }, measured: { width: cardSize.width, height: cardHeight(ports) }, handles: handlesOf(ports) };
    return { ...(known ?? { id, type: 'card', data: { ports } }), ...shape, position, selected: isSelected, ariaLabel };
  });
  return unlessSame(old, next);
}

function handlesOf(ports: Ports): NonNullable<CardNode['handles']> {
  const place = (side: 'inputs' | 'outputs') =>
    ports[side].map((port, index) => ({
      id: port.name,
      type: side === 'inputs' ? ('target' as const) : ('source' as const),
      position: side === 'inputs' ? Position.Left : Position.Right,
      x: (side === 'inputs' ? card.border : cardSize.width - card.border) - handleSize / 2,
      y: card.border + portTop(ports, index) - handleSize / 2,
      width: handleSize,
      height: handleSize,
    }));
  return [...place('inputs'), ...place('outputs')];
}

/** The old list if the new one contains the same objects: the flow then has nothing to do. */
function unlessSame<T>(old: readonly T[], next: T[]): T[] {
  return old.length === next.length && next.every((item, index) => item === old[index]) ? (old as T[]) : next;
}

export function flowEdges(old: readonly DataEdge[], pipeline: Pipeline, selected: readonly string[]): DataEdge[] {
  const before = new Map(old.map((edge) => [edge.id, edge]));
  const chosen = new Set(selected);
  const next = pipeline.edges.map((edge): DataEdge => {
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
  return unlessSame(old, next);
}
