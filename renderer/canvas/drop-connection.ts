import type { FinalConnectionState } from '@xyflow/react';
import type { Edge, Endpoint } from '../../engine/document/pipeline.ts';
import { edgeTo, whyNot, wrongDirection } from '../graph/connect.ts';
import { portsOf } from '../graph/flow.ts';
import { session } from '../session/session.ts';

export type DropOutcome =
  | { readonly kind: 'connect'; readonly edge: Edge; readonly replace: boolean }
  | { readonly kind: 'refuse'; readonly reason: string }
  /** Over empty canvas: the user wants a new node at the loose end. */
  | { readonly kind: 'add'; readonly join: { readonly end: Endpoint; readonly side: 'source' | 'target' } };

/**
 * What to do when an edge is dropped that the flow did not join by itself: over a port that refused it, over a card, or over empty canvas.
 * `under` is the element there. Null if nothing is to be done.
 */
export function dropOutcome(state: FinalConnectionState, under: Element | null, replace: boolean): DropOutcome | null {
  const { fromHandle, toHandle } = state;
  if (state.isValid || !fromHandle) return null;
  const { pipeline, catalogue } = session.state;
  const end: Endpoint = { node: fromHandle.nodeId, port: fromHandle.id ?? '' };
  const side = fromHandle.type;
  const join = (other: Endpoint): Edge => (side === 'source' ? { from: end, to: other } : { from: other, to: end });
  const judge = (edge: Edge): DropOutcome => {
    const reason = whyNot(pipeline, catalogue, edge, { replace });
    return reason ? { kind: 'refuse', reason } : { kind: 'connect', edge, replace };
  };
  if (toHandle) {
    if (toHandle.nodeId === fromHandle.nodeId && toHandle.id === fromHandle.id && toHandle.type === side) return null;
    if (toHandle.type === side) return { kind: 'refuse', reason: wrongDirection(side) };
    return judge(join({ node: toHandle.nodeId, port: toHandle.id ?? '' }));
  }
  const card = under?.closest<HTMLElement>('.react-flow__node')?.dataset['id'];
  if (card === end.node) return null;
  if (card) {
    const edge = edgeTo(pipeline, catalogue, end, side, card);
    const ports = portsOf(pipeline, card, catalogue);
    const first = side === 'source' ? ports.inputs[0] : ports.outputs[0];
    return edge ? { kind: 'connect', edge, replace: false } : judge(join({ node: card, port: first?.name ?? 'rows' }));
  }
  return under?.closest('.react-flow') ? { kind: 'add', join: { end, side } } : null;
}
