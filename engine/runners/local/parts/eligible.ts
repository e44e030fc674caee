/** Which plans can run in several threads, each with a stretch of the input: see ADR 33. */
import { availableParallelism } from 'node:os';
import type { NodeDefinition } from '@millrace/kit/node';
import { isRowByRow } from '@millrace/kit/op-traits';
import type { PhysicalPlan, PlannedNode } from '../../../protocol/physical-plan.ts';
import type { RunOptions } from '../../../protocol/run-api.ts';
import { askedInstances } from '../instances/instance-count.ts';
import { withKeeping } from '../keeping.ts';

const mostParts = 8;
const mebibyte = 1024 * 1024;
/** What takes a thread longer to read and write than to start. Only for databases: text files are written so fast that several threads gain nothing. */
const worthBytes = 48 * mebibyte;
/** What the first thread reads while another one starts. */
const lead = 8 * mebibyte;

/**
 * The plan, with parts where it has one source that can be split, whose rows go through operations that look at nothing but the row, each by
 * one way alone, into sinks that take parts: then its output is, byte for byte, what one thread makes.
 */
export async function withParts(
  plan: PhysicalPlan,
  { commits, instances }: Pick<RunOptions, 'commits' | 'instances'>,
  definition: (type: string) => NodeDefinition | undefined,
): Promise<PhysicalPlan> {
  const asked = askedInstances(instances);
  const most = asked === 'auto' ? Math.min(mostParts, availableParallelism()) : asked;
  const [source, ...others] = plan.nodes.filter(({ kind }) => kind === 'source');
  if (!source || others.length > 0 || most === 1 || commits !== 'end' || !plan.bounded || plan.stages || plan.replays) return plan;
  const definitions = plan.nodes.map(({ type }) => definition(type));
  if (!plan.nodes.every((node, i) => canBeSplit(node, plan, definitions[i])) || (await withKeeping(plan)).keeping?.length !== 0) return plan;
  const hasDatabase = definitions.some((each) => each?.kind === 'sink' && each.committedCheckpoint);
  if (asked === 'auto' && !hasDatabase) return plan;
  const size = asked === 'auto' ? { leastBytes: worthBytes, lead } : { leastBytes: 1 };
  return { ...plan, parts: { source: source.id, most, ...size } };
}

function canBeSplit(
  { id, op, params, outputs, secrets = [], connection }: PlannedNode,
  { edges }: PhysicalPlan,
  definition: NodeDefinition | undefined,
): boolean {
  // The texts of secrets are with the data thread alone.
  if (secrets.length > 0 || connection) return false;
  if (definition?.kind === 'source') return definition.split !== undefined && Object.values(outputs).every(({ eventTime }) => !eventTime);
  // Rows that come by two ways are told apart by the batches that they came in.
  if (edges.filter(({ to }) => to.node === id).length !== 1) return false;
  if (definition?.kind === 'sink') return definition.takesParts?.(params) === true;
  return op !== undefined && op.op !== 'native' && isRowByRow(op);
}
