import type { Problem } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { NodeId } from '../document/pipeline.ts';

/** A problem, and the nodes that cannot run because of it; none if the whole pipeline cannot. */
export interface Finding {
  readonly problem: Problem;
  readonly blocks: readonly NodeId[];
}

/** Of one node, or of no node, such as edges that lead nowhere. Nobody reads more; for the rest only the number is reported. */
const mostOfOne = 20;

/** Collects the findings of a check: the first problems of each node, and how many more there are. */
export class Findings {
  readonly #list: Finding[] = [];
  readonly #counts = new Map<NodeId | undefined, number>();
  readonly #left = new Map<NodeId | undefined, { count: number; isError: boolean; blocksAll: boolean; readonly blocks: Set<NodeId> }>();
  readonly #errors = new Set<NodeId>();
  readonly #ownErrors = new Set<NodeId>();
  readonly #fields = new Map<NodeId, { readonly told: Set<string>; readonly around: Set<string> }>();

  get list(): readonly Finding[] {
    const list = [...this.#list];
    for (const [node, { count, isError, blocksAll, blocks }] of this.#left) {
      const problem: Problem = {
        code: 'problems/more',
        severity: isError ? 'error' : 'warning',
        message: `And ${thousands(count)} more ${count === 1 ? 'problem' : 'problems'}`,
        hint: 'Fix the ones above first: these are shown after that.',
        ...(node !== undefined && { node }),
      };
      list.push({ problem, blocks: blocksAll ? [] : [...blocks] });
    }
    return list;
  }

  /** A problem of one node. */
  node(node: NodeId, problem: Omit<Problem, 'node'>): void {
    this.#add({ problem: { ...problem, node }, blocks: [node] });
  }

  /** A problem of several nodes, or of an edge. */
  between(blocks: readonly NodeId[], problem: Problem): void {
    this.#add({ problem, blocks });
  }

  pipeline(problem: Problem): void {
    this.#add({ problem, blocks: [] });
  }

  hasError(node: NodeId): boolean {
    return this.#errors.has(node);
  }

  /** Whether something is wrong with a node itself, apart from its position in the graph. */
  hasOwnError(node: NodeId): boolean {
    return this.#ownErrors.has(node);
  }

  /** Whether a problem of a node's param, or of something inside it, was already reported. */
  hasField(node: NodeId, field: string): boolean {
    const known = this.#fields.get(node);
    return known !== undefined && (known.told.has(field) || known.around.has(field) || pathsAround(field).some((path) => known.told.has(path)));
  }

  #keep(finding: Finding): void {
    const { node, severity } = finding.problem;
    const count = (this.#counts.get(node) ?? 0) + 1;
    this.#counts.set(node, count);
    if (count <= mostOfOne) {
      this.#list.push(finding);
      return;
    }
    const left = this.#left.get(node) ?? { count: 0, isError: false, blocksAll: false, blocks: new Set() };
    this.#left.set(node, left);
    left.count++;
    if (severity !== 'error') return;
    left.isError = true;
    if (finding.blocks.length === 0) left.blocksAll = true;
    for (const id of finding.blocks) left.blocks.add(id);
  }

  #add(finding: Finding): void {
    const { problem, blocks } = finding;
    this.#keep(finding);
    if (problem.severity === 'error') for (const node of blocks) this.#errors.add(node);
    if (problem.severity === 'error' && problem.node !== undefined && !problem.code.startsWith('pipeline/')) this.#ownErrors.add(problem.node);
    if (problem.node === undefined || problem.field === undefined) return;
    const fields = this.#fields.get(problem.node) ?? { told: new Set(), around: new Set() };
    this.#fields.set(problem.node, fields);
    fields.told.add(problem.field);
    for (const path of pathsAround(problem.field)) fields.around.add(path);
  }
}

/** `columns` and `columns.2` of `columns.2.name`. */
function pathsAround(field: string): string[] {
  const parts = field.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}
