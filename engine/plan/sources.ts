import { itemAt, missing } from '../../model/faults/missing.ts';
import type { Edge, NodeId } from '../document/pipeline.ts';
import type { Graph } from './graph.ts';

/** An input port that must be read to its end before its node's other ports. */
export interface FirstPort {
  readonly node: NodeId;
  readonly port: string;
}

export interface SourceOrder {
  readonly groups: readonly (readonly NodeId[])[];
  readonly conflicts: readonly (FirstPort & { readonly source: NodeId })[];
}

/**
 * The order in which sources are pulled: a source upstream of a `first` port is in an earlier group than those upstream of its node's other
 * ports. Every source is in the latest possible group, so that an endless one delays no other. `conflicts` are the first ports for which no
 * such order exists, because the rows of one source arrive there and at another port of the node.
 */
export function orderSources(graph: Graph, sources: readonly NodeId[], firstPorts: readonly FirstPort[]): SourceOrder {
  const later = constraints(graph, sources, firstPorts);
  const tangled = inCircles(later);
  if (tangled.size === 0) return { groups: grouped(sources, later), conflicts: [] };
  const isTangled = (first: FirstPort) => tangled.has(portKey(first));
  const sound = constraints(graph, sources, firstPorts, isTangled);
  const { fitting, conflicts } = constraintsThatFit(graph, sources, firstPorts, isTangled);
  for (const [before, all] of fitting) for (const after of all) add(sound, before, after);
  return { groups: grouped(sources, sound), conflicts };
}

/**
 * The order constraints. Beside sources there are intermediate points between them, so that "all of these before all of those" takes few
 * entries.
 */
type Later = Map<string, Set<string>>;

const sourceKey = (id: NodeId) => `source ${id}`;
const portKey = ({ node, port }: FirstPort) => `port ${node}.${port}`;

/**
 * All constraints, in a size proportional to the graph: from a source downstream to first ports, from a first port to the node's other
 * inputs, and from there upstream to sources. Without those of the ports in `leaveOut`.
 */
function constraints(graph: Graph, sources: readonly NodeId[], firstPorts: readonly FirstPort[], leaveOut: (first: FirstPort) => boolean = () => false): Later {
  const later: Later = new Map();
  const down = (id: NodeId) => `down ${id}`;
  const up = (id: NodeId) => `up ${id}`;
  const isFirst = new Set(firstPorts.map(portKey));
  for (const id of sources) {
    add(later, sourceKey(id), down(id));
    add(later, up(id), sourceKey(id));
  }
  for (const id of graph.nodes) {
    for (const edge of graph.outgoing(id)) {
      add(later, down(id), down(edge.to.node));
      add(later, up(edge.to.node), up(id));
    }
  }
  for (const first of firstPorts) {
    if (leaveOut(first)) continue;
    for (const { from } of graph.incoming(first.node, first.port)) add(later, down(from.node), portKey(first));
    for (const { from } of graph.incoming(first.node).filter(({ to }) => !isFirst.has(portKey(to)))) add(later, portKey(first), up(from.node));
  }
  return later;
}

/** Of ports whose constraints cannot all hold: one port after the other, those that agree with the ones before. */
function constraintsThatFit(
  graph: Graph,
  sources: readonly NodeId[],
  firstPorts: readonly FirstPort[],
  among: (first: FirstPort) => boolean,
): { readonly fitting: Later; readonly conflicts: SourceOrder['conflicts'] } {
  const later: Later = new Map();
  const earlier: Later = new Map();
  const order = (before: string, after: string) => {
    add(later, before, after);
    add(earlier, after, before);
  };
  const conflicts: (FirstPort & { source: NodeId })[] = [];
  const isFirst = new Set(firstPorts.map(portKey));
  for (const first of firstPorts.filter(among)) {
    const above = (edges: readonly Edge[]) => {
      const found = graph.upstream(edges.map((edge) => edge.from.node));
      return sources.filter((source) => found.has(source));
    };
    const before = above(graph.incoming(first.node, first.port));
    const after = above(graph.incoming(first.node).filter(({ to }) => !isFirst.has(portKey(to)))).map(sourceKey);
    const notBefore = reached(later, after);
    const conflicting = before.filter((source) => notBefore.has(sourceKey(source)));
    for (const source of before) if (!notBefore.has(sourceKey(source))) order(sourceKey(source), portKey(first));
    for (const each of after) order(portKey(first), each);
    for (const source of conflicting) {
      conflicts.push({ ...first, source });
      const key = sourceKey(source);
      const ancestors = reached(earlier, [key]);
      for (const each of after) if (!ancestors.has(each)) order(key, each);
    }
  }
  return { fitting: later, conflicts };
}

/** Everything in a cycle, or between two cycles. */
function inCircles(later: Later): ReadonlySet<string> {
  const backwards = reversed(later);
  const after = new Set(withoutCircle(later, backwards));
  const before = new Set(withoutCircle(backwards, later));
  return new Set([...later.keys()].filter((key) => !after.has(key) && !before.has(key)));
}

/** All from which no cycle is reached, each after those that it leads to. */
function withoutCircle(next: Later, previous: Later): string[] {
  const waiting = new Map([...next].map(([key, all]) => [key, all.size]));
  const ready = [...previous.keys()].filter((key) => !waiting.has(key));
  for (const key of ready) {
    for (const before of previous.get(key) ?? []) {
      const left = (waiting.get(before) ?? missing(`the source ${before}`)) - 1;
      waiting.set(before, left);
      if (left === 0) ready.push(before);
    }
  }
  return ready;
}

function reversed(next: Later): Later {
  const result: Later = new Map();
  for (const [from, all] of next) for (const to of all) add(result, to, from);
  return result;
}

/** By the length of the longest chain of sources that must come later: the longest first. */
function grouped(sources: readonly NodeId[], later: Later): NodeId[][] {
  const isSource = new Set(sources.map(sourceKey));
  const depths = new Map<string, number>();
  for (const key of withoutCircle(later, reversed(later))) {
    let depth = 0;
    for (const after of later.get(key) ?? []) depth = Math.max(depth, (depths.get(after) ?? missing(`the depth of ${after}`)) + (isSource.has(after) ? 1 : 0));
    depths.set(key, depth);
  }
  const groups: NodeId[][] = [];
  for (const source of sources) {
    const at = depths.get(sourceKey(source)) ?? 0;
    while (groups.length <= at) groups.push([]);
    itemAt(groups, at).push(source);
  }
  return groups.reverse().filter((group) => group.length > 0);
}

function reached(next: Later, from: readonly string[]): Set<string> {
  const found = new Set(from);
  for (const key of found) for (const other of next.get(key) ?? []) found.add(other);
  return found;
}

function add(lists: Later, from: string, to: string): void {
  const list = lists.get(from);
  if (list) list.add(to);
  else lists.set(from, new Set([to]));
}
