/**
 * Which part of a plan can run in several instances, with rows exchanged by the hash of their keys: see ADR 31. A stage is a keyed
 * operation and the operations downstream that only it feeds and that need their rows split in the same way, or in no particular way.
 */
import { findColumn } from '@millrace/kit/columns';
import { isRowByRow, traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { itemsAt, missing } from '../../model/faults/missing.ts';
import type { ColumnType } from '../../model/values/types.ts';
import { type Edge, errorPort, type NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode, Stage } from '../protocol/physical-plan.ts';
import { carriedColumn } from './carried-columns.ts';
import { Graph } from './graph.ts';
import { goesByOrder, reachedOutOfOrder } from './order-of-rows.ts';

/**
 * The plan with stages of this many instances, for everything that gives the same rows in several instances; unchanged if the number is
 * one, or there is no such part. A stage stays in one instance if a later operation depends on the order of its rows, not on their keys.
 * Nodes in `plan.keeping` are in no stage.
 */
export function withStages(plan: PhysicalPlan, instances: number): PhysicalPlan {
  const { stages: _, ...bare } = plan;
  if (instances <= 1) return bare;
  const isSame = (stage: Stage) => reachedOutOfOrder(bare, stage).every(({ node, port }) => !isKeeping(bare, node) && !goesByOrder(node, port));
  const stages = findStages(bare, instances).filter(isSame);
  return stages.length === 0 ? bare : { ...bare, stages };
}

/** By output port: the columns whose values decide which instance a row is in; null if no column does. */
type Spread = readonly string[] | null;

interface Draft {
  readonly nodes: NodeId[];
  readonly exchanges: { readonly edge: Edge; readonly keys: readonly string[] }[];
  readonly places: { [node: NodeId]: readonly number[] };
}

/** All of them, in topological order of their first nodes. */
export function findStages(plan: PhysicalPlan, instances: number): Stage[] {
  const graph = new Graph(
    plan.nodes.map(({ id }) => id),
    plan.edges,
  );
  const drafts: Draft[] = [];
  const stageOf = new Map<NodeId, Draft>();
  /** By `node.port`. */
  const spreads = new Map<string, Spread>();
  const spreadOf = ({ from }: Edge): Spread => spreads.get(`${from.node}.${from.port}`) ?? null;

  for (const node of plan.nodes) {
    const incoming = graph.incoming(node.id);
    const [first] = incoming;
    if (!node.op || !first || isKeeping(plan, node)) continue;
    const keys = keysOf(node);
    if (keys !== null) enter(node, keys, first, incoming);
    else if (isRowByRow(node.op)) {
      const stage = stageOf.get(first.from.node);
      if (stage && incoming.every(({ from }) => stageOf.get(from.node) === stage)) follow(node, stage, first, incoming);
    }
  }
  return drafts.map((draft) => ({ ...draft, instances }));

  /** Into the stage that already has its rows by its keys, or into one of its own. */
  function enter(node: PlannedNode, keys: KeysByPort, first: Edge, incoming: readonly Edge[]): void {
    const found = isSameKeyEverywhere(node) ? incoming.flatMap((edge) => placesAfter(edge, keys)) : [];
    const stage = found[0] && stageOf.get(found[0].edge.from.node);
    const { port } = first.to;
    const places = found[0]?.places ?? keysAt(keys, port).map((_, i) => i);
    const inside = new Set(
      found.filter((each) => stageOf.get(each.edge.from.node) === stage && String(each.places) === String(places)).map(({ edge }) => edge),
    );
    const draft: Draft = stage ?? { nodes: [], exchanges: [], places: {} };
    if (!stage) drafts.push(draft);
    draft.nodes.push(node.id);
    draft.places[node.id] = places;
    for (const edge of incoming) {
      if (!inside.has(edge)) draft.exchanges.push({ edge, keys: itemsAt(keysAt(keys, edge.to.port), places) });
    }
    stageOf.set(node.id, draft);
    spread(node, port, itemsAt(keysAt(keys, port), places));
  }

  function placesAfter(edge: Edge, keys: KeysByPort): { readonly edge: Edge; readonly places: readonly number[] }[] {
    const before = spreadOf(edge);
    if (before === null || !stageOf.has(edge.from.node)) return [];
    const places = before.map((column) => keysAt(keys, edge.to.port).indexOf(column));
    return places.includes(-1) ? [] : [{ edge, places }];
  }

  function follow(node: PlannedNode, stage: Draft, first: Edge, incoming: readonly Edge[]): void {
    stage.nodes.push(node.id);
    stageOf.set(node.id, stage);
    const columns = spreadOf(first);
    const isOne = incoming.every((edge) => String(spreadOf(edge)) === String(columns));
    spread(node, first.to.port, isOne ? columns : null);
  }

  function spread(node: PlannedNode, port: string, columns: Spread): void {
    for (const output of Object.keys(node.outputs)) {
      if (output === errorPort) continue;
      const carried = columns?.map((column) => carriedColumn(node, port, column, output)) ?? [null];
      spreads.set(`${node.id}.${output}`, carried.some((column) => column === null) ? null : (carried as string[]));
    }
  }
}

function isKeeping({ keeping = [] }: PhysicalPlan, { id }: PlannedNode): boolean {
  return keeping.includes(id);
}

export type KeysByPort = { readonly [port: string]: readonly string[] };

export function keysAt(keys: KeysByPort, port: string): readonly string[] {
  return keys[port] ?? missing(`the keys at the input "${port}"`);
}

/** Values of these types are equal only if they are the same object. */
const withoutKeys: readonly ColumnType[] = ['json', 'bytes'];

/** By input: the keys of an operation whose rows can be split by them. */
export function keysOf({ op, inputs }: PlannedNode): KeysByPort | null {
  if (!op || op.op === 'native') return null;
  const { partition } = traitsOf(op);
  if (partition === null || partition === 'any') return null;
  const isSound = Object.entries(partition).every(([port, keys]) => {
    const types = keys.map((key) => inputs[port] && findColumn(inputs[port], key)?.type);
    return keys.length > 0 && types.every((type) => type !== undefined && !withoutKeys.includes(type));
  });
  return isSound && Object.keys(inputs).every((port) => partition[port]) ? partition : null;
}

/** Keys of two types are converted to a form of both: rows that were split by one of the types are elsewhere then. */
export function isSameKeyEverywhere({ op, inputs }: PlannedNode): boolean {
  const pairs = op ? keyPairsOf(op) : { keys: [], left: '', right: '' };
  return pairs.keys.every(({ left, right }) => {
    const [a, b] = [inputs[pairs.left], inputs[pairs.right]].map((schema, i) => schema && findColumn(schema, i === 0 ? left : right)?.type);
    return a === b;
  });
}

function keyPairsOf(op: Op): { readonly keys: readonly { readonly left: string; readonly right: string }[]; readonly left: string; readonly right: string } {
  if (op.op === 'coGroup') return { keys: op.keys, left: 'left', right: 'right' };
  if (op.op === 'lookup') return { keys: op.keys, left: 'rows', right: 'lookup' };
  return { keys: [], left: '', right: '' };
}
