import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Frame, Port } from '../protocol/port.ts';
import { connectTo, listenAt, socketPath, socketPort } from './socket-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-socket-'));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});
const isWindows = process.platform === 'win32';

async function pair(): Promise<{ readonly near: Port; readonly far: Port }> {
  const path = socketPath(folder, 'socket');
  let accept: (port: Port) => void = () => {};
  const far = new Promise<Port>((resolve) => {
    accept = resolve;
  });
  servers.push(await listenAt(path, accept));
  return { near: await connectTo(path), far: await far };
}
const event = (data: unknown): Frame => ({ kind: 'event', name: 'it', data: data as never });

describe('a socket', () => {
  it('carries frames both ways, in order, and tells of its end once', async () => {
    const { near, far } = await pair();
    far.onFrame((frame) => far.post(frame as Frame));
    const heard: unknown[] = [];
    near.onFrame((frame) => heard.push(frame));
    for (let i = 0; i < 100; i++) near.post(event({ i, text: 'line\nbreak \u2028 ü' }));
    await expect.poll(() => heard.length).toBe(100);
    expect(heard[99]).toEqual(event({ i: 99, text: 'line\nbreak \u2028 ü' }));
    let closed = 0;
    near.onClose(() => closed++);
    far.close();
    await expect.poll(() => closed).toBe(1);
    near.post(event(1));
    near.close();
    await new Promise((resolve) => near.onClose(() => resolve(null)));
    expect(closed).toBe(1);
  });

  it('puts frames together however they are cut', async () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(40), { maxLength: 10 }), async (words, cuts) => {
        const bytes = Buffer.from(words.map((word) => `${JSON.stringify(event(word))}\n`).join(''));
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const heard: unknown[] = [];
        const done = new Promise<void>((resolve) => {
          server.once('connection', (socket) => {
            const port = socketPort(socket);
            port.onFrame((frame) => {
              heard.push(frame);
              if (heard.length === words.length) resolve();
            });
          });
        });
        const client = connect((server.address() as { port: number }).port, '127.0.0.1').setNoDelay(true);
        let at = 0;
        for (const cut of cuts) {
          await new Promise((resolve) => client.write(bytes.subarray(at, at + cut), resolve));
          at += cut;
        }
        client.write(bytes.subarray(at));
        await done;
        client.destroy();
        server.close();
        expect(heard).toEqual(words.map((word) => event(word)));
      }),
      { numRuns: 20 },
    );
  });

  it.skipIf(isWindows)('lets nobody else in', async () => {
    await pair();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'socket')).mode & 0o777).toBe(0o600);
  });

  it.skipIf(isWindows)('takes the place of one that was left behind, and has a short path in a deep folder', async () => {
    await pair();
    await pair();
    const deep = join(folder, 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const path = socketPath(deep, 'socket');
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
    expect(path).not.toBe(socketPath(join(deep, 'c'), 'socket'));
    servers.push(await listenAt(path, () => {}));
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    (await connectTo(path)).close();
  });

  it('says when nobody listens', async () => {
    await expect(connectTo(socketPath(folder, 'nobody'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends a peer that sends what is no frame', async () => {
    const path = socketPath(folder, 'socket');
    servers.push(await listenAt(path, () => {}));
    const socket = connect(path);
    socket.write('GET / HTTP/1.1\n\n');
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
