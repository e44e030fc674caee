import { showFileDialog } from './FileDialog.tsx';

export interface PickOptions {
  readonly mode: 'open' | 'save';
  readonly title: string;
  /** With or without the dot; empty for all files. */
  readonly extensions: readonly string[];
  /** A name or a full path to start from. */
  readonly suggestion?: string;
}

/** Asks for a file: in the desktop's own dialog, else in the page's. The full path, or null when the user thinks better of it. */
export function pickFile({ mode, title, extensions, suggestion = '' }: PickOptions): Promise<string | null> {
  const plain = extensions.map((extension) => extension.replace(/^\./, ''));
  const { desktop } = window;
  if (!desktop) return showFileDialog({ mode, title, extensions: plain, suggestion });
  return mode === 'open' ? desktop.openDialog({ title, extensions: plain }) : desktop.saveDialog({ title, extensions: plain, suggestion });
}
