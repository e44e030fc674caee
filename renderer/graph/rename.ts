import { create } from 'zustand';

/** Characters of a title or a name. A field ends there; a longer one that a file brought stays as it is. */
export const titleLimit = 200;

/** The node whose title is being edited on its card. */
export const useRename = create<{ readonly node: string | null }>()(() => ({ node: null }));

export function startRename(node: string): void {
  useRename.setState({ node });
}
export function endRename(): void {
  useRename.setState({ node: null });
}
