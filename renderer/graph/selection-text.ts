import { counted } from '../format/run-text.ts';
import { type SessionState, session } from '../session/session.ts';
import { titleOf } from './flow.ts';

/** `2 nodes, 1 edge selected`; empty for nothing. */
export function selectionText({ nodes, edges }: SessionState['selection']): string {
  const parts = [nodes.length > 0 && counted(nodes.length, 'node'), edges.length > 0 && counted(edges.length, 'edge')].filter(Boolean);
  return parts.length === 0 ? '' : `${parts.join(', ')} selected`;
}

/** The selection as an edit or a sentence names it: `“Filter”`, `3 nodes`, `edge`. */
export function describeSelection(): string {
  const { selection, pipeline, catalogue } = session.state;
  const [first] = selection.nodes;
  if (selection.nodes.length === 1 && first) return `“${titleOf(first, pipeline.nodes[first], catalogue)}”`;
  if (selection.nodes.length > 1) return `${selection.nodes.length} nodes`;
  return selection.edges.length === 1 ? 'edge' : `${selection.edges.length} edges`;
}
