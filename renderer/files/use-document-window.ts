import { useEffect } from 'react';
import { visible } from '../../model/text/visible-text.ts';
import { writeAutosave } from '../documents/autosave.ts';
import { mayLeaveDocument } from '../documents/documents.tsx';
import { leaveDocument } from '../documents/left-document.ts';
import { session, useSession } from '../session/session.ts';

/** Title of the window, and the question before closing it loses unsaved changes. */
export function useDocumentWindow(): void {
  const name = useSession((state) => visible(state.pipeline.name));
  const path = useSession((state) => state.path);
  const edited = useSession((state) => state.isEdited);
  useEffect(() => {
    const title = `${edited ? '● ' : ''}${name} - Millrace`;
    document.title = title;
    window.desktop?.setDocument({ title, path, edited });
  }, [name, path, edited]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (!session.state.isEdited || window.desktop) return;
      void writeAutosave();
      event.preventDefault();
    };
    window.addEventListener('beforeunload', leave);
    window.addEventListener('pagehide', leaveDocument);
    const stop = window.desktop?.onCloseRequested(() => void mayLeaveDocument().then((may) => window.desktop?.answerClose(may)));
    return () => {
      window.removeEventListener('beforeunload', leave);
      window.removeEventListener('pagehide', leaveDocument);
      stop?.();
    };
  }, []);
}
