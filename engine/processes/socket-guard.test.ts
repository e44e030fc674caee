import { execFile } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The guard is for good: each trial has a process of its own. */
const trial = `
import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import http from 'node:http';
import { guardSockets } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'socket-guard.ts')))};
const [reaches, ports] = process.argv.slice(1).map((each) => JSON.parse(each));
const refused = [];
const guard = guardSockets((refusal) => refused.push(refusal.problem.code));
guard.allow(reaches);
const outcome = (open) => new Promise((done) => {
  try {
    const socket = open();
    socket.on('error', (error) => done(error.problem?.code ?? error.code));
    for (const event of ['connect', 'response']) socket.on(event, () => { done('open'); socket.destroy(); });
  } catch (error) { done(error.problem?.code ?? error.code); }
});
const found = {};
for (const [name, port] of Object.entries(ports)) {
  found[name] = [
    await outcome(() => net.connect(port, '127.0.0.1')),
    await outcome(() => net.connect({ port, host: 'LocalHost' })),
    await outcome(() => new net.Socket().connect(String(port))),
    await outcome(() => tls.connect(port, '127.0.0.1', { rejectUnauthorized: false })),
    await outcome(() => http.get({ port, host: '127.0.0.1' })),
    await fetch('http://127.0.0.1:' + port).then(() => 'open', (error) => error.cause?.problem?.code ?? error.cause?.code),
  ];
}
found.pipe = await outcome(() => net.connect('/tmp/nobody.sock'));
const datagrams = dgram.createSocket('udp4');
found.datagram = await outcome(() => {
  datagrams.send('x', 9, '127.0.0.1');
  process.nextTick(() => datagrams.emit('connect'));
  return Object.assign(datagrams, { destroy() {} });
});
datagrams.close();
// What listens goes on working.
const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
await new Promise((done) => server.on('listening', done));
server.close();
guard.release();
found.released = await outcome(() => net.connect(ports.other, '127.0.0.1'));
process.stdout.write(JSON.stringify({ found, refused: refused.length }));
`;

let servers: Server[];
let declared: number;
let other: number;
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  servers = [createHttpServer((_, response) => response.end('ok')), createHttpServer((_, response) => response.end('ok'))];
  await Promise.all(servers.map((server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(null)))));
  [declared, other] = servers.map(portOf) as [number, number];
});
afterAll(() => {
  for (const server of servers) server.close();
});

const run = (reaches: readonly string[]) =>
  new Promise<{ found: Record<string, string[]>; refused: number }>((done, failed) => {
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', trial, JSON.stringify(reaches), JSON.stringify({ declared, other })];
    execFile(process.execPath, args, (error, stdout) => (error ? failed(error) : done(JSON.parse(stdout))));
  });

describe('the guard of sockets', () => {
  it('lets through what is declared, and nothing else, whatever opens it', async () => {
    const { found, refused } = await run([`127.0.0.1:${declared}`]);
    expect(found['declared']).toEqual(['open', 'open', 'open', expect.not.stringContaining('reach'), 'open', 'open']);
    expect(found['other']).toEqual(Array(6).fill('reach/undeclared'));
    expect([found['pipe'], found['datagram']]).toEqual(['reach/undeclared', 'reach/undeclared']);
    expect(refused).toBe(8);
    expect(found['released']).toBe('open');
  });

  it('lets nothing through where nothing is declared, and no name by its address', async () => {
    for (const reaches of [[], [`db.example.com:${declared}`]]) {
      expect((await run(reaches)).found['declared']).toEqual(Array(6).fill('reach/undeclared'));
    }
  });

  it('lets through what a declared server names, once that was reached', async () => {
    const { found } = await run([`127.0.0.1:${declared}*`]);
    expect(found['other']).not.toContain('reach/undeclared');
    expect((await run([`127.0.0.1:1*`])).found['declared']).toEqual(Array(6).fill('reach/undeclared'));
  });
});
