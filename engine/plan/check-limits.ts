/**
 * What a pipeline may be at most, so that checking it ends in time and memory that are known ahead, whatever its file says.
 * The limits are far beyond what anybody builds or reads: without them a few joins of a node with itself, which each double
 * the columns, would take all memory.
 */
import type { Inference, NodeProblem } from '../../nodes/kit/node.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { Problem } from '../schema/problem.ts';

export const maxNodes = 10_000;
/** Of the rows at one output. */
export const maxColumns = 5000;
/** Of all outputs of a pipeline together. */
export const maxColumnsInAll = 500_000;

/** What to say of a pipeline that is not checked any further; null where it is small enough. */
export function tooManyNodes({ nodes }: Pipeline): Problem | null {
  const count = Object.keys(nodes).length;
  if (count <= maxNodes) return null;
  return {
    code: 'pipeline/too-large',
    severity: 'error',
    message: `The pipeline has ${words(count)} nodes; at most ${words(maxNodes)} can be checked and run.`,
    hint: 'Split it into several pipelines.',
  };
}

/** Counts the columns of one check, node by node in the order of the rows. */
export class ColumnBudget {
  #left = maxColumnsInAll;

  /** What a node gives, without the schemas that are too large, which stay unknown and are problems of the node. */
  take({ outputs, problems = [] }: Inference): Required<Inference> {
    const found: NodeProblem[] = [];
    const kept = Object.entries(outputs).map(([port, schema]) => {
      const count = schema?.columns.length ?? 0;
      const problem = count > maxColumns ? tooManyColumns(count) : count > this.#left ? tooManyInAll : null;
      if (problem) {
        if (!found.includes(problem)) found.push(problem);
        return [port, null] as const;
      }
      this.#left -= count;
      return [port, schema] as const;
    });
    return { outputs: Object.fromEntries(kept), problems: [...problems, ...found] };
  }
}

const tooManyInAll: NodeProblem = {
  code: 'pipeline/too-many-columns',
  severity: 'error',
  message: `The nodes up to this one have more than ${words(maxColumnsInAll)} columns in all: its columns are not worked out`,
  hint: 'Keep fewer columns early on, or split the pipeline.',
};

function tooManyColumns(count: number): NodeProblem {
  return {
    code: 'node/too-many-columns',
    severity: 'error',
    message: `Its rows would have ${words(count)} columns; at most ${words(maxColumns)} are possible`,
    hint: 'Keep fewer columns before this node. A node that is joined with itself again and again doubles them each time.',
  };
}

function words(count: number): string {
  return count.toLocaleString('en-US');
}
