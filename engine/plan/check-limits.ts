/**
 * The maximum size of a pipeline, so that checking it ends within known limits of time and memory, whatever its file contains. The limits
 * are far beyond what people build: without them a few joins of a node with itself, each of which doubles the columns, would take all
 * memory.
 */
import type { Inference, NodeProblem } from '@millrace/kit/node';
import type { Problem } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Schema } from '../../model/values/types.ts';
import type { Pipeline } from '../document/pipeline.ts';

export const maxNodes = 10_000;
/** Of the rows at one output. */
export const maxColumns = 5000;
/** Of all outputs of a pipeline together. */
export const maxColumnsInAll = 500_000;
/** Of the names of the columns at one output, in UTF-16 units: joins lengthen names too. */
export const maxNameUnits = 1_000_000;
/** Of the texts of all params after parameters were substituted, in UTF-16 units. */
export const maxParameterUnits = 20_000_000;

/** The problem of a pipeline that is not checked any further; null if it is small enough. */
export function tooManyNodes({ nodes }: Pipeline): Problem | null {
  const count = Object.keys(nodes).length;
  if (count <= maxNodes) return null;
  return {
    code: 'pipeline/too-large',
    severity: 'error',
    message: `The pipeline has ${thousands(count)} nodes; at most ${thousands(maxNodes)} can be checked and run.`,
    hint: 'Split it into several pipelines.',
  };
}

/** Counts the columns of one check, node by node in the order of the rows, and the text that parameters add. */
export class CheckBudget {
  #left = maxColumnsInAll;
  #text = maxParameterUnits;

  /** Whether this much text may still be substituted. After the first refusal, all are refused. */
  takeText(units: number): boolean {
    this.#text -= units;
    return this.#text >= 0;
  }

  /** A node's outputs, without schemas that are too large: these stay unknown and are problems of the node. */
  take({ outputs, problems = [] }: Inference): Required<Inference> {
    const found: NodeProblem[] = [];
    const kept = Object.entries(outputs).map(([port, schema]) => {
      const count = schema?.columns.length ?? 0;
      const problem = count > maxColumns ? tooManyColumns(count) : count > this.#left ? tooManyInAll : unitsOf(schema) > maxNameUnits ? namesTooLong : null;
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

export const tooMuchText: NodeProblem = {
  code: 'parameters/too-long',
  severity: 'error',
  message: `The parameters put more than ${thousands(maxParameterUnits)} characters into the nodes in all`,
  hint: 'Give the parameters shorter values, or use them in fewer places.',
};

const tooManyInAll: NodeProblem = {
  code: 'pipeline/too-many-columns',
  severity: 'error',
  message: `The nodes up to this one have more than ${thousands(maxColumnsInAll)} columns in all: its columns are not computed`,
  hint: 'Keep fewer columns early on, or split the pipeline.',
};

const namesTooLong: NodeProblem = {
  code: 'node/names-too-long',
  severity: 'error',
  message: `The names of its columns would have more than ${thousands(maxNameUnits)} characters in all`,
  hint: 'Give the columns shorter names before this node, or keep fewer of them. A node that is joined with itself again and again lengthens them each time.',
};

function unitsOf(schema: Schema | null | undefined): number {
  return schema?.columns.reduce((sum, { name }) => sum + name.length, 0) ?? 0;
}

function tooManyColumns(count: number): NodeProblem {
  return {
    code: 'node/too-many-columns',
    severity: 'error',
    message: `Its rows would have ${thousands(count)} columns; at most ${thousands(maxColumns)} are possible`,
    hint: 'Keep fewer columns before this node. A node that is joined with itself again and again doubles them each time.',
  };
}
