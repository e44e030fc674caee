/** Trusting the document that is open, and the list of what is trusted. */
import { problemOf } from '../../engine/protocol/connection.ts';
import { confirmLinks } from '../documents/LinksDialog.tsx';
import { session } from '../session/session.ts';
import { setState } from '../session/state.ts';
import { showDialog } from '../shell/dialogs.tsx';
import { notifyError } from '../shell/notify.ts';
import { TrustedDialog } from './TrustedDialog.tsx';
import { TrustFolderDialog } from './TrustFolderDialog.tsx';

export async function trustDocument(options: { readonly folder?: boolean; readonly sure?: boolean } = {}): Promise<void> {
  const { documentId, check } = session.state;
  if (!documentId || !check) return;
  try {
    if (!options.sure && !(await confirmLinks(check))) return;
    await session.request('document.trust', { documentId, ...options });
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code !== 'trust/wide-folder') return notifyError(error, 'The pipeline could not be trusted');
    const isSure = await showDialog<true>((close) => <TrustFolderDialog path={session.state.path ?? ''} warning={problem} onClose={close} />);
    return isSure ? trustDocument({ folder: true, sure: true }) : undefined;
  }
  if (session.state.documentId !== documentId) return;
  setState({ trusted: true });
  session.recheck();
}

/** Asks first: it covers more than the pipeline on the screen. */
export async function trustFolder(): Promise<void> {
  const isSure = await showDialog<true>((close) => <TrustFolderDialog path={session.state.path ?? ''} warning={null} onClose={close} />);
  if (isSure) await trustDocument({ folder: true });
}

export async function showTrusted(): Promise<void> {
  const next = await showDialog<'folder'>((close) => <TrustedDialog onClose={() => close(null)} onTrustFolder={() => close('folder')} />);
  if (next) await trustFolder();
}
