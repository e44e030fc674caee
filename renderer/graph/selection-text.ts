import { counted } from '../format/run-text.ts';
import type { SessionState } from '../session/session.ts';

/** `2 nodes, 1 edge selected`; empty for nothing. */
export function selectionText({ nodes, edges }: SessionState['selection']): string {
  const parts = [nodes.length > 0 && counted(nodes.length, 'node'), edges.length > 0 && counted(edges.length, 'edge')].filter(Boolean);
  return parts.length === 0 ? '' : `${parts.join(', ')} selected`;
}
