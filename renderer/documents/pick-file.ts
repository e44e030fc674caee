import { showFileDialog } from './FileDialog.tsx';
import { baseName, isAbsolute, join, rememberFolder, startFolders } from './folders.ts';

export interface PickOptions {
  readonly mode: 'open' | 'save';
  readonly title: string;
  /** With or without the dot; empty for all files. */
  readonly extensions: readonly string[];
  /** A name or a full path to start from. */
  readonly suggestion?: string;
}

/** Asks for a file: in the desktop's own dialog, otherwise in the page's. The full path, or null if the user cancels. */
export async function pickFile({ mode, title, extensions, suggestion = '' }: PickOptions): Promise<string | null> {
  const plain = extensions.map((extension) => extension.replace(/^\./, ''));
  const chosen = await ask({ mode, title, extensions: plain, suggestion });
  if (chosen !== null) rememberFolder(chosen);
  return chosen;
}

function ask({ mode, title, extensions, suggestion }: Required<PickOptions>): Promise<string | null> {
  const { desktop } = window;
  if (!desktop) return showFileDialog({ mode, title, extensions, suggestion });
  const [folder = ''] = startFolders(suggestion);
  if (mode === 'open') return desktop.openDialog({ title, extensions, folder });
  return desktop.saveDialog({ title, extensions, suggestion: isAbsolute(suggestion) || folder === '' ? suggestion : join(folder, baseName(suggestion)) });
}
