/** Which plans can run in several threads, each with a stretch of the input: see ADR 33. */
import { availableParallelism } from 'node:os';
import type { NodeDefinition } from '@millrace/kit/node';
import { isRowByRow } from '@millrace/kit/op-traits';
import type { PhysicalPlan, PlannedNode } from '../../../protocol/physical-plan.ts';
import type { RunOptions } from '../../../protocol/run-api.ts';
import { keepsNothing } from '../../../sandbox/keeps-nothing.ts';
import { askedInstances } from '../instances/instance-count.ts';

const mostParts = 8;
/** A thread takes as long to start as this many bytes to read. */
const worthBytes = 32 * 1024 * 1024;

/**
 * The plan, with parts where it has one source that can be split, whose rows go through operations that look at nothing but the row, each by
 * one way alone, into sinks that take parts: then its output is, byte for byte, what one thread makes.
 */
export function withParts(
  plan: PhysicalPlan,
  { commits, instances }: Pick<RunOptions, 'commits' | 'instances'>,
  definition: (type: string) => NodeDefinition | undefined,
): PhysicalPlan {
  const asked = askedInstances(instances);
  const most = asked === 'auto' ? Math.min(mostParts, availableParallelism()) : asked;
  const [source, ...others] = plan.nodes.filter(({ kind }) => kind === 'source');
  if (!source || others.length > 0 || most === 1 || commits !== 'end' || !plan.bounded || plan.stages || plan.replays) return plan;
  const isEligible = plan.nodes.every((node) => canBeSplit(node, plan, definition(node.type)));
  return isEligible ? { ...plan, parts: { source: source.id, most, leastBytes: asked === 'auto' ? worthBytes : 1 } } : plan;
}

function canBeSplit({ id, op, params, outputs }: PlannedNode, { edges }: PhysicalPlan, definition: NodeDefinition | undefined): boolean {
  if (definition?.kind === 'source') return definition.split !== undefined && Object.values(outputs).every(({ eventTime }) => !eventTime);
  // Rows that come by two ways are told apart by the batches that they came in.
  if (edges.filter(({ to }) => to.node === id).length !== 1) return false;
  if (definition?.kind === 'sink') return definition.takesParts?.(params) === true;
  return op !== undefined && op.op !== 'native' && isRowByRow(op) && (op.op !== 'flatMap' || keepsNothing(op.code.source));
}
