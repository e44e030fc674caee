/** A plan as text, for `millrace run --explain` and the editor: what a run will do, all of it derived from the operations. */
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op, OpTraits } from '@millrace/kit/ops';
import { KnownMap } from '../../model/values/known-map.ts';
import type { Schema } from '../../model/values/types.ts';
import type { Edge, NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { replayObstacle } from './errors-table.ts';
import { listed, opWords } from './op-words.ts';

export function explainPlan(plan: PhysicalPlan): string {
  const nodes = new KnownMap(
    'node',
    plan.nodes.map((node) => [node.id, node]),
  );
  const ends = plan.bounded ? 'The run ends when its input has ended.' : 'The run continues until it is stopped, and commits with checkpoints.';
  const parts = [
    `${count(plan.nodes.length, 'node')}, ${count(plan.edges.length, 'edge')}. ${ends}\n${place(plan)}`,
    section('Sources, in reading order', sources(plan)),
    section('Stages, each in threads of its own', stages(plan)),
    section('Parts of the input, each in a thread of its own', partsOfInput(plan)),
    section('Loops, each one pass over a batch', loops(plan, nodes)),
    section(
      'Steps',
      plan.nodes.flatMap((node) => step(node, plan)),
    ),
    section('Rows', tree(plan, nodes)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const mebibyte = 1024 * 1024;

function place({ stages = [], parts }: PhysicalPlan): string {
  const where = stages.length === 0 ? 'Everything runs' : 'All but the stages below runs';
  const threads = parts ? 'in one thread of this machine, or in several where the input is large: see below.' : 'in one thread of this machine.';
  return `${where} ${threads}\n"here, elsewhere": plain data that another runner could execute; there is none yet.`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

type Nodes = KnownMap<NodeId, PlannedNode>;

function sources({ nodes, sourceGroups, alignment, replays = [] }: PhysicalPlan): string[] {
  const first = nodes.flatMap(({ id, op }) => (op ? traitsOf(op).first.map((port) => `${port} of ${id}`) : []));
  return [
    ...sourceGroups.map((group, i) => `${i + 1}. ${group.map((id) => (replays.includes(id) ? `${id} (rows that failed before)` : id)).join(', ')}`),
    ...(first.length > 0 ? [`read first, to the end: ${first.join(', ')}`] : []),
    ...(alignment?.meetings ?? []).map((meeting) => `read in step by event time: ${meeting.sources.join(', ')}`),
  ];
}

function stages({ stages: all = [] }: PhysicalPlan): string[] {
  return all.flatMap(({ nodes, instances, exchanges }, i) => [
    `${i + 1}. ${nodes.join(', ')}: ${count(instances, 'instance')}`,
    ...exchanges.map(({ edge: { from, to }, keys }) => `    exchange: ${from.node}.${from.port} -> ${to.node}.${to.port}, by the hash of ${listed(keys)}`),
    '    state: by key, in the instance that has the key',
    '    order: kept for each key, not between keys',
  ]);
}

function partsOfInput({ parts }: PhysicalPlan): string[] {
  if (!parts) return [];
  const { source, most, leastBytes } = parts;
  const size = leastBytes >= mebibyte ? ` of at least ${Math.round(leastBytes / mebibyte)} MB each` : '';
  return [
    `${source}: up to ${count(most, 'part')}${size}, if its files can be split`,
    '    each goes through all steps by itself, and its outputs are written aside',
    '    order: kept; the outputs are joined in the order of the input, and committed once',
  ];
}

function loops({ chains }: PhysicalPlan, nodes: Nodes): string[] {
  return chains.map((chain, i) => {
    const words = chain.map((id) => wordsOf(nodes.of(id)));
    return `${i + 1}. ${chain.join(' > ')}: ${words.join(', then ')}`;
  });
}

function wordsOf({ op, type }: PlannedNode): string {
  return op ? opWords(op, type) : type;
}

function step(node: PlannedNode, plan: PhysicalPlan): string[] {
  const { id, kind, type, op, inputs } = node;
  const words = op ? opWords(op, type) : kind === 'source' ? `read (${type})` : `write (${type})`;
  const traits = op && traitsOf(op);
  const isKeeping = plan.keeping?.includes(id) === true;
  const facts = traits ? [...traitFacts(traits, Object.keys(inputs)), `rows could be split: ${isKeeping ? keepingWords : splitWords(traits)}`] : [];
  return [`${id}: ${words}`, ...[...facts, ...errorFacts(node, plan), `runs: ${runsOn(op)}`].map((fact) => `    ${fact}`)];
}

const keepingWords = 'not, one instance takes all: the code may keep values from row to row in its module';

/** Native code and connectors exist only here. */
function runsOn(op: Op | undefined): string {
  if (!op) return 'here';
  return op.op === 'native' ? `here only: ${op.why}` : 'here, elsewhere';
}

function traitFacts({ isStateful, first, bounded, awaits, ends, setsEventTime, partition }: OpTraits, inputs: readonly string[]): string[] {
  const at = (port: string) => (inputs.length > 1 ? ` of ${port}` : '');
  const keyed = keysOf(partition);
  return [
    ...(isStateful ? [keyed ? `state: by ${keyed}` : 'state: one for all rows'] : []),
    ...first.map((port) => `reads first: ${port}, to its end`),
    ...bounded.filter((port) => !first.includes(port)).map((port) => `waits for: the end of the input${at(port)}`),
    ...awaits.map(({ port, time }) => `waits for: the watermark${at(port)}${time === null ? '' : ` (${time})`}`),
    ...(ends ? ['ends: by itself, before its input where it has enough'] : []),
    ...(setsEventTime ? ['event time: set here'] : []),
  ];
}

function splitWords({ partition }: OpTraits): string {
  if (partition === 'any') return 'in any way';
  const keyed = keysOf(partition);
  return keyed ? `by ${keyed}` : 'not, one instance takes all';
}

function keysOf(partition: OpTraits['partition']): string | null {
  return partition !== null && partition !== 'any' ? keysByInput(partition) : null;
}

/** `region`; if inputs have keys of their own, `id (left), customer (right)`. */
function keysByInput(partition: { readonly [input: string]: readonly string[] }): string | null {
  const texts = Object.entries(partition).map(([input, keys]) => [input, listed(keys)] as const);
  if (texts.length === 0 || texts.some(([, keys]) => keys === '')) return null;
  const [[, first] = []] = texts;
  if (first !== undefined && texts.every(([, keys]) => keys === first)) return first;
  return texts.map(([input, keys]) => `${keys} (${input})`).join(', ');
}

function errorFacts({ id, kind, onError }: PlannedNode, plan: PhysicalPlan): string[] {
  if (onError === 'stop') return [];
  if (onError === 'skip') return ['rows that fail: skipped and counted'];
  if (onError === 'route') return ['rows that fail: leave by the port "errors"'];
  if (kind === 'source') return ['rows that fail: kept; they cannot be replayed, since they never became rows'];
  const obstacle = replayObstacle(plan, id);
  if (!obstacle) return ['rows that fail: kept; they can be replayed alone'];
  return [`rows that fail: kept; they cannot be replayed alone, only in a run that resumes (state at ${obstacle})`];
}

/** From the sources on. */
function tree(plan: PhysicalPlan, nodes: Nodes): string[] {
  const printed = new Set<NodeId>();
  const lines: string[] = [];
  const print = (node: PlannedNode, prefix: string, lead: string, arrival: string) => {
    const again = printed.has(node.id);
    lines.push(`${prefix}${lead}${arrival}${node.id}${again ? ' (above)' : ''}`);
    if (again) return;
    printed.add(node.id);
    const outgoing = plan.edges.filter((edge) => edge.from.node === node.id);
    const below = prefix + (lead === '' ? '' : lead.startsWith('├') ? '│  ' : '   ');
    outgoing.forEach((edge, i) => {
      print(nodes.of(edge.to.node), below, i === outgoing.length - 1 ? '└─ ' : '├─ ', `${flow(edge, node)} -> ${portOf(edge, nodes)}`);
    });
  };
  for (const id of plan.sourceGroups.flat()) print(nodes.of(id), '', '', '');
  return lines;
}

function flow(edge: Edge, from: PlannedNode): string {
  return `${edge.from.port} (${columnsOf(from.outputs[edge.from.port])})`;
}

/** The port's name, if the node has several inputs. */
function portOf(edge: Edge, nodes: Nodes): string {
  return Object.keys(nodes.of(edge.to.node).inputs).length > 1 ? `${edge.to.port} of ` : '';
}

function columnsOf(schema: Schema | undefined): string {
  return listed(schema?.columns.map((column) => `${column.name} ${column.asWritten ? 'as written' : column.type}`) ?? []);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
