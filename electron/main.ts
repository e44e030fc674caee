/** The desktop host: one window per pipeline, one workbench process per window, runs under one supervisor. */
import { join } from 'node:path';
import { app, BrowserWindow, ipcMain } from 'electron';
import { dataFolder } from '../engine/store/data-folder.ts';
import { ownFolder } from '../engine/store/private-files.ts';
import { Supervisor } from '../engine/supervisor/supervisor.ts';
import { adoptData } from './adopt-data.ts';
import { hardenContents, registerScheme, serveEditor } from './app-protocol.ts';
import { registerDesktopCalls } from './desktop-calls.ts';
import { installMenus } from './menu.ts';
import { createWindow, senderWindow } from './window.ts';
import { connectWindow } from './workbench-connection.ts';

const prepareAfterMs = 1500;

registerScheme();
// Tests, and people who want two separate Millraces, keep the data elsewhere.
if (process.env['MILLRACE_DATA']) app.setPath('userData', process.env['MILLRACE_DATA']);
const data = dataFolder();
const supervisor = new Supervisor({ dataFolder: data });

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
  // Runs continue: they are found again when the app is opened, and by the command line.
  app.on('will-quit', () => supervisor.dispose());
  void app.whenReady().then(start);
}

function start(): void {
  ownFolder(data);
  adoptData(app.getPath('userData'), data);
  supervisor.watch();
  serveEditor(join(__dirname, '..', 'renderer'));
  installMenus();
  registerDesktopCalls();
  ipcMain.on('connect', (event) => {
    const window = senderWindow(event);
    if (!window) return;
    connectWindow(window, supervisor, data);
    // The next run starts at once; but the editor starts first.
    setTimeout(() => supervisor.prepare(), prepareAfterMs).unref();
  });
  openWindow(fileArgument(process.argv));
}

function openWindow(file: string | null): void {
  createWindow({ preload: join(__dirname, '..', 'preload', 'index.cjs'), file });
}

function fileArgument(argv: readonly string[]): string | null {
  return argv.slice(1).find((word) => word.endsWith('.millrace.json')) ?? null;
}
