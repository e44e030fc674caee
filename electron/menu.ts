import { app, BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron';

type Entry = readonly [label: string, command: string, accelerator?: string] | null;

/** By menu, the editor's commands (renderer/commands) in order; null is a line between groups. */
const menus: Readonly<Record<string, readonly Entry[]>> = {
  File: [
    ['New', 'file.new', 'CmdOrCtrl+N'],
    ['Open…', 'file.open', 'CmdOrCtrl+O'],
    ['Open Recent…', 'file.recent'],
    ['Examples…', 'file.examples'],
    null,
    ['Save', 'file.save', 'CmdOrCtrl+S'],
    ['Save As…', 'file.saveAs', 'CmdOrCtrl+Shift+S'],
  ],
};

/** The native menu. Every entry is an editor command by name; text fields keep the platform's own editing keys. */
export function installMenu(): void {
  const own = (title: string): MenuItemConstructorOptions[] =>
    (menus[title] ?? []).map((entry) =>
      entry ? { label: entry[0], click: send(entry[1]), ...(entry[2] ? { accelerator: entry[2], registerAccelerator: false } : {}) } : { type: 'separator' },
    );
  const isMac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    { label: 'File', submenu: [...own('File'), { type: 'separator' }, isMac ? { role: 'close' } : { role: 'quit' }] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  app.setAboutPanelOptions({ applicationName: 'Millrace', applicationVersion: app.getVersion() });
}

function send(command: string): () => void {
  return () => BrowserWindow.getFocusedWindow()?.webContents.send('command', command);
}
