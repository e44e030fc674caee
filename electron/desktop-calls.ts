import { basename } from 'node:path';
import { type BrowserWindow, dialog, ipcMain, shell } from 'electron';
import { senderWindow } from './window.ts';

interface DialogOptions {
  readonly title: string;
  readonly extensions: readonly string[];
  readonly folder?: string;
  readonly suggestion?: string;
}
const edited = new WeakMap<BrowserWindow, boolean>();
const guarded = new WeakSet<BrowserWindow>();

/** Answers the calls of the preload. Each one is checked: it must come from the editor's own page, with params of the right form. */
export function registerDesktopCalls(): void {
  ipcMain.handle('open-dialog', async (event, options: unknown) => {
    const window = senderWindow(event);
    if (!window || !isDialogOptions(options)) return null;
    const { filePaths } = await dialog.showOpenDialog(window, {
      title: options.title,
      defaultPath: options.folder,
      filters: filters(options.extensions),
      properties: ['openFile'],
    });
    return filePaths[0] ?? null;
  });
  ipcMain.handle('save-dialog', async (event, options: unknown) => {
    const window = senderWindow(event);
    if (!window || !isDialogOptions(options)) return null;
    const { filePath } = await dialog.showSaveDialog(window, {
      title: options.title,
      defaultPath: options.suggestion,
      filters: filters(options.extensions),
      // Otherwise Linux replaces files without asking.
      properties: ['showOverwriteConfirmation', 'createDirectory'],
    });
    return filePath || null;
  });
  ipcMain.on('set-document', (event, title: unknown, path: unknown, isEdited: unknown) => {
    const window = senderWindow(event);
    if (!window || typeof title !== 'string') return;
    edited.set(window, isEdited === true);
    window.setTitle(title.slice(0, 300));
    window.setRepresentedFilename(typeof path === 'string' ? path : '');
    window.setDocumentEdited(isEdited === true);
    guardClose(window);
  });
  ipcMain.on('answer-close', (event, close: unknown) => {
    const window = senderWindow(event);
    if (!window || close !== true) return;
    edited.set(window, false);
    window.close();
  });
  ipcMain.on('show-in-folder', (event, path: unknown) => {
    if (senderWindow(event) && typeof path === 'string' && basename(path) !== '') shell.showItemInFolder(path);
  });
}

/** A window with unsaved changes asks its editor before it closes. */
function guardClose(window: BrowserWindow): void {
  if (guarded.has(window)) return;
  guarded.add(window);
  window.on('close', (event) => {
    if (!edited.get(window)) return;
    event.preventDefault();
    window.webContents.send('close-requested');
  });
}

function isDialogOptions(options: unknown): options is DialogOptions {
  const { title, extensions, folder, suggestion } = (options ?? {}) as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  return typeof title === 'string' && Array.isArray(extensions) && extensions.every((one) => typeof one === 'string') && isText(folder) && isText(suggestion);
}

function filters(extensions: readonly string[]): { name: string; extensions: string[] }[] {
  const plain = extensions.map((extension) => extension.replace(/^\./, ''));
  return plain.length === 0
    ? []
    : [
        { name: plain.map((extension) => `.${extension}`).join(', '), extensions: plain },
        { name: 'All files', extensions: ['*'] },
      ];
}
