import type { RequestResults } from '../../engine/protocol/api.ts';
import type { Autosave, OpenedDocument } from '../../engine/protocol/messages.ts';
import { showDialog } from '../app/dialogs.tsx';
import { notifyError } from '../app/notify.ts';
import { session } from '../session/session.ts';
import { adoptAutosave } from './autosave.ts';
import { RestoreDialog } from './RestoreDialog.tsx';

/**
 * What the editor opens once the engine answers: the file it was started with, at the very first start an example, and before
 * both, unsaved work of a crash if the user wants it. Gives back the function that shows it.
 */
export async function startDocument(hello: RequestResults['hello']): Promise<() => void> {
  const copies = await session.request('autosave.list', {}).catch(() => []);
  if (copies.length > 0) return () => void offerRestore(copies, hello);
  return openFirst(hello);
}

async function openFirst(hello: RequestResults['hello']): Promise<() => void> {
  try {
    const opened = await firstDocument(hello);
    // Somebody may have begun to draw while the engine was starting; that stays.
    return () => opened && !session.state.isEdited && session.load(opened);
  } catch (error) {
    return () => notifyError(error, 'The file could not be opened');
  }
}

async function firstDocument(hello: RequestResults['hello']): Promise<OpenedDocument | null> {
  if (hello.open) return session.request('document.open', { path: hello.open });
  if (!hello.firstStart) return null;
  const [example] = await session.request('examples.list', {});
  return example ? session.request('document.openExample', { id: example.id }) : null;
}

async function offerRestore(copies: readonly Autosave[], hello: RequestResults['hello']): Promise<void> {
  const id = await showDialog<string>((close) => <RestoreDialog copies={copies} onClose={close} />);
  if (id) {
    try {
      session.load(await session.request('autosave.restore', { id }), { edited: true });
      adoptAutosave(id);
      return;
    } catch (error) {
      notifyError(error, 'The unsaved work could not be restored');
    }
  }
  (await openFirst(hello))();
}
