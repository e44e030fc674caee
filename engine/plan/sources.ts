import type { Edge, NodeId } from '../document/pipeline.ts';
import type { Graph } from './graph.ts';

/** An input port that must be read to its end before its node's other ports. */
export interface FirstPort {
  readonly node: NodeId;
  readonly port: string;
}

/**
 * The order in which sources are pulled: a source above a `first` port comes in an earlier group than those above its node's
 * other ports. Every source comes as late as that allows, so that an endless one holds nobody up. `conflicts` are the first
 * ports for which there is no such order, because the rows of one source arrive there and at another port of the node.
 */
export function orderSources(
  graph: Graph,
  sources: readonly NodeId[],
  firstPorts: readonly FirstPort[],
): { readonly groups: readonly (readonly NodeId[])[]; readonly conflicts: readonly (FirstPort & { readonly source: NodeId })[] } {
  const later = new Map(sources.map((source) => [source, new Set<NodeId>()]));
  const conflicts: (FirstPort & { source: NodeId })[] = [];
  for (const first of firstPorts) {
    const above = (edges: readonly Edge[]) => graph.upstream(edges.map((edge) => edge.from.node));
    const before = above(graph.incoming(first.node, first.port));
    const after = above(graph.incoming(first.node).filter((edge) => !firstPorts.some((other) => other.node === first.node && other.port === edge.to.port)));
    for (const source of sources.filter((candidate) => before.has(candidate))) {
      for (const other of sources.filter((candidate) => after.has(candidate))) {
        if (source === other || reaches(later, other, source)) conflicts.push({ ...first, source });
        else later.get(source)!.add(other);
      }
    }
  }
  const depths = new Map<NodeId, number>();
  const depth = (source: NodeId): number => {
    let found = depths.get(source);
    if (found === undefined) {
      found = Math.max(0, ...[...later.get(source)!].map((next) => depth(next) + 1));
      depths.set(source, found);
    }
    return found;
  };
  const groups: NodeId[][] = [];
  for (const source of sources) {
    const at = depth(source);
    while (groups.length <= at) groups.push([]);
    groups[at]!.push(source);
  }
  return { groups: groups.reverse().filter((group) => group.length > 0), conflicts };
}

function reaches(next: ReadonlyMap<NodeId, ReadonlySet<NodeId>>, from: NodeId, to: NodeId): boolean {
  const seen = new Set([from]);
  for (const node of seen) for (const other of next.get(node) ?? []) seen.add(other);
  return seen.has(to);
}
