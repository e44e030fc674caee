import { missing } from '../../model/faults/missing.ts';
import { KnownMap } from '../../model/values/known-map.ts';
import type { Edge, NodeId } from '../document/pipeline.ts';

/** Nodes and the edges between them, looked up by node. Edges must name existing nodes. */
export class Graph {
  readonly nodes: readonly NodeId[];
  readonly #incoming = new Map<NodeId, Edge[]>();
  readonly #outgoing = new Map<NodeId, Edge[]>();

  constructor(nodes: readonly NodeId[], edges: readonly Edge[]) {
    this.nodes = nodes;
    for (const edge of edges) {
      append(this.#outgoing, edge.from.node, edge);
      append(this.#incoming, edge.to.node, edge);
    }
  }

  incoming(node: NodeId, port?: string): readonly Edge[] {
    const edges = this.#incoming.get(node) ?? [];
    return port === undefined ? edges : edges.filter((edge) => edge.to.port === port);
  }

  outgoing(node: NodeId, port?: string): readonly Edge[] {
    const edges = this.#outgoing.get(node) ?? [];
    return port === undefined ? edges : edges.filter((edge) => edge.from.port === port);
  }

  /** These nodes and all nodes upstream. */
  upstream(nodes: Iterable<NodeId>): Set<NodeId> {
    const found = new Set(nodes);
    for (const node of found) for (const edge of this.incoming(node)) found.add(edge.from.node);
    return found;
  }

  /** These nodes and all nodes downstream. */
  downstream(nodes: Iterable<NodeId>): Set<NodeId> {
    const found = new Set(nodes);
    for (const node of found) for (const edge of this.outgoing(node)) found.add(edge.to.node);
    return found;
  }

  /**
   * Every node once, after all that feed it; otherwise in the given order. If there is a cycle, it is returned in the direction of its
   * edges, and its nodes come as if it were cut.
   */
  sort(): { readonly order: readonly NodeId[]; readonly cycles: readonly (readonly NodeId[])[] } {
    const order = new Set<NodeId>();
    const cycles: NodeId[][] = [];
    const waiting = new KnownMap(
      'node',
      this.nodes.map((node) => [node, new Set(this.incoming(node).map((edge) => edge.from.node))]),
    );
    const ready = this.nodes.filter((node) => waiting.of(node).size === 0);
    while (order.size < this.nodes.length) {
      if (ready.length === 0) {
        const cycle = this.#findCycle(order);
        cycles.push(cycle);
        ready.push(...cycle);
      }
      for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
        if (order.has(node)) continue;
        order.add(node);
        for (const { to } of this.outgoing(node)) {
          const sources = waiting.of(to.node);
          if (sources.delete(node) && sources.size === 0) ready.push(to.node);
        }
      }
    }
    return { order: [...order], cycles };
  }

  /** Outside `done` every node waits for another one, so walking upstream must find a cycle. */
  #findCycle(done: ReadonlySet<NodeId>): NodeId[] {
    const path: NodeId[] = [];
    let node = this.nodes.find((candidate) => !done.has(candidate)) ?? missing('a node of the circle');
    while (!path.includes(node)) {
      path.push(node);
      const edge = this.incoming(node).find(({ from }) => !done.has(from.node)) ?? missing(`an edge of the circle to "${node}"`);
      node = edge.from.node;
    }
    return path.slice(path.indexOf(node)).reverse();
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
