import { copyNodes, pasteNodes } from '../../engine/document/clipboard.ts';
import { removeItems } from '../../engine/document/edits.ts';
import { showDialog } from '../app/dialogs.tsx';
import { notify, notifyError } from '../app/notify.ts';
import { isTyping } from '../commands/shortcut.ts';
import { PasteDialog } from '../files/PasteDialog.tsx';
import { session } from '../session/session.ts';
import { describeSelection, pasteText } from './selection.ts';
import { visibleCentre } from './viewport.ts';

/** What was copied here last: for a menu's Paste where the browser does not let pages read the clipboard. */
let lastCopy: string | null = null;
/** The last copy out of a trusted document: pasted without a question. */
let ownCopy: string | null = null;
/** Pasting again and again puts each copy beside the one before. */
let pasteOffset = 0;

/** Fires the browser's own copy, which needs no permission; `useClipboard` answers it. */
export function copySelection(): void {
  document.execCommand('copy');
}
export function cutSelection(): void {
  document.execCommand('cut');
}
export async function pasteFromClipboard(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => lastCopy);
  if (!text || !(await pasteAsked(text))) notify('There are no nodes on the clipboard. Copy some first.', 'warning');
}

/** Pastes nodes, after a question where they come from elsewhere and would be trusted here. Resolves with false when there are none in the text. */
async function pasteAsked(text: string): Promise<boolean> {
  const { documentId, trusted, pipeline, path } = session.state;
  if (!trusted || text === ownCopy) return paste(text);
  const pasted = pasteNodes({ ...pipeline, nodes: {}, edges: [], layout: {} }, text, { x: 0, y: 0 });
  if (!pasted) return false;
  try {
    if (!(await session.request('clipboard.isOwn', { text }))) {
      const touches = await session.request('pipeline.touches', { documentId: documentId ?? '', pipeline: pasted.pipeline });
      const isAgreed = await showDialog<true>((close) => <PasteDialog touches={touches} pasted={pasted.pipeline} path={path} onClose={close} />);
      if (!isAgreed) return true;
    }
    if (session.state.documentId === documentId) paste(text);
  } catch (error) {
    notifyError(error, 'The nodes were not pasted');
  }
  return true;
}

function paste(text: string): boolean {
  const centre = visibleCentre();
  pasteOffset = (pasteOffset + 32) % 256;
  return pasteText(text, { x: centre.x + pasteOffset, y: centre.y + pasteOffset }, 'Paste');
}

/** Answers the page's clipboard events with the selected nodes; text that is selected or typed keeps its own. Returns how to stop. */
export function listenToClipboard(): () => void {
  const isText = (event: Event) => isTyping(event.target) || isTyping(document.activeElement) || (event.type !== 'paste' && String(getSelection()) !== '');
  const copy = (event: ClipboardEvent) => {
    const { selection, pipeline, documentId, trusted } = session.state;
    if (isText(event) || selection.nodes.length === 0) return;
    lastCopy = copyNodes(pipeline, selection.nodes);
    if (trusted) {
      ownCopy = lastCopy;
      // For other windows, and for later.
      if (documentId) void session.request('clipboard.copied', { documentId, text: lastCopy }).catch(() => {});
    }
    pasteOffset = 0;
    event.clipboardData?.setData('text/plain', lastCopy);
    event.preventDefault();
    if (event.type !== 'cut') return;
    session.edit(`Cut ${describeSelection()}`, (before) => removeItems(before, { nodes: selection.nodes }));
    session.select({});
  };
  const pasteEvent = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text/plain');
    if (isText(event) || !text) return;
    event.preventDefault();
    void pasteAsked(text).then((isNodes) => isNodes || notify('The clipboard holds something other than nodes.', 'warning'));
  };
  document.addEventListener('copy', copy);
  document.addEventListener('cut', copy);
  document.addEventListener('paste', pasteEvent);
  return () => {
    document.removeEventListener('copy', copy);
    document.removeEventListener('cut', copy);
    document.removeEventListener('paste', pasteEvent);
  };
}
