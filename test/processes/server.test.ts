import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { entryFile } from '../../engine/processes/entries.ts';
import type { EditorProtocol } from '../../engine/protocol/api.ts';
import { Client } from '../../engine/protocol/connection.ts';
import { protocolVersion } from '../../engine/protocol/version.ts';
import { type EditorServer, startEditorServer } from '../../server/editor-server.ts';
import { endRuns } from '../background-runs.ts';
import { says } from '../command-line.ts';
import { socketPort } from './socket-port.ts';

const project = join(import.meta.dirname, '..', '..');
const data = mkdtempSync(join(tmpdir(), 'millrace-server-'));
let server: EditorServer;
let url: URL;
let token: string;

beforeAll(async () => {
  const settings = { dataFolder: data, examplesFolder: join(project, 'examples'), appVersion: '0.0.0-test', open: null };
  server = await startEditorServer({ root: join(project, 'out', 'renderer'), port: 0, settings });
  url = new URL(server.address);
  token = url.hash.slice('#t='.length);
});
afterAll(async () => {
  await server.close();
  await endRuns(data);
  rmSync(data, { recursive: true, force: true });
});

/** How the server answers an attempt to connect: `open`, or the HTTP status that refused it. */
function attempt(options: { readonly token?: string; readonly origin?: string | null; readonly host?: string }): Promise<string> {
  const protocols = ['millrace', ...(options.token === undefined ? [] : [`t.${options.token}`])];
  const headers = options.host ? { Host: options.host } : {};
  const socket = new WebSocket(`ws://${url.host}/`, protocols, { headers, ...(options.origin === null ? {} : { origin: options.origin ?? url.origin }) });
  return new Promise((resolve) => {
    socket.on('open', () => {
      resolve(socket.protocol === 'millrace' ? 'open' : `open as ${socket.protocol}`);
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', () => {});
  });
}

/** The status of what a request with these hosts is answered with. */
function statusFor(hosts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), '127.0.0.1', () =>
      socket.write(`GET / HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}Connection: close\r\n\r\n`),
    );
    socket.once('data', (text) => resolve(String(text).split(' ')[1]!));
    socket.once('error', reject);
  });
}

describe('the browser host', () => {
  it('lets a window with its token in, and answers with a subprotocol that does not repeat the token', async () => {
    expect(await attempt({ token })).toBe('open');
  });

  it.each<[string, Parameters<typeof attempt>[0], string]>([
    ['no token', {}, '403'],
    ['a wrong token', { token: 'x'.repeat(32) }, '403'],
    ['an empty token', { token: '' }, '403'],
    ['another origin', { token: 'TOKEN', origin: 'http://evil.example' }, '403'],
    ['no origin', { token: 'TOKEN', origin: null }, '403'],
    ['a host name that was rebound to this machine', { token: 'TOKEN', host: 'evil.example', origin: 'http://evil.example' }, '421'],
  ])('refuses %s', async (_name, options, status) => {
    expect(await attempt({ ...options, ...(options.token === 'TOKEN' ? { token } : {}) })).toBe(status);
  });

  it.each([
    ['/', 200],
    ['/index.html', 200],
    ['/../package.json', 404],
    ['/..%2f..%2fpackage.json', 404],
    ['/%2e%2e/package.json', 404],
    ['/assets', 404],
    ['/%', 404],
  ])('answers GET %s with %i', async (path, status) => {
    const response = await request(path);
    expect(response.status).toBe(status);
  });

  it('serves pages under a policy without eval and without anything from elsewhere', async () => {
    const { headers } = await request('/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/https?:/);
  });

  it('refuses pages to a rebound host name', async () => {
    expect((await request('/', { Host: 'evil.example' })).status).toBe(421);
    for (const hosts of [[url.host, 'evil.example'], ['evil.example', url.host], []]) expect(await statusFor(hosts), hosts.join()).toMatch(/^(421|400)$/);
  });

  it('starts a workbench for a window and answers what it cannot do with an error', async () => {
    const socket = new WebSocket(`ws://${url.host}/`, ['millrace', `t.${token}`], { origin: url.origin });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    const client = new Client<EditorProtocol>(socketPort(socket));
    const hello = await client.request('hello', { protocolVersion });
    expect(hello.appVersion).toBe('0.0.0-test');
    await expect(client.request('run.list', {})).resolves.toEqual([]);
    await expect(client.request('no.such' as 'hello', { protocolVersion })).rejects.toMatchObject({ problem: { code: 'protocol/unknown' } });
    await expect(client.request('document.open', { path: '' })).rejects.toMatchObject({ problem: { code: 'protocol/params' } });
    socket.close();
    expect(await closed).toBe(1005);
  });
});

describe('what is no frame', () => {
  const request = (value: string) => `{"kind":"request","id":1,"name":"settings.write","params":{"key":"x","value":${value}}}`;
  it.each<[string, string | Buffer]>([
    ['is nested deep', request('['.repeat(6000) + ']'.repeat(6000))],
    ['is nested very deep', '['.repeat(500_000)],
    ['is not JSON', '{{{'],
    ['is null', 'null'],
    ['is an answer', '{"kind":"reply","id":1,"result":1}'],
    ['has another id', '{"kind":"request","id":{},"name":"recent.list","params":{}}'],
    ['is binary', Buffer.from('{"kind":"cancel","id":1}')],
  ])('costs its own window its socket, and no other: it %s', async (_name, frame) => {
    const windows = [await openWindow(), await openWindow()];
    const closed = new Promise<number>((resolve) => windows[0]!.on('close', resolve));
    windows[0]!.send(frame);
    expect(await closed).toBe(1008);
    const client = new Client<EditorProtocol>(socketPort(windows[1]!));
    expect((await client.request('hello', { protocolVersion })).appVersion).toBe('0.0.0-test');
    windows[1]!.close();
  });

  it('is still one at half of the depth', async () => {
    const client = new Client<EditorProtocol>(socketPort(await openWindow()));
    let value: unknown[] = [];
    for (let depth = 0; depth < 500; depth++) value = [value];
    await client.request('settings.write', { key: 'deep', value: value as never }).catch((error) => expect(error.problem.code).not.toBe('engine/gone'));
    expect((await client.request('hello', { protocolVersion })).appVersion).toBe('0.0.0-test');
    client.close();
  });
});

it.skipIf(process.platform !== 'linux')('hands the browser a page that only its owner reads, and no token', async () => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-open-'));
  const seen = join(home, 'seen');
  writeFileSync(join(home, 'xdg-open'), `#!/bin/sh\nprintf '%s' "$1" > ${seen}.part && mv ${seen}.part ${seen}\n`, { mode: 0o755 });
  const child = spawn(process.execPath, [entryFile('server'), '--browser'], {
    env: { ...process.env, PATH: `${home}:${process.env['PATH']}`, MILLRACE_DATA: join(home, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [address] = await says(child, /http:\S+(?=\s)/);
  await expect.poll(() => existsSync(seen)).toBe(true);
  const page = readFileSync(seen, 'utf8');
  expect(page).not.toContain('#t=');
  expect(readFileSync(page, 'utf8')).toContain(JSON.stringify(address));
  expect(statSync(page).mode & 0o777).toBe(0o600);
  expect(statSync(join(home, 'data')).mode & 0o777).toBe(0o700);
  const given = new URL(address);
  const socket = new WebSocket(`ws://${given.host}/`, ['millrace', `t.${given.hash.slice(3)}`], { origin: given.origin });
  await expect.poll(() => existsSync(page)).toBe(false);
  socket.terminate();
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  rmSync(home, { recursive: true, force: true });
});

it("keeps its data where the platform keeps an app's data, unless it is told otherwise", async () => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-home-'));
  const { MILLRACE_DATA: _unset, ...env } = process.env;
  const child = spawn(process.execPath, [entryFile('server')], {
    env: { ...env, HOME: home, XDG_DATA_HOME: join(home, 'share'), LOCALAPPDATA: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await says(child, /^.*\n/);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(said).toMatch(/^Millrace is open at http:\/\/127\.0\.0\.1:\d+\/#t=\S+\n$/);
  expect(readdirSync(home).length).toBeGreaterThan(0);
  rmSync(home, { recursive: true, force: true });
});

function openWindow(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${url.host}/`, ['millrace', `t.${token}`], { origin: url.origin });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function request(path: string, headers: Record<string, string> = {}): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    get({ host: url.hostname, port: url.port, path, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    }).on('error', reject);
  });
}
