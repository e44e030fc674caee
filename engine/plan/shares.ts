/**
 * The plan of a run that has one share of the input of a pipeline, as instances of a group have (ADR 42): the same rows as one run gives, or
 * an error. Rows are in shares by a key of their source, so everything that brings rows together has to do so within that key.
 */
import type { NodeDefinition, Share } from '@millrace/kit/node';
import { isRowByRow } from '@millrace/kit/op-traits';
import { MillraceError } from '../../model/problems/problem.ts';
import { type Edge, errorPort, type NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { carriedColumn } from './carried-columns.ts';
import { Graph } from './graph.ts';
import { isSameKeyEverywhere, keysAt, keysOf } from './stages.ts';

/** The columns whose values say in which share a row is; null where that is not known. */
type Spread = readonly string[] | null;

/** Throws a MillraceError that names the node which stands in the way. */
export function withShare(
  plan: PhysicalPlan,
  definitionOf: (type: string) => NodeDefinition | undefined,
  { index, count }: Omit<Share, 'byKey'>,
): PhysicalPlan {
  const sharing = new Sharing(plan, definitionOf);
  const nodes = plan.nodes.map((node) => (sharing.shared.has(node.id) ? { ...node, share: { index, count, byKey: sharing.byKey } } : node));
  return { ...plan, nodes };
}

class Sharing {
  /** Sources of which each run reads a share; the others are lookups that each run reads as a whole. */
  readonly shared = new Set<NodeId>();
  byKey = false;
  readonly #graph: Graph;
  readonly #byId: ReadonlyMap<NodeId, PlannedNode>;
  readonly #definitionOf: (type: string) => NodeDefinition | undefined;
  /** By `node.port`. */
  readonly #spreads = new Map<string, Spread>();

  constructor(plan: PhysicalPlan, definitionOf: (type: string) => NodeDefinition | undefined) {
    this.#graph = new Graph(
      plan.nodes.map(({ id }) => id),
      plan.edges,
    );
    this.#byId = new Map(plan.nodes.map((node) => [node.id, node]));
    this.#definitionOf = definitionOf;
    for (const node of plan.nodes) {
      if (node.kind === 'source') this.#source(node);
      else if (node.kind === 'sink') this.#sink(node);
      else this.#transform(node);
    }
  }

  #source(node: PlannedNode): void {
    const definition = this.#definitionOf(node.type);
    const shares = definition?.kind === 'source' ? (definition.shares?.(node.params) ?? null) : null;
    if (!shares && this.#feedsLookupsOnly(node.id)) return;
    if (!shares)
      throw refused(
        'group/source',
        node,
        `The rows of "${node.title}" cannot be divided among the instances of a group.`,
        'Read from a topic that never ends.',
      );
    this.shared.add(node.id);
    for (const port of Object.keys(node.outputs)) this.#spreads.set(`${node.id}.${port}`, shares.key === null ? null : [shares.key]);
  }

  #sink(node: PlannedNode): void {
    const definition = this.#definitionOf(node.type);
    if (definition?.kind === 'sink' && definition.takesShares) return;
    const what = definition?.kind === 'sink' && definition.keepsErrors ? 'The errors table' : `The output of "${node.title}"`;
    throw refused('group/sink', node, `${what} cannot be written by several instances at the same time.`, 'Write to a topic.');
  }

  #transform(node: PlannedNode): void {
    const incoming = this.#graph.incoming(node.id);
    const [first] = incoming;
    if (!node.op || !first) return;
    if (isRowByRow(node.op) || node.op.op === 'assignTime') {
      const spreads = incoming.map((edge) => this.#spreadOf(edge));
      const isOne = spreads.every((spread) => String(spread) === String(spreads[0]));
      this.#carry(node, first.to.port, isOne ? (spreads[0] ?? null) : null);
      return;
    }
    if (node.op.op === 'lookup' && !incoming.some((edge) => edge.to.port === 'lookup' && this.#comesOfShares(edge))) {
      // Each run has the whole lookup.
      const rows = incoming.find(({ to }) => to.port === 'rows');
      this.#carry(node, 'rows', rows ? this.#spreadOf(rows) : null);
      return;
    }
    this.#together(node, first, incoming);
  }

  /** Rows of the same keys have to be in the same share, whichever input they come by. */
  #together(node: PlannedNode, first: Edge, incoming: readonly Edge[]): void {
    this.byKey = true;
    const keys = keysOf(node);
    if (keys === null) throw refused('group/keys', node, `"${node.title}" needs all rows in one place, and instances have only their shares.`, byKeyOnly);
    const places = incoming.map((edge) => this.#spreadOf(edge)?.map((column) => keysAt(keys, edge.to.port).indexOf(column)) ?? null);
    const isSound = places.every((each) => each !== null && !each.includes(-1) && String(each) === String(places[0]));
    if (!isSound || !isSameKeyEverywhere(node))
      throw refused('group/keys', node, `"${node.title}" brings rows together whose messages may have other keys, and so be in other shares.`, byKeyOnly);
    this.#carry(node, first.to.port, this.#spreadOf(first));
  }

  #carry(node: PlannedNode, port: string, columns: Spread): void {
    for (const output of Object.keys(node.outputs)) {
      const carried = columns?.map((column) => (output === errorPort ? null : carriedColumn(node, port, column, output))) ?? [null];
      this.#spreads.set(`${node.id}.${output}`, carried.some((column) => column === null) ? null : (carried as string[]));
    }
  }

  #spreadOf({ from }: Edge): Spread {
    return this.#spreads.get(`${from.node}.${from.port}`) ?? null;
  }

  #comesOfShares({ from }: Edge): boolean {
    return [...this.#graph.upstream([from.node])].some((id) => this.shared.has(id));
  }

  /** Its rows are looked up and go nowhere else. */
  #feedsLookupsOnly(id: NodeId): boolean {
    return this.#graph.outgoing(id).every(({ from, to }) => {
      const node = this.#byId.get(to.node);
      if (from.port === errorPort || !node?.op) return false;
      return node.op.op === 'lookup' ? to.port === 'lookup' : isRowByRow(node.op) && this.#feedsLookupsOnly(to.node);
    });
  }
}

const byKeyOnly = 'Name a column for the key of the messages in the source, and group or match by that column; or run without a group.';

function refused(code: 'group/keys' | 'group/sink' | 'group/source', { id }: PlannedNode, message: string, hint: string): MillraceError {
  return new MillraceError({ code, message, hint, node: id });
}
