/**
 * Cells that no node in a run looks at stay as they are in the file: their columns are planned as text, from the source to the sinks. So a
 * file that is copied, filtered or sorted has the same cells afterwards, byte for byte, whatever their columns' types are elsewhere.
 */
import type { NodeDefinition } from '@millrace/kit/node';
import { looksAt, traitsOf } from '@millrace/kit/op-traits';
import type { Column, Schema } from '../../model/values/types.ts';
import { errorPort, type NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { lower } from './lower.ts';

type Side = 'inputs' | 'outputs';
/** A column where it enters or leaves a node. */
type Place = string;

/** The plan with those columns as text. `definition` gives that of a node type in the plan. */
export function keepAsWritten(plan: PhysicalPlan, definition: (type: string) => NodeDefinition): PhysicalPlan {
  const columns = new Columns(plan, definition);
  const texts = new Set<Place>();
  for (const node of plan.nodes) {
    const source = definition(node.type);
    if (source.kind !== 'source' || !source.readsText) continue;
    for (const [port, schema] of Object.entries(node.outputs)) {
      for (const column of schema.columns) {
        const places = source.readsText(node.params, column) ? columns.untouchedFrom(placeOf('outputs', node.id, port, column.name)) : null;
        for (const place of places ?? []) texts.add(place);
      }
    }
  }
  return texts.size === 0 ? plan : { ...plan, nodes: plan.nodes.map((node) => lowered(withTexts(node, texts), definition(node.type))) };
}

class Columns {
  readonly #next = new Map<Place, Place[]>();
  /** Where a column's type matters. */
  readonly #typed = new Set<Place>();
  readonly #origins = new Set<Place>();

  constructor(plan: PhysicalPlan, definition: (type: string) => NodeDefinition) {
    const { nodes, edges } = plan;
    const outputs = new Map(nodes.map((node) => [node.id, node.outputs]));
    for (const node of nodes) this.#addNode(node, definition(node.type), plan);
    for (const { from, to } of edges) {
      for (const { name } of outputs.get(from.node)?.[from.port]?.columns ?? []) {
        this.#link(placeOf('outputs', from.node, from.port, name), placeOf('inputs', to.node, to.port, name));
      }
    }
  }

  /** All places that a source's column reaches, or null if its type matters in one of them. */
  untouchedFrom(start: Place): Iterable<Place> | null {
    const reached = new Set([start]);
    for (const place of reached) {
      if (this.#typed.has(place) || (place !== start && this.#origins.has(place))) return null;
      for (const next of this.#next.get(place) ?? []) reached.add(next);
    }
    return reached;
  }

  #addNode(node: PlannedNode, definition: NodeDefinition, plan: PhysicalPlan): void {
    for (const { side, port, schema } of schemasOf(node)) {
      const { eventTime } = schema;
      if (eventTime) this.#typed.add(placeOf(side, node.id, port, eventTime.column));
      for (const { name } of schema.columns) {
        const place = placeOf(side, node.id, port, name);
        if (definition.kind === 'source') this.#origins.add(place);
        else if (!this.#passes(node, definition, plan, name)) this.#typed.add(place);
      }
    }
    if (definition.kind !== 'transform') return;
    const ports = (side: Side) => Object.entries(node[side]);
    for (const [input, { columns }] of ports('inputs')) {
      for (const [output, { columns: left }] of ports('outputs')) {
        for (const { name } of columns) {
          if (left.some((column) => column.name === name)) this.#link(placeOf('inputs', node.id, input, name), placeOf('outputs', node.id, output, name));
        }
      }
    }
  }

  /** Whether a column passes through a node, or into its file, without its type being looked at. */
  #passes(node: PlannedNode, definition: NodeDefinition, { edges, bounded }: PhysicalPlan, name: string): boolean {
    if (definition.kind === 'sink') return definition.writesText?.(node.params, name) === true;
    if (definition.kind !== 'transform' || !node.op) return false;
    // State that a stream resumes with must not depend on what else is connected.
    if (!bounded && traitsOf(node.op).isStateful) return false;
    const [input] = Object.values(node.inputs);
    // Rows on an error port are JSON for their readers.
    const isRouted = edges.some(({ from }) => from.node === node.id && from.port === errorPort);
    const looked = input && !isRouted ? looksAt(node.op, input) : null;
    return looked != null && !looked.includes(name) && (input?.columns.some((column) => column.name === name) ?? false);
  }

  #link(one: Place, other: Place): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const list = this.#next.get(from);
      if (list) list.push(to);
      else this.#next.set(from, [to]);
    }
  }
}

function schemasOf(node: PlannedNode): { readonly side: Side; readonly port: string; readonly schema: Schema }[] {
  const all = (side: Side) => Object.entries(node[side]).map(([port, schema]) => ({ side, port, schema }));
  return [...all('inputs'), ...all('outputs')];
}

function withTexts(node: PlannedNode, texts: ReadonlySet<Place>): PlannedNode {
  const planned = (side: Side, port: string, schema: Schema): Schema => ({
    ...schema,
    columns: schema.columns.map(
      (column): Column => (texts.has(placeOf(side, node.id, port, column.name)) ? { ...column, type: 'string', asWritten: true } : column),
    ),
  });
  const each = <T>(ports: { readonly [port: string]: T }, change: (port: string, value: T) => T) =>
    Object.fromEntries(Object.entries(ports).map(([port, value]) => [port, change(port, value)]));
  return {
    ...node,
    inputs: each(node.inputs, (port, schema) => planned('inputs', port, schema)),
    inputLists: each(node.inputLists, (port, list) => list.map((schema) => planned('inputs', port, schema))),
    outputs: each(node.outputs, (port, schema) => planned('outputs', port, schema)),
  };
}

/** What a node does may depend on the types of its columns. */
function lowered(node: PlannedNode, definition: NodeDefinition): PlannedNode {
  const op = lower(definition, node.params, node.inputs);
  return op ? { ...node, op } : node;
}

function placeOf(side: Side, node: NodeId, port: string, column: string): Place {
  return JSON.stringify([side, node, port, column]);
}
