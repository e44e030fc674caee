import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { app, BrowserWindow, type IpcMainEvent, type IpcMainInvokeEvent, nativeTheme, type Rectangle, screen } from 'electron';
import { isEditor, pageAddress } from './app-protocol.ts';

interface WindowState {
  readonly bounds: Rectangle;
  readonly maximized: boolean;
}
const defaultSize = { width: 1440, height: 900 };
const files = new WeakMap<BrowserWindow, string>();

/** A window with the editor, with the position and size of the last one. `file` is opened in it. */
export function createWindow(options: { readonly preload: string; readonly file: string | null }): BrowserWindow {
  const state = readState();
  const window = new BrowserWindow({
    ...defaultSize,
    ...(state && isVisible(state.bounds) ? state.bounds : {}),
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Millrace',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: { preload: options.preload, contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false, spellcheck: false },
  });
  if (options.file) files.set(window, resolve(options.file));
  if (state?.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => writeState({ bounds: window.getNormalBounds(), maximized: window.isMaximized() }));
  void window.loadURL(pageAddress());
  return window;
}

/** The file with which the window was opened, once: a workbench that starts later must not open it again. */
export function takeFile(window: BrowserWindow): string | null {
  const file = files.get(window) ?? null;
  files.delete(window);
  return file;
}

/** The window that sent a message, or null if it was not the editor's own top frame. */
export function senderWindow(event: IpcMainEvent | IpcMainInvokeEvent): BrowserWindow | null {
  const frame = event.senderFrame;
  if (!frame || frame.parent || !isEditor(frame.url)) return null;
  return BrowserWindow.fromWebContents(event.sender);
}

function stateFile(): string {
  return join(app.getPath('userData'), 'window.json');
}

function readState(): WindowState | null {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(stateFile(), 'utf8')) as WindowState;
    const numbers = [bounds.x, bounds.y, bounds.width, bounds.height];
    return numbers.every(Number.isFinite) ? { bounds, maximized: maximized === true } : null;
  } catch {
    return null;
  }
}

function writeState(state: WindowState): void {
  try {
    mkdirSync(app.getPath('userData'), { recursive: true });
    writeFileSync(stateFile(), JSON.stringify(state), { mode: 0o600 });
  } catch (error) {
    process.stderr.write(`The window's place was not remembered: ${(error as Error).message}\n`);
  }
}

/** A screen may have been removed since the state was written. */
function isVisible(bounds: Rectangle): boolean {
  const { workArea } = screen.getDisplayMatching(bounds);
  const width = Math.min(bounds.x + bounds.width, workArea.x + workArea.width) - Math.max(bounds.x, workArea.x);
  const height = Math.min(bounds.y + bounds.height, workArea.y + workArea.height) - Math.max(bounds.y, workArea.y);
  return width > 100 && height > 100;
}
