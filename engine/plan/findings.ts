import type { NodeId } from '../document/pipeline.ts';
import type { Problem } from '../schema/problem.ts';

/** A problem, and the nodes that cannot run because of it; none where the whole pipeline is meant. */
export interface Finding {
  readonly problem: Problem;
  readonly blocks: readonly NodeId[];
}

/** Collects what a check finds. */
export class Findings {
  readonly list: Finding[] = [];

  /** A problem of one node. */
  node(node: NodeId, problem: Omit<Problem, 'node'>): void {
    this.list.push({ problem: { ...problem, node }, blocks: [node] });
  }

  /** A problem of several nodes, or of an edge. */
  between(blocks: readonly NodeId[], problem: Problem): void {
    this.list.push({ problem, blocks });
  }

  pipeline(problem: Problem): void {
    this.list.push({ problem, blocks: [] });
  }

  hasError(node: NodeId): boolean {
    return this.list.some(({ problem, blocks }) => problem.severity === 'error' && blocks.includes(node));
  }

  /** Whether a node's param, or something inside it, was reported already. */
  hasField(node: NodeId, field: string): boolean {
    return this.list.some(({ problem }) => {
      const known = problem.node === node ? problem.field : undefined;
      return known !== undefined && (known === field || known.startsWith(`${field}.`) || field.startsWith(`${known}.`));
    });
  }
}
