import type { RequestResults } from '../../engine/protocol/api.ts';
import { showDialog } from '../app/dialogs.tsx';
import { notifyError } from '../app/notify.ts';
import { session } from '../session/session.ts';
import { adoptAutosave } from './autosave.ts';
import { openPath } from './documents.tsx';
import { RestoreDialog } from './RestoreDialog.tsx';

/** What the editor opens once the engine answers: unsaved work of a crash if the user wants it, else the file it was started with. */
export async function startDocument(hello: RequestResults['hello']): Promise<void> {
  if (await offerRestore()) return;
  // Somebody may have begun to draw while the engine was starting; that stays.
  if (hello.open && !session.state.isEdited) await openPath(hello.open);
}

async function offerRestore(): Promise<boolean> {
  const copies = await session.request('autosave.list', {}).catch(() => []);
  if (copies.length === 0) return false;
  const id = await showDialog<string>((close) => <RestoreDialog copies={copies} onClose={close} />);
  if (!id) return false;
  try {
    session.load(await session.request('autosave.restore', { id }), { edited: true });
    adoptAutosave(id);
    return true;
  } catch (error) {
    notifyError(error, 'The unsaved work could not be restored');
    return false;
  }
}
