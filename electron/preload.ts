/** The only bridge between page and desktop: the functions of `DesktopApi`, nothing generic. Must stay one file without imports at run time. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopApi } from '../engine/protocol/desktop.ts';

// A MessagePort cannot cross the context bridge: it is handed to the page as a window message.
ipcRenderer.on('port', (event) => window.postMessage({ millrace: 'port' }, '*', [...event.ports]));
ipcRenderer.on('engine-gone', () => window.postMessage({ millrace: 'gone' }, '*'));

const desktop: DesktopApi = {
  connect: () => ipcRenderer.send('connect'),
  openDialog: ({ title, extensions, folder }) => ipcRenderer.invoke('open-dialog', { title, extensions, folder }),
  saveDialog: ({ title, extensions, suggestion }) => ipcRenderer.invoke('save-dialog', { title, extensions, suggestion }),
  setDocument: ({ title, path, edited }) => ipcRenderer.send('set-document', title, path, edited),
  setMenu: (menus) => ipcRenderer.send('set-menu', menus),
  onCommand: (listener) => listen('command', (name, byKey) => listener(String(name), byKey === true)),
  onCloseRequested: (listener) => listen('close-requested', () => listener()),
  answerClose: (close) => ipcRenderer.send('answer-close', close),
  showInFolder: (path) => ipcRenderer.send('show-in-folder', path),
  pathOf: (file) => webUtils?.getPathForFile(file as File) ?? (file as { readonly path?: string }).path ?? '',
  platform: process.platform,
};
contextBridge.exposeInMainWorld('desktop', desktop);

function listen(channel: string, listener: (...sent: unknown[]) => void): () => void {
  const wrapped = (_event: unknown, ...sent: unknown[]) => listener(...sent);
  ipcRenderer.on(channel, wrapped);
  return () => void ipcRenderer.removeListener(channel, wrapped);
}
