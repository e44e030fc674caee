import { app, BrowserWindow, ipcMain, Menu, type MenuItemConstructorOptions } from 'electron';
import type { DesktopMenu, DesktopMenuEntry } from '../engine/protocol/desktop.ts';
import { senderWindow } from './window.ts';

const isMac = process.platform === 'darwin';
const menus = new WeakMap<BrowserWindow, Menu>();

/**
 * The native menu bar shows the editor's own commands, which each window sends; before that, only the platform's entries. Shortcuts are
 * shown here and handled in the page, where text fields take precedence; on a Mac they are handled here.
 */
export function installMenus(): void {
  app.setAboutPanelOptions({ applicationName: 'Millrace', applicationVersion: app.getVersion() });
  Menu.setApplicationMenu(build([]));
  ipcMain.on('set-menu', (event, sent: unknown) => {
    const window = senderWindow(event);
    if (!window || !isMenus(sent)) return;
    const menu = build(sent);
    menus.set(window, menu);
    if (isMac) {
      if (window.isFocused()) Menu.setApplicationMenu(menu);
    } else window.setMenu(menu);
  });
  app.on('browser-window-focus', (_event, window) => {
    if (isMac) Menu.setApplicationMenu(menus.get(window) ?? build([]));
  });
}

function build(sent: readonly DesktopMenu[]): Menu {
  const own = sent.map((menu): MenuItemConstructorOptions => {
    // On a Mac, text fields get copy and paste only from the menu's roles.
    if (isMac && menu.label === 'Edit') return { role: 'editMenu' };
    const closing: MenuItemConstructorOptions[] = menu.label === 'File' ? [{ type: 'separator' }, isMac ? { role: 'close' } : { role: 'quit' }] : [];
    return { label: menu.label, submenu: [...menu.entries.map(entryOf), ...closing] };
  });
  return Menu.buildFromTemplate([...(isMac ? [{ role: 'appMenu' as const }] : []), ...own]);
}

function entryOf(entry: DesktopMenuEntry | null): MenuItemConstructorOptions {
  if (!entry) return { type: 'separator' };
  return {
    label: entry.label,
    enabled: entry.enabled,
    ...(entry.checked === undefined ? {} : { type: 'checkbox' as const, checked: entry.checked }),
    ...(entry.shortcut ? { accelerator: entry.shortcut.replace('Mod', 'CommandOrControl'), registerAccelerator: isMac } : {}),
    click: (_item, window, event) => {
      if (window instanceof BrowserWindow) window.webContents.send('command', entry.command, event?.triggeredByAccelerator === true);
    },
  };
}

function isMenus(sent: unknown): sent is readonly DesktopMenu[] {
  const isEntry = (entry: unknown) => {
    if (entry === null) return true;
    const { label, command, shortcut, enabled } = (entry ?? {}) as Record<string, unknown>;
    return typeof label === 'string' && typeof command === 'string' && typeof enabled === 'boolean' && (shortcut === undefined || typeof shortcut === 'string');
  };
  return Array.isArray(sent) && sent.every((menu) => typeof menu?.label === 'string' && Array.isArray(menu.entries) && menu.entries.every(isEntry));
}
