/** How much nodes keep between rows: in plain memory, in keyed state, and of that on disk. In bytes, as estimated. */
import type { NodeId } from '../../document/pipeline.ts';
import type { RunSummary } from '../../protocol/messages.ts';
import type { NodeStates } from './node-states.ts';
import type { Unit } from './router.ts';
import { StatefulUnit } from './units.ts';

/** Of all nodes. */
export function stateUse(units: Iterable<Unit>, states: NodeStates): Omit<NonNullable<RunSummary['stateUse']>, 'mostInMemory' | 'mostOnDisk'> {
  const inMemory = states.bytes + plainBytes(units);
  return { inMemory: Math.round(inMemory), limit: Math.round(states.budget), onDisk: Math.round(states.bytesOnDisk) };
}

/** What operators hold outside of keyed state. */
export function plainBytes(units: Iterable<Unit>): number {
  let bytes = 0;
  for (const unit of units) if (unit instanceof StatefulUnit) bytes += unit.stateSize()?.bytes ?? 0;
  return bytes;
}

/** Of one node; undefined for those that keep nothing. */
export function stateSize(unit: Unit | undefined, states: NodeStates, node: NodeId): { readonly entries: number; readonly bytes: number } | undefined {
  const own = unit instanceof StatefulUnit ? unit.stateSize() : undefined;
  const keyed = states.of(node);
  if (keyed.states.size === 0) return own;
  const { entries, bytes } = keyed.size();
  return { entries: entries + (own?.entries ?? 0), bytes: bytes + (own?.bytes ?? 0) };
}
