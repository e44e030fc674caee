import { edgeId, type Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeCheck } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';

/** One stream of rows that can be shown: those of a node's output port. */
export interface PreviewTarget {
  /** Unique among the targets of one selection. */
  readonly key: string;
  readonly label: string;
  readonly node: string;
  readonly port: string;
  /** The selected node's own output, or the rows at one of its inputs. */
  readonly side: 'out' | 'in';
  /** Rows that came too late to count. */
  readonly late?: boolean;
}

/** What the data panel shows: a node, or one edge. */
export type PreviewSubject = { readonly kind: 'node' | 'edge'; readonly id: string };

/** The subject of a selection: one node, or one edge; null for none or several. */
export function subjectOf(selection: { readonly nodes: readonly string[]; readonly edges: readonly string[] }): PreviewSubject | null {
  const { nodes, edges } = selection;
  const [node] = nodes;
  const [edge] = edges;
  if (node !== undefined) return nodes.length === 1 ? { kind: 'node', id: node } : null;
  return edge !== undefined && edges.length === 1 ? { kind: 'edge', id: edge } : null;
}

/**
 * The streams of a subject, the most interesting first: a node's outputs, then its inputs (a sink has only those). Empty for a node without
 * any connection to show, and for what no longer exists.
 */
export function previewTargets(pipeline: Pipeline, subject: PreviewSubject, check: NodeCheck | null): readonly PreviewTarget[] {
  if (subject.kind === 'edge') {
    const edge = pipeline.edges.find((candidate) => edgeId(candidate) === subject.id);
    return edge ? [{ key: 'edge', label: edge.from.port, node: edge.from.node, port: edge.from.port, side: 'out' }] : [];
  }
  const outputs = (check?.outputs ?? []).map(
    (port): PreviewTarget => ({ key: `out:${port.name}`, label: port.label, node: subject.id, port: port.name, side: 'out', ...(port.late && { late: true }) }),
  );
  const incoming = pipeline.edges.filter((edge) => edge.to.node === subject.id);
  const inputs = incoming.map((edge): PreviewTarget => {
    const port = check?.inputs.find((input) => input.name === edge.to.port);
    const siblings = incoming.filter((other) => other.to.port === edge.to.port).length;
    const label = siblings > 1 ? visible(pipeline.nodes[edge.from.node]?.title ?? edge.from.node) : (port?.label ?? edge.to.port);
    return { key: `in:${edgeId(edge)}`, label, node: edge.from.node, port: edge.from.port, side: 'in' };
  });
  return [...outputs, ...inputs];
}

/**
 * Everything in a document on which the rows at `node` depend, by identity: while two such lists are equal item by item, the rows are the
 * same. Does not include layout, and nodes that are not upstream.
 */
export function upstreamParts(pipeline: Pipeline, node: string): readonly unknown[] {
  const seen = new Set<string>();
  const parts: unknown[] = [pipeline.parameters];
  const visit = (id: string) => {
    if (seen.has(id)) return;
    seen.add(id);
    const found = pipeline.nodes[id];
    parts.push(id, found?.type, found?.params, found?.onError);
    for (const edge of pipeline.edges) {
      if (edge.to.node !== id) continue;
      parts.push(edgeId(edge));
      visit(edge.from.node);
    }
  };
  visit(node);
  return parts;
}

export function sameParts(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index]);
}
