import { create } from 'zustand';

/** The node whose title is being edited on its card. */
export const useRename = create<{ readonly node: string | null }>()(() => ({ node: null }));

export function startRename(node: string): void {
  useRename.setState({ node });
}
export function endRename(): void {
  useRename.setState({ node: null });
}
