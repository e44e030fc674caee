import type { Op } from '@millrace/kit/ops';
import { durationText } from '../../model/time/duration.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';

/** What decides whether state that was made with one plan fits another one. Plain data, kept in checkpoints. */
export interface Shape {
  readonly pipeline: string;
  readonly nodes: { readonly [node: NodeId]: NodeShape };
}
export interface NodeShape {
  readonly type: string;
  /** Of the node type. */
  readonly version: number;
  /** Of the form in which the node type keeps its state; absent if that is 1. */
  readonly stateVersion?: number;
  readonly params: { readonly [name: string]: Json };
  /**
   * The fingerprint of what a transform does. If both plans have one it decides, and params only say in words what has changed, so that
   * labels and settings without effect drop no state. Absent if no operation gives it, and in older checkpoints.
   */
  readonly op?: string;
  /** By port: the incoming columns, in no significant order, and the event time. */
  readonly inputs: { readonly [port: string]: string };
}

/** Params that every source has, and that do not change how far it was read. */
const ofWatermarks = ['outOfOrder', 'idleAfter', 'ahead'];

export function shapeOf(pipeline: string, plan: PhysicalPlan, version: (type: string) => number, stateVersion: (type: string) => number = () => 1): Shape {
  const nodes = plan.nodes.map(({ id, type, kind, params: all, op, inputs, inputLists }): [NodeId, NodeShape] => {
    const params = kind === 'source' ? Object.fromEntries(Object.entries(all).filter(([name]) => !ofWatermarks.includes(name))) : all;
    const schemas = { ...Object.fromEntries(Object.entries(inputs).map(([port, schema]) => [port, [schema]])), ...inputLists };
    const texts = Object.entries(schemas).map(([port, list]) => [port, list.map(schemaText).sort().join(' | ')]);
    const form = stateVersion(type);
    const does = op && op.op !== 'native' ? { op: fingerprint(op) } : {};
    return [id, { type, version: version(type), ...(form > 1 && { stateVersion: form }), params, ...does, inputs: Object.fromEntries(texts) }];
  });
  return { pipeline, nodes: Object.fromEntries(nodes) };
}

export interface Comparison {
  /** Nodes whose state is carried over. */
  readonly carried: readonly NodeId[];
  /** Nodes whose state no longer fits, each with the reason in words that follow its name. */
  readonly dropped: readonly { readonly node: NodeId; readonly why: string }[];
  /** Nodes that were not there before. */
  readonly added: readonly NodeId[];
}

/**
 * What happens to the state of the nodes of `before` in a plan of another shape. Only nodes of `withState` are carried or dropped.
 * `isDuration`: the param of this node type is a number of milliseconds.
 */
export function compareShapes(
  before: Shape,
  after: Shape,
  withState: Iterable<NodeId> = Object.keys(before.nodes),
  isDuration: (type: string, param: string) => boolean = () => false,
): Comparison {
  const carried: NodeId[] = [];
  const dropped: { node: NodeId; why: string }[] = [];
  for (const node of withState) {
    const why = difference(before.nodes[node], after.nodes[node], isDuration);
    if (why === null) carried.push(node);
    else dropped.push({ node, why });
  }
  return { carried, dropped, added: Object.keys(after.nodes).filter((node) => !before.nodes[node]) };
}

/** Has neither the name nor any of the nodes. */
export function isOtherPipeline(before: Shape, after: Shape): boolean {
  return before.pipeline !== after.pipeline && !Object.entries(before.nodes).some(([id, { type }]) => after.nodes[id]?.type === type);
}

function difference(before: NodeShape | undefined, after: NodeShape | undefined, isDuration: (type: string, param: string) => boolean): string | null {
  if (!after) return 'it is no longer in the pipeline';
  if (!before) return 'nothing is known of how it was before';
  if (before.type !== after.type) return `it was of type "${before.type}" and is now of type "${after.type}"`;
  if (before.version !== after.version) return `its state is of version ${before.version} of "${after.type}", and now version ${after.version} runs`;
  if ((before.stateVersion ?? 1) !== (after.stateVersion ?? 1)) return 'its state was kept by another version of Millrace, in another form';
  const doesTheSame = before.op !== undefined && before.op === after.op;
  const changed = doesTheSame ? null : paramsDifference(before.params, after.params, (param) => isDuration(after.type, param));
  return changed ?? inputsDifference(before.inputs, after.inputs) ?? operationDifference(before.op, after.op);
}

/** Other parts of the plan, or another version of Millrace, may change what a node does with the same params. */
function operationDifference(before: string | undefined, after: string | undefined): string | null {
  return before === undefined || after === undefined || before === after ? null : 'what it does has changed, under the same settings';
}

/** Without the names of fields, which only messages need. */
function fingerprint(op: Op): string {
  return canonical(JSON.parse(JSON.stringify(op, (name, value: unknown) => (name === 'field' ? undefined : value))) as Json);
}

function paramsDifference(before: NodeShape['params'], after: NodeShape['params'], isDuration: (param: string) => boolean): string | null {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => canonical(before[name]) !== canonical(after[name]));
  const [first, second = ''] = changed;
  if (first === undefined) return null;
  if (changed.length > 2) return 'its settings were changed';
  if (changed.length === 2) return `its ${words(first)} and its ${words(second)} were changed`;
  const [from, to] = [before[first], after[first]].map((value) => (typeof value === 'number' && isDuration(first) ? durationText(value) : short(value)));
  const changedWords = `its ${words(first)} ${isPlural(first) ? 'were' : 'was'} changed`;
  return from != null && to != null ? `${changedWords} from ${from} to ${to}` : changedWords;
}

function inputsDifference(before: NodeShape['inputs'], after: NodeShape['inputs']): string | null {
  const ports = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((port) => before[port] !== after[port]);
  if (ports.length === 0) return null;
  return ports.length === 1 && Object.keys(after).length > 1 ? `other columns arrive at its input "${ports[0]}"` : 'other columns arrive at it';
}

function schemaText({ columns, eventTime }: Schema): string {
  const texts = columns.map(({ name, type }) => JSON.stringify([name, type])).sort();
  return `${texts.join()}${eventTime ? `@${JSON.stringify([eventTime.column, eventTime.shift ?? 0])}` : ''}`;
}

/** `keys` and `aggregations`, but not `allowedLateness`. */
function isPlural(name: string): boolean {
  return /[^s]s$/.test(name) && !/(ess|us|is)$/.test(name);
}

/** `allowedLateness` -> `allowed lateness` */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A value that is short enough for a sentence, or null. */
function short(value: Json | undefined): string | null {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'string' ? (/^[\w.: -]*\w$/.test(value) ? value : JSON.stringify(value)) : JSON.stringify(value);
  return text.length <= 40 && typeof value !== 'object' ? text : Array.isArray(value) && text.length <= 40 ? text : null;
}

/** Independent of the order of keys. */
function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
  return `{${entries
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`)
    .sort()
    .join()}}`;
}
