import type { Feature } from '../shell/feature.ts';
import { DropNote } from './DropNote.tsx';
import { fileCommands } from './file-commands.ts';
import { TrustBanner } from './TrustBanner.tsx';
import { useDocumentWindow } from './use-document-window.ts';
import { useDrops } from './use-drops.ts';

export const files: Feature = { commands: fileCommands, views: { banner: TrustBanner, background: DocumentWindow } };

/** The window as that of a document, and as a drop target for files. */
function DocumentWindow() {
  useDocumentWindow();
  useDrops();
  return <DropNote />;
}
