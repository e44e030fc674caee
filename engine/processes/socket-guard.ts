/**
 * Lets the code of nodes connect to what the pipeline declares, and to nothing else: whatever opens a socket in this thread, by `net`,
 * `tls`, `http`, `fetch`, `WebSocket` or `dgram`, goes through here. Names count as they are declared; what they resolve to does not.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import { MillraceError } from '../../model/problems/problem.ts';

export interface SocketGuard {
  /** From now on: as `ConnectionDefinition.reaches` says them. */
  allow(reaches: readonly string[]): void;
  /** Takes the guard away, in a thread that has sockets of its own to open. */
  release(): void;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

const defaultPorts: { readonly [scheme: string]: number } = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };
const loopback = new Set(['localhost', '127.0.0.1', '::1']);

/** Once per thread, before it is locked down. Until something is allowed, nothing is. `onRefused` hears of what was tried. */
export function guardSockets(onRefused: (refusal: MillraceError) => void = () => {}): SocketGuard {
  let allowed: readonly (Target & { readonly isStarred: boolean })[] = [];
  let paths: ReadonlySet<string> = new Set();
  let declared: readonly string[] = [];
  /** A server that names further ones was reached. */
  let isOpen = false;

  const mayReach = ({ host, port }: Target): boolean => {
    const found = allowed.find((each) => each.port === port && isSameHost(each.host, host));
    if (found?.isStarred) isOpen = true;
    return found !== undefined || isOpen;
  };
  const refuse = (address: string): MillraceError => {
    const may = declared.length > 0 ? `It declares ${declared.join(', ')}.` : 'It declares no address at all.';
    const refusal = new MillraceError({
      code: 'reach/undeclared',
      message: `A connection to ${address} was refused, as the pipeline does not declare it. ${may}`,
      hint: 'Name that address in the connection. If the pipeline is not yours, do not trust it.',
    });
    onRefused(refusal);
    return refusal;
  };

  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function guarded(this: net.Socket, ...given: unknown[]) {
    const target = targetOf(given);
    const ok = 'path' in target ? paths.has(target.path) : mayReach(target);
    if (ok) return Reflect.apply(connect, this, given) as net.Socket;
    const refusal = refuse('path' in target ? target.path : addressOf(target));
    process.nextTick(() => this.destroy(refusal));
    return this;
  } as typeof connect;

  const { send, connect: connectDatagrams } = dgram.Socket.prototype;
  dgram.Socket.prototype.send = function guarded(this: dgram.Socket, ...given: unknown[]) {
    const target = datagramTarget(given);
    if (!target || mayReach(target)) return Reflect.apply(send, this, given) as undefined;
    throw refuse(addressOf(target));
  } as typeof send;
  dgram.Socket.prototype.connect = function guarded(this: dgram.Socket, port: number, ...rest: unknown[]) {
    const target = { host: typeof rest[0] === 'string' ? rest[0] : '127.0.0.1', port };
    if (mayReach(target)) return Reflect.apply(connectDatagrams, this, [port, ...rest]) as undefined;
    throw refuse(addressOf(target));
  } as typeof connectDatagrams;

  return {
    allow(reaches) {
      isOpen = false;
      declared = reaches.map((each) => each.replace(/\*$/, ' and its members'));
      allowed = reaches.flatMap((each) => declaredTarget(each) ?? []);
      paths = new Set(reaches.filter((each) => each.startsWith('/')));
    },
    release() {
      net.Socket.prototype.connect = connect;
      dgram.Socket.prototype.send = send;
      dgram.Socket.prototype.connect = connectDatagrams;
    },
  };
}

/** `host:port`, `[::1]:port`, with `*` at its end, or a URL. */
function declaredTarget(text: string): (Target & { readonly isStarred: boolean }) | null {
  const isStarred = text.endsWith('*');
  const address = isStarred ? text.slice(0, -1) : text;
  try {
    const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
    const url = new URL(hasScheme ? address : `tcp://${address}`);
    const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port);
    return port === undefined || url.hostname === '' ? null : { host: plainHost(url.hostname), port, isStarred };
  } catch {
    return null;
  }
}

/** What `net.Socket.connect` is asked for: options, or a port and a host, or a path; `net.connect` gives them in a list. */
function targetOf([first, second]: readonly unknown[]): Target | { readonly path: string } {
  const given = Array.isArray(first) ? (first[0] as unknown) : first;
  if (typeof given === 'object' && given !== null) {
    const { path, host, port } = given as { readonly path?: unknown; readonly host?: unknown; readonly port?: unknown };
    if (typeof path === 'string') return { path };
    return { host: plainHost(typeof host === 'string' ? host : 'localhost'), port: Number(port) };
  }
  if (typeof given === 'string' && !/^\d+$/.test(given)) return { path: given };
  return { host: plainHost(typeof second === 'string' ? second : 'localhost'), port: Number(given) };
}

/** Null for a socket that is connected. `send(message, [offset, length], [port, [address]], [callback])`. */
function datagramTarget(given: readonly unknown[]): Target | null {
  const rest = given.slice(1).filter((each) => typeof each !== 'function');
  const isConnected = rest.length === 0 || (rest.length === 2 && typeof rest[1] === 'number');
  if (isConnected) return null;
  const [port, address] = rest.length >= 3 ? rest.slice(2) : rest;
  return { host: plainHost(typeof address === 'string' ? address : '127.0.0.1'), port: Number(port) };
}

function isSameHost(declared: string, asked: string): boolean {
  return declared === asked || (loopback.has(declared) && loopback.has(asked));
}

function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function addressOf({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
