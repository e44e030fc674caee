/** Frames over a Unix domain socket, or a named pipe on Windows: one line of JSON each. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { formatFrame, longestFrame, parseFrame } from '../protocol/frame-text.ts';
import type { Frame, Port } from '../protocol/port.ts';

/** The system's limit is 108 bytes on Linux and 104 on macOS, the last of which is 0. */
const longestPath = 103;
/** A peer is disconnected when this much waits for it to read: a stopped terminal must not fill the keeper's memory. */
const mostWaiting = 32 * 1024 * 1024;
const connectsWithinMs = 3000;

/** A process listens, or did, but accepts no connection. */
export class NoAnswer extends Error {}

/** Where a socket of this name can be listened on: in `folder` if its path is short enough, otherwise in a private folder of the temporary one. */
export function socketPath(folder: string, name: string): string {
  const digest = createHash('sha256').update(join(folder, name)).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\millrace-${digest}`;
  const path = join(folder, name);
  return Buffer.byteLength(path) <= longestPath ? path : join(tmpdir(), `millrace-${userInfo().uid}`, digest);
}

/** Listens for peers of this user only: neither the folder nor the socket lets others in. A stale socket is replaced. */
export async function listenAt(path: string, onPort: (port: Port) => void): Promise<Server> {
  const isFile = process.platform !== 'win32';
  if (isFile) {
    privateFolder(dirname(path));
    rmSync(path, { force: true });
  }
  const server = createServer((socket) => onPort(socketPort(socket)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  if (isFile) chmodSync(path, 0o600);
  server.on('error', () => {});
  return server;
}

/** Throws what `net.connect` throws (ENOENT, ECONNREFUSED) if nothing listens. */
export async function connectTo(path: string): Promise<Port> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new NoAnswer('nobody answered in time')), connectsWithinMs);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => clearTimeout(timer));
  });
  return socketPort(socket);
}

export function socketPort(socket: Socket): Port {
  let listener: ((frame: unknown) => void) | null = null;
  const kept: unknown[] = [];
  const closers: (() => void)[] = [];
  let isOpen = true;
  let rest = '';
  const receive = (line: string) => {
    let frame: unknown;
    try {
      frame = parseFrame(line);
    } catch {
      socket.destroy();
      return;
    }
    if (listener) listener(frame);
    else kept.push(frame);
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '' && isOpen) receive(line);
    if (rest.length > longestFrame) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isOpen = false;
    for (const closer of closers.splice(0)) closer();
  });
  return {
    post(frame: Frame) {
      if (!isOpen || !socket.writable) return;
      socket.write(`${formatFrame(frame)}\n`);
      if (socket.writableLength > mostWaiting) socket.destroy();
    },
    onFrame(given) {
      listener = given;
      for (const frame of kept.splice(0)) given(frame);
    },
    onClose(closer) {
      if (isOpen) closers.push(closer);
      else queueMicrotask(closer);
    },
    // What was posted before is still sent.
    close: () => void socket.end(),
  };
}

/** Creates a folder that only this user may enter; refuses one that another user has put there. */
function privateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userInfo().uid) {
    throw new MillraceError({
      code: 'run/socket',
      message: `The folder ${folder} for the run's socket belongs to another user.`,
      hint: 'Remove it, or set MILLRACE_DATA to a folder with a shorter path.',
    });
  }
  if ((found.mode & 0o077) !== 0 && existsSync(folder)) chmodSync(folder, 0o700);
}
