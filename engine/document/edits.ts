/**
 * Every change of a pipeline, as a pure function from the old document to the new one (the same object if nothing changes). An edit that
 * names something that does not exist changes nothing.
 */

import type { CodeFix, Problem, RemoveFix } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import type { Json } from '../../model/values/types.ts';
import { freeId, retire } from './ids.ts';
import { type Edge, type ErrorPolicy, edgeId, errorPort, type NodeId, type Parameter, type Pipeline, type PipelineNode, type Position } from './pipeline.ts';

type Params = PipelineNode['params'];

export interface NewNode {
  readonly type: string;
  readonly typeVersion: number;
  readonly params: { readonly [name: string]: Json };
  readonly position: Position;
  readonly title?: string;
}

/** Adds a node. Its id is made from title or type, and is not one that a node of the document has or had. */
export function addNode(pipeline: Pipeline, node: NewNode): { readonly pipeline: Pipeline; readonly id: NodeId } {
  const { type, typeVersion, params, position, title } = node;
  const id = freeId(pipeline, title ?? type);
  const added: PipelineNode = { type, typeVersion, params, ...(title ? { title } : {}) };
  return { id, pipeline: { ...pipeline, nodes: { ...pipeline.nodes, [id]: added }, layout: { ...pipeline.layout, [id]: round(position) } } };
}

/** Removes nodes with their edges, and edges. The ids of the nodes are never reused. */
export function removeItems(pipeline: Pipeline, items: { readonly nodes?: readonly NodeId[]; readonly edges?: readonly string[] }): Pipeline {
  const nodes = new Set((items.nodes ?? []).filter((id) => Object.hasOwn(pipeline.nodes, id)));
  const gone = new Set(items.edges ?? []);
  const edges = pipeline.edges.filter((edge) => !nodes.has(edge.from.node) && !nodes.has(edge.to.node) && !gone.has(edgeId(edge)));
  if (nodes.size === 0 && edges.length === pipeline.edges.length) return pipeline;
  const keep = <V>(record: { readonly [id: string]: V }) => Object.fromEntries(Object.entries(record).filter(([id]) => !nodes.has(id)));
  return retire(pipeline, { ...pipeline, nodes: keep(pipeline.nodes), edges, layout: keep(pipeline.layout) });
}

export function moveNodes(pipeline: Pipeline, positions: { readonly [id: NodeId]: Position }): Pipeline {
  const moved = Object.entries(positions)
    .filter(([id]) => Object.hasOwn(pipeline.nodes, id))
    .map(([id, at]) => [id, round(at), own(pipeline.layout, id)] as const)
    .filter(([, at, before]) => before?.x !== at.x || before?.y !== at.y)
    .map(([id, at]) => [id, at] as const);
  return moved.length === 0 ? pipeline : { ...pipeline, layout: { ...pipeline.layout, ...Object.fromEntries(moved) } };
}

/** A value that equals the node type's `fallback` is removed: a file contains only what differs from the defaults. */
export function setParam(pipeline: Pipeline, id: NodeId, name: string, value: Json, fallback?: Json): Pipeline {
  const node = own(pipeline.nodes, id);
  if (!node) return pipeline;
  const [text, before] = [JSON.stringify(value), JSON.stringify(own(node.params, name))];
  const isLeftOut = text === JSON.stringify(fallback);
  if (text === before || (isLeftOut && before === undefined)) return pipeline;
  const { [name]: _old, ...others } = node.params;
  return withNode(pipeline, id, { ...node, params: isLeftOut ? others : { ...node.params, [name]: value } });
}

type Fixable = Pick<Problem, 'field' | 'fix'>;

/** Whether the problem's fix would change anything: the node exists, and has neither the entry nor other code yet. */
export function isFixable(pipeline: Pipeline, id: NodeId, problem: Fixable): boolean {
  return fixProblem(pipeline, id, problem) !== pipeline;
}

export function fixProblem(pipeline: Pipeline, id: NodeId, { fix, field }: Fixable): Pipeline {
  if (!fix) return pipeline;
  if ('param' in fix) return setParam(pipeline, id, fix.param, fix.value);
  if ('before' in fix) return field === undefined ? pipeline : fixCode(pipeline, id, field, fix);
  if ('remove' in fix) return removeEntry(pipeline, id, fix);
  const { list, key, entry, more = [] } = fix;
  const before = own(own(pipeline.nodes, id)?.params ?? {}, list);
  const entries = Array.isArray(before) ? [...before] : [];
  for (const next of [entry, ...more]) {
    const at = entries.findIndex((other) => other?.[key] === next[key]);
    entries.splice(at === -1 ? entries.length : at, 1, next);
  }
  return setParam(pipeline, id, list, entries);
}

function removeEntry(pipeline: Pipeline, id: NodeId, { remove, within }: RemoveFix): Pipeline {
  const node = own(pipeline.nodes, id);
  if (!node) return pipeline;
  const without = (value: Json | undefined, [name, ...rest]: readonly string[]): Json | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (name !== undefined) return withInner(value, name, without(own(value as Params, name), rest));
    if (Array.isArray(value) || !Object.hasOwn(value, remove)) return undefined;
    return Object.fromEntries(Object.entries(value).filter(([other]) => other !== remove));
  };
  const params = without(node.params, within?.split('.') ?? []);
  return params === undefined ? pipeline : withNode(pipeline, id, { ...node, params: params as Params });
}

/** A list or an object with another value at one place; undefined if it has no such place. */
function withInner(value: Json & object, name: string, inner: Json | undefined): Json | undefined {
  if (inner === undefined) return undefined;
  return Array.isArray(value) ? value.with(Number(name), inner) : { ...value, [name]: inner };
}

/** `field` is a path: `columns.2.expression`. */
function fixCode(pipeline: Pipeline, id: NodeId, field: string, { at, before, text }: CodeFix): Pipeline {
  const [param = '', ...path] = field.split('.');
  const fixed = (value: Json | undefined, [name, ...rest]: readonly string[]): Json | undefined => {
    if (typeof value === 'string') {
      const isThere = name === undefined && value.startsWith(before, at) && !value.startsWith(text, at);
      return isThere ? value.slice(0, at) + text + value.slice(at + before.length) : undefined;
    }
    if (typeof value !== 'object' || value === null || name === undefined) return undefined;
    return withInner(value, name, fixed(own(value as Params, name), rest));
  };
  const next = fixed(own(own(pipeline.nodes, id)?.params ?? {}, param), path);
  return next === undefined ? pipeline : setParam(pipeline, id, param, next);
}

/**
 * Title, note, error policy: an empty text or null removes the entry, so that the node's default applies. A policy other than "route"
 * removes the edges of the error port.
 */
export function setNode(
  pipeline: Pipeline,
  id: NodeId,
  change: { readonly title?: string; readonly note?: string; readonly onError?: ErrorPolicy | null },
): Pipeline {
  const node = own(pipeline.nodes, id);
  if (!node) return pipeline;
  const { title, note, onError, ...rest } = { ...node, ...change };
  const next: PipelineNode = { ...rest, ...(title ? { title } : {}), ...(note ? { note } : {}), ...(onError ? { onError } : {}) };
  if (JSON.stringify(next) === JSON.stringify(node)) return pipeline;
  const changed = withNode(pipeline, id, next);
  if (next.onError === 'route') return changed;
  return { ...changed, edges: changed.edges.filter((edge) => edge.from.node !== id || edge.from.port !== errorPort) };
}

/** Adds an edge. With `replace`, it replaces edges that end at the same port (for ports that take one edge only). */
export function connect(pipeline: Pipeline, edge: Edge, options: { readonly replace?: boolean } = {}): Pipeline {
  const id = edgeId(edge);
  const isThere = (node: NodeId) => Object.hasOwn(pipeline.nodes, node);
  if (!isThere(edge.from.node) || !isThere(edge.to.node) || pipeline.edges.some((other) => edgeId(other) === id)) return pipeline;
  const others = options.replace ? pipeline.edges.filter((other) => other.to.node !== edge.to.node || other.to.port !== edge.to.port) : pipeline.edges;
  return { ...pipeline, edges: [...others, edge] };
}

/** Inserts a node into an edge: two edges, through `input` and `output` of that node, replace `edge`. */
export function insertIntoEdge(pipeline: Pipeline, edge: string, id: NodeId, input: string, output: string): Pipeline {
  const found = pipeline.edges.find((candidate) => edgeId(candidate) === edge);
  if (!found || !Object.hasOwn(pipeline.nodes, id)) return pipeline;
  const without = removeItems(pipeline, { edges: [edge] });
  return connect(connect(without, { from: found.from, to: { node: id, port: input } }), { from: { node: id, port: output }, to: found.to });
}

export function setPipeline(pipeline: Pipeline, change: { readonly name?: string; readonly description?: string }): Pipeline {
  const next = { ...pipeline, ...change };
  return next.name === pipeline.name && next.description === pipeline.description ? pipeline : next;
}

/** Adds, changes or (with null) removes a parameter. */
export function setParameter(pipeline: Pipeline, name: string, parameter: Parameter | null): Pipeline {
  if (JSON.stringify(own(pipeline.parameters, name) ?? null) === JSON.stringify(parameter)) return pipeline;
  const { [name]: _old, ...rest } = pipeline.parameters;
  return { ...pipeline, parameters: parameter ? { ...pipeline.parameters, [name]: parameter } : rest };
}

function withNode(pipeline: Pipeline, id: NodeId, node: PipelineNode): Pipeline {
  return { ...pipeline, nodes: { ...pipeline.nodes, [id]: node } };
}

function round(at: Position): Position {
  const whole = (value: number) => (Number.isFinite(value) ? Math.round(value) : 0);
  return { x: whole(at.x), y: whole(at.y) };
}
