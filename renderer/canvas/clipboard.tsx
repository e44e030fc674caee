import { copyNodes, pasteNodes } from '../../engine/document/clipboard.ts';
import { confirmLinks } from '../documents/LinksDialog.tsx';
import { pasteRows, takeFiles } from '../documents/open-file.ts';
import { visibleCentre } from '../graph/viewport.ts';
import { session } from '../session/session.ts';
import { explainKept } from '../shell/commands/explain-kept.ts';
import { isCanvasEntered, isInScope, isTyping, placeOf } from '../shell/commands/scope.ts';
import { showDialog } from '../shell/dialogs.tsx';
import { notify, notifyError } from '../shell/notify.ts';
import { PasteNodesDialog } from './PasteNodesDialog.tsx';
import { pasteText, removeSelection } from './selection.ts';

/** What was copied here last: for a menu's Paste if the browser does not let pages read the clipboard. */
let lastCopy: string | null = null;
/** The last copy from a trusted document: pasted without a question. */
let ownCopy: string | null = null;
/** Repeated pasting puts each copy beside the previous one. */
let pasteOffset = 0;

/** A command has triggered the current event: it counts wherever the focus is. */
let isCommanded = false;

/** Fires the browser's own copy, which needs no permission; `listenToClipboard` answers it. */
export function copySelection(): void {
  fire('copy');
}
export function cutSelection(): void {
  fire('cut');
}
function fire(name: 'copy' | 'cut'): void {
  isCommanded = true;
  document.execCommand(name);
  isCommanded = false;
}
export async function pasteFromClipboard(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => lastCopy);
  if (!text) notify('The clipboard contains neither nodes nor rows. Copy some first.', 'warning');
  else await pasteAny(text);
}

/** Nodes, or otherwise rows: these become a file of the document and a source for it. */
async function pasteAny(text: string): Promise<void> {
  if (!(await pasteAsked(text))) await pasteRows(text);
}

/** Pastes nodes, after a question if they come from elsewhere and would be trusted here. Resolves with false if the text has none. */
async function pasteAsked(text: string): Promise<boolean> {
  const { documentId, trusted, pipeline, path } = session.state;
  if (!trusted || text === ownCopy) return paste(text);
  const pasted = pasteNodes({ ...pipeline, nodes: {}, edges: [], layout: {} }, text, { x: 0, y: 0 });
  if (!pasted) return false;
  try {
    if (!(await session.request('clipboard.isOwn', { text }))) {
      const touches = await session.request('pipeline.touches', { documentId: documentId ?? '', pipeline: pasted.pipeline });
      const isAgreed = await showDialog<true>((close) => <PasteNodesDialog touches={touches} pasted={pasted.pipeline} path={path} onClose={close} />);
      if (!isAgreed || !(await confirmLinks(touches))) return true;
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

/**
 * Answers the page's clipboard events with the selected nodes, if they are for the canvas; selected text, text fields and grids keep their
 * own. Returns a function that stops it.
 */
export function listenToClipboard(): () => void {
  const isMeant = (event: Event, scope: 'canvas' | 'document') =>
    !event.defaultPrevented && !isTyping(event.target) && isInScope({ scope }, placeOf(document.activeElement));
  const copy = (event: ClipboardEvent) => {
    const { selection, pipeline, documentId, trusted } = session.state;
    if (selection.nodes.length === 0) return;
    if (!isCommanded && (!isMeant(event, 'canvas') || String(getSelection()) !== '')) return;
    const isCut = event.type === 'cut';
    if (isCut && !isCommanded && !isCanvasEntered()) return explainKept();
    lastCopy = copyNodes(pipeline, selection.nodes);
    if (trusted) {
      ownCopy = lastCopy;
      // For other windows, and for later.
      if (documentId) void session.request('clipboard.copied', { documentId, text: lastCopy }).catch(() => {});
    }
    pasteOffset = 0;
    event.clipboardData?.setData('text/plain', lastCopy);
    event.preventDefault();
    if (isCut) removeSelection('Cut');
  };
  const pasteEvent = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text/plain');
    const files = [...(event.clipboardData?.files ?? [])];
    if (!isMeant(event, 'document') || (!text && files.length === 0)) return;
    event.preventDefault();
    if (files.length > 0) void takeFiles(files);
    else if (text) void pasteAny(text);
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
