import type { RequestResults } from '../../engine/protocol/api.ts';
import type { Autosave, OpenedDocument } from '../../engine/protocol/messages.ts';
import { readRuns } from '../session/engine.ts';
import { session } from '../session/session.ts';
import { setState } from '../session/state.ts';
import { showDialog } from '../shell/dialogs.tsx';
import { notifyError } from '../shell/notify.ts';
import { adoptAutosave, writeAutosave } from './autosave.ts';
import { type LeftDocument, takeLeftDocument } from './left-document.ts';
import { RestoreDialog } from './RestoreDialog.tsx';

/**
 * What the editor opens once the engine answers: what this page had open before it was reloaded; otherwise the file with which it was
 * started, and before that, unsaved work after a crash if the user wants it; with none of these, the start page. Returns the function that
 * shows it.
 */
export async function startDocument(hello: RequestResults['hello']): Promise<() => void> {
  const left = takeLeftDocument();
  if (left) return resumeLeft(left);
  const copies = await session.request('autosave.list', {}).catch(() => []);
  if (copies.length > 0) return () => void offerRestore(copies, hello);
  return openFirst(hello);
}

async function resumeLeft({ edited, run, selection, dockTab, ...left }: LeftDocument): Promise<() => void> {
  const { path, stamp, trusted } = left;
  const known = await session.request('document.resume', { path, stamp, trusted });
  return () => {
    session.load({ ...left, ...known }, { edited });
    session.select(selection);
    setState({ dockTab });
    // The copy of an engine that has ended would be offered to other windows.
    void writeAutosave();
    if (run) void readRuns(run);
  };
}

async function openFirst(hello: RequestResults['hello']): Promise<() => void> {
  try {
    const opened = await firstDocument(hello);
    // The user may have begun to draw while the engine was starting; that is kept.
    return () => opened && !session.state.isEdited && session.load(opened);
  } catch (error) {
    return () => notifyError(error, 'The file could not be opened');
  }
}

async function firstDocument(hello: RequestResults['hello']): Promise<OpenedDocument | null> {
  return hello.open ? session.request('document.open', { path: hello.open }) : null;
}

async function offerRestore(copies: readonly Autosave[], hello: RequestResults['hello']): Promise<void> {
  const id = await showDialog<string>((close) => <RestoreDialog copies={copies} onClose={close} />);
  if (id) {
    try {
      session.load(await session.request('autosave.restore', { id }), { edited: true });
      await adoptAutosave(id);
      return;
    } catch (error) {
      notifyError(error, 'The unsaved work could not be restored');
    }
  }
  (await openFirst(hello))();
}
