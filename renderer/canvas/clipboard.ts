import { copyNodes } from '../../engine/document/clipboard.ts';
import { removeItems } from '../../engine/document/edits.ts';
import { notify } from '../app/notify.ts';
import { isTyping } from '../commands/shortcut.ts';
import { pasteRows, takeFiles } from '../files/open-file.ts';
import { session } from '../session/session.ts';
import { describeSelection, pasteText } from './selection.ts';
import { visibleCentre } from './viewport.ts';

/** What was copied here last: for a menu's Paste where the browser does not let pages read the clipboard. */
let lastCopy: string | null = null;
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
  if (!text) notify('The clipboard holds neither nodes nor rows. Copy some first.', 'warning');
  else if (!paste(text)) await pasteRows(text);
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
    const { selection, pipeline } = session.state;
    if (isText(event) || selection.nodes.length === 0) return;
    lastCopy = copyNodes(pipeline, selection.nodes);
    pasteOffset = 0;
    event.clipboardData?.setData('text/plain', lastCopy);
    event.preventDefault();
    if (event.type !== 'cut') return;
    session.edit(`Cut ${describeSelection()}`, (before) => removeItems(before, { nodes: selection.nodes }));
    session.select({});
  };
  const pasteEvent = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text/plain');
    const files = [...(event.clipboardData?.files ?? [])];
    if (isText(event) || (!text && files.length === 0)) return;
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
