import { create } from 'zustand';

/** The maximum length of a title or a name in a field; a longer one from a file stays as it is. */
export const titleLimit = 200;

/** The node whose title is being edited on its card. */
export const useRename = create<{ readonly node: string | null }>()(() => ({ node: null }));

export function startRename(node: string): void {
  useRename.setState({ node });
}
export function endRename(): void {
  useRename.setState({ node: null });
}
