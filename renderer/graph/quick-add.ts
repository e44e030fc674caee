import { create } from 'zustand';
import { type Endpoint, edgeId, type Position } from '../../engine/document/pipeline.ts';
import { session } from '../session/session.ts';
import { cardSize } from './flow.ts';
import { canvasBounds, flow } from './viewport.ts';

export interface QuickAddRequest {
  /** Where the menu opens, in client pixels. */
  readonly at: Position;
  /** Where the node goes; absent: beside the selection, or into the selected edge. */
  readonly place?: Position;
  /** The loose end of an edge with which the node is to be joined. */
  readonly join?: { readonly end: Endpoint; readonly side: 'source' | 'target' };
}

export const useQuickAdd = create<{ readonly request: QuickAddRequest | null }>()(() => ({ request: null }));

/** Opens the menu that adds a node: beside the selection, or at a given place. */
export function openQuickAdd(request?: QuickAddRequest): void {
  useQuickAdd.setState({ request: request ?? besideSelection() });
}
export function closeQuickAdd(): void {
  useQuickAdd.setState({ request: null });
}

function besideSelection(): QuickAddRequest {
  const { selection, pipeline } = session.state;
  const bounds = canvasBounds();
  const edge = pipeline.edges.find((candidate) => edgeId(candidate) === selection.edges[0]);
  const id = selection.nodes[0] ?? edge?.to.node;
  const at = id ? pipeline.layout[id] : undefined;
  const point = at && flow()?.flowToScreenPosition({ x: at.x + (edge ? -40 : cardSize.width + 16), y: at.y });
  const inside = point && point.x > bounds.left && point.x < bounds.right - 60 && point.y > bounds.top && point.y < bounds.bottom - 60;
  return { at: inside ? point : { x: bounds.left + bounds.width / 2 - 150, y: bounds.top + bounds.height / 4 } };
}
