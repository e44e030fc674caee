import { copyNodes } from '../../engine/document/clipboard.ts';
import { notify } from '../app/notify.ts';
import { isCanvasEntered, isInScope, isTyping, placeOf } from '../commands/scope.ts';
import { pasteRows, takeFiles } from '../files/open-file.ts';
import { session } from '../session/session.ts';
import { explainKept, pasteText, removeSelection } from './selection.ts';
import { visibleCentre } from './viewport.ts';

/** What was copied here last: for a menu's Paste where the browser does not let pages read the clipboard. */
let lastCopy: string | null = null;
/** Pasting again and again puts each copy beside the one before. */
let pasteOffset = 0;

/** A command asked for the event that is under way: it counts wherever the focus is. */
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
  if (!text) notify('The clipboard holds neither nodes nor rows. Copy some first.', 'warning');
  else if (!paste(text)) await pasteRows(text);
}

function paste(text: string): boolean {
  const centre = visibleCentre();
  pasteOffset = (pasteOffset + 32) % 256;
  return pasteText(text, { x: centre.x + pasteOffset, y: centre.y + pasteOffset }, 'Paste');
}

/**
 * Answers the page's clipboard events with the selected nodes, where they are meant for the canvas; text that is selected or typed
 * and grids keep their own. Returns how to stop.
 */
export function listenToClipboard(): () => void {
  const isMeant = (event: Event, scope: 'canvas' | 'document') =>
    !event.defaultPrevented && !isTyping(event.target) && isInScope({ scope }, placeOf(document.activeElement));
  const copy = (event: ClipboardEvent) => {
    const { selection, pipeline } = session.state;
    if (selection.nodes.length === 0) return;
    if (!isCommanded && (!isMeant(event, 'canvas') || String(getSelection()) !== '')) return;
    const isCut = event.type === 'cut';
    if (isCut && !isCommanded && !isCanvasEntered()) return explainKept();
    lastCopy = copyNodes(pipeline, selection.nodes);
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
    else if (text && !paste(text)) void pasteRows(text);
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
