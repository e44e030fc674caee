/** The desktop host: one window per pipeline, one workbench process per window, runs under one supervisor. */
import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain } from 'electron';
import { Supervisor } from '../engine/supervisor/supervisor.ts';
import { hardenContents, registerScheme, serveEditor } from './app-protocol.ts';
import { registerDesktopCalls } from './desktop-calls.ts';
import { forkEngine } from './fork-engine.ts';
import { installMenus } from './menu.ts';
import { createWindow, senderWindow } from './window.ts';
import { connectWindow } from './workbench-connection.ts';

registerScheme();
// Tests, and people who want two separate Millraces, keep the data elsewhere.
if (process.env['MILLRACE_DATA']) app.setPath('userData', process.env['MILLRACE_DATA']);
const supervisor = new Supervisor({ fork: forkEngine });
let quitting = false;

if (!app.requestSingleInstanceLock()) app.quit();
else {
  app.on('second-instance', (_event, argv) => void openWindow(fileArgument(argv)));
  app.on('open-file', (event, path) => {
    event.preventDefault();
    if (app.isReady()) openWindow(path);
  });
  app.on('web-contents-created', (_event, contents) => hardenContents(contents));
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow(null);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('before-quit', (event) => {
    if (quitting || !supervisor.hasRunning) return;
    const choice = dialog.showMessageBoxSync({
      type: 'warning',
      message: 'A pipeline is still running.',
      detail: 'Quitting stops it. Its outputs stay as they were before the run.',
      buttons: ['Stop and quit', 'Cancel'],
      defaultId: 1,
      cancelId: 1,
    });
    if (choice === 1) event.preventDefault();
    else quitting = true;
  });
  app.on('will-quit', () => supervisor.dispose());
  void app.whenReady().then(start);
}

function start(): void {
  serveEditor(join(__dirname, '..', 'renderer'));
  installMenus();
  registerDesktopCalls();
  ipcMain.on('connect', (event) => {
    const window = senderWindow(event);
    if (window) connectWindow(window, supervisor);
  });
  openWindow(fileArgument(process.argv));
}

function openWindow(file: string | null): void {
  createWindow({ preload: join(__dirname, '..', 'preload', 'index.cjs'), file });
}

function fileArgument(argv: readonly string[]): string | null {
  return argv.slice(1).find((word) => word.endsWith('.millrace.json')) ?? null;
}
