import { join } from 'node:path';
import { app, type BrowserWindow, MessageChannelMain } from 'electron';
import { checkFrame, formatFrame } from '../engine/protocol/frame-text.ts';
import { serveRuns } from '../engine/supervisor/remote-runs.ts';
import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { type DesktopEngineProcess, forkEngine } from './fork-engine.ts';
import { keychain } from './keychain.ts';
import { takeFile } from './window.ts';

interface Connection {
  readonly process: DesktopEngineProcess;
  crashed: string | null;
}
const connections = new WeakMap<BrowserWindow, Connection>();

/**
 * Gives the window a new workbench process and a MessagePort to it. Called when the editor starts and again when its workbench has ended;
 * an earlier workbench of the window is ended.
 */
export function connectWindow(window: BrowserWindow, supervisor: Supervisor, dataFolder: string): void {
  const earlier = connections.get(window);
  const process = forkEngine('workbench', {
    dataFolder,
    examplesFolder: join(app.getAppPath(), 'examples'),
    appVersion: app.getVersion(),
    seals: true,
    open: takeFile(window),
    crashed: earlier?.crashed ?? null,
  });
  const connection: Connection = { process, crashed: null };
  connections.set(window, connection);
  earlier?.process.kill();

  serveRuns(process.port, supervisor, keychain);
  const { port1, port2 } = new MessageChannelMain();
  if (process.handOver) process.handOver(port1);
  else passOn(port1, process);
  process.onExit((_code, reason) => {
    connection.crashed = reason;
    port1.close();
    if (!window.isDestroyed() && connections.get(window) === connection) window.webContents.send('engine-gone');
  });
  window.once('closed', () => process.end());
  window.webContents.postMessage('port', null, [port2]);
}

/** A plain Node child has no MessagePort: its frames pass through here. Anything that is not a frame closes the window's port. */
function passOn(port: Electron.MessagePortMain, process: DesktopEngineProcess): void {
  process.editor.onText((text) => port.postMessage(JSON.parse(text)));
  port.on('message', (event) => {
    try {
      process.editor.post(formatFrame(checkFrame(event.data)));
    } catch {
      port.close();
    }
  });
  port.start();
}
