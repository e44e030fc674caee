import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { forkNode } from '../engine/processes/fork-node.ts';
import { FrameRefusal, longestFrame, parseFrame } from '../engine/protocol/frame-text.ts';
import type { WorkbenchSettings } from '../engine/protocol/host-api.ts';
import { serveRuns } from '../engine/supervisor/remote-runs.ts';
import { Supervisor } from '../engine/supervisor/supervisor.ts';
import { serveFile } from './static-files.ts';

/** Closing code of a socket whose workbench ended: the editor reconnects at once. */
export const workbenchGone = 4001;
/** RFC 6455: a message does not fit the protocol. */
const policyViolation = 1008;
const subprotocol = 'millrace';
const prepareAfterMs = 1500;

export interface EditorServer {
  /** With the token in its fragment, which browsers do not send. */
  readonly address: string;
  /** Called whenever a window has connected. */
  onWindow(listener: () => void): void;
  /** How many runs continue when this server ends, whoever started them. */
  countRunning(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The editor in a browser: its files and, over a WebSocket, one workbench process per window. Loopback only; a connection needs the token,
 * our own Origin and a Host that names this machine (no DNS rebinding). Runs continue when a window, or the server, ends.
 */
export async function startEditorServer(options: {
  readonly root: string;
  readonly port: number;
  readonly settings: Omit<WorkbenchSettings, 'crashed'>;
}): Promise<EditorServer> {
  const token = randomBytes(24).toString('base64url');
  const supervisor = new Supervisor({ dataFolder: options.settings.dataFolder });
  supervisor.watch();
  const sockets = new Set<WebSocket>();
  const upgrader = new WebSocketServer({ noServer: true, maxPayload: longestFrame, handleProtocols: () => subprotocol });
  let crashed: string | null = null;
  let open = options.settings.open;
  const windowListeners: (() => void)[] = [];

  const server = createServer((request, response) => {
    if (!isOwnHost(request, server)) response.writeHead(421).end('Misdirected request\n');
    else void serveFile(options.root, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isOwnHost(request, server)) refuse(socket, '421 Misdirected Request');
    else if (request.headers.origin !== `http://${request.headers.host}` || !hasToken(request, token)) refuse(socket, '403 Forbidden');
    else upgrader.handleUpgrade(request, socket, head, (webSocket) => attach(webSocket));
  });

  /** The next run starts at once; but the editor starts first. */
  function prepareSoon(): void {
    setTimeout(() => supervisor.prepare(), prepareAfterMs).unref();
  }

  function attach(socket: WebSocket): void {
    sockets.add(socket);
    for (const listener of windowListeners) listener();
    const workbench = forkNode('workbench', { settings: { ...options.settings, open, crashed } });
    crashed = null;
    open = null;
    serveRuns(workbench.port, supervisor);
    prepareSoon();
    workbench.editor.onText((text) => socket.send(text));
    socket.on('message', (data, isBinary) => {
      if (socket.readyState !== socket.OPEN) return;
      try {
        workbench.editor.post(askingText(String(data), isBinary));
      } catch (error) {
        // It closes this window's socket, and no other.
        socket.close(policyViolation, (error as Error).message);
      }
    });
    workbench.onExit((_code, reason) => {
      if (!sockets.has(socket)) return;
      crashed = reason;
      socket.close(workbenchGone);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      sockets.delete(socket);
      workbench.end();
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/#t=${token}`,
    onWindow: (listener) => void windowListeners.push(listener),
    async countRunning() {
      return (await supervisor.list()).filter((run) => run.endedAt === null).length;
    },
    async close() {
      for (const socket of sockets) socket.terminate();
      supervisor.dispose();
      upgrader.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isOwnHost(request: IncomingMessage, server: Server): boolean {
  const { port } = server.address() as AddressInfo;
  const { host: named = [] } = request.headersDistinct;
  return named.length === 1 && [`127.0.0.1:${port}`, `localhost:${port}`].includes(named[0] ?? '');
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim());
  const given = Buffer.from(offered.find((word) => word.startsWith('t.'))?.slice(2) ?? '');
  const wanted = Buffer.from(token);
  return offered.includes(subprotocol) && given.length === wanted.length && timingSafeEqual(given, wanted);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The text of a frame that an editor may send. Throws a FrameRefusal for anything else. */
function askingText(text: string, isBinary: boolean): string {
  if (isBinary) throw new FrameRefusal('the frame is binary');
  const { kind } = parseFrame(text);
  if (kind !== 'request' && kind !== 'cancel') throw new FrameRefusal(`a frame of kind "${kind}" is not for the engine`);
  return text;
}
