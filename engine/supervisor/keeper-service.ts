/** What a keeper sends to its attached clients, and its place in the registry. */
import { existsSync } from 'node:fs';
import type { Server } from 'node:net';
import { MillraceError } from '../../model/problems/problem.ts';
import { type Handlers, Service } from '../protocol/connection.ts';
import { type KeeperProtocol, keeperParams } from '../protocol/keeper-api.ts';
import type { Port } from '../protocol/port.ts';
import type { Keeper } from './keeper.ts';
import { ownIdentity, type RunEntry, removeEntry, runFolder, writeEntry } from './registry.ts';
import { listenAt, socketPath } from './socket-port.ts';

const upkeepEveryMs = 60_000;

const noResult = async (done: Promise<void>): Promise<null> => {
  await done;
  return null;
};

/** Serves one peer until it disconnects. */
export function serveKeeper(port: Port, keeper: Keeper): void {
  const handlers: Handlers<KeeperProtocol> = {
    attach: () => ({ summary: keeper.summary, logs: keeper.logs, nodes: keeper.job.plan.nodes.map(({ id, title, kind }) => ({ id, title, kind })) }),
    stop: ({ how }) => noResult(keeper.stop(how)),
    pause: () => noResult(keeper.pause()),
    resume: () => noResult(keeper.resume()),
    checkpoint: () => keeper.checkpoint(),
    inspect: ({ node, limit, port }) => keeper.inspect(node, limit, port),
  };
  const service = new Service<KeeperProtocol>(port, handlers, (name, params) => {
    const schema = Object.hasOwn(keeperParams, name) ? keeperParams[name as keyof typeof keeperParams] : null;
    // The service itself reports unknown names.
    if (!schema) return params as never;
    const parsed = schema.safeParse(params);
    if (parsed.success) return parsed.data as never;
    throw new MillraceError({
      code: 'protocol/params',
      message: `Request "${name}": ${parsed.error.issues[0]?.message}.`,
      hint: 'This Millrace and the one that started the run are of different versions.',
    });
  });
  const stops = [keeper.onChanged((summary) => service.emit('changed', summary)), keeper.onLogged((line) => service.emit('logged', line))];
  port.onClose(() => {
    for (const stop of stops) stop();
  });
}

/** A keeper that can be found. */
export interface Registration {
  readonly entry: RunEntry;
  /** The number of attached clients. */
  readonly attached: number;
  /** Called whenever the last client has disconnected. */
  onAlone(listener: () => void): void;
  /** Removes the run from the registry. */
  close(): void;
}

/** Makes a run known to all hosts of a data folder. Throws if its socket or its entry cannot be created. */
export async function register(keeper: Keeper, data: string): Promise<Registration> {
  const { job } = keeper;
  const ports = new Set<Port>();
  const listeners: (() => void)[] = [];
  let entry: RunEntry = {
    id: job.id,
    ...ownIdentity(),
    pipeline: job.name,
    path: job.path,
    state: keeper.summary.state,
    socket: socketPath(runFolder(data, job.id), 'socket'),
    startedAt: keeper.summary.startedAt,
    commits: job.options.commits,
  };
  const accept = (port: Port) => {
    ports.add(port);
    serveKeeper(port, keeper);
    port.onClose(() => {
      ports.delete(port);
      if (ports.size === 0) for (const listener of listeners) listener();
    });
  };
  let server: Server = await listenAt(entry.socket, accept);
  let isOpen = true;
  entry = { ...entry, state: keeper.summary.state };
  try {
    writeEntry(data, entry);
  } catch (error) {
    server.close();
    throw error;
  }
  // Programs that clean temporary folders remove the sockets of long runs: without them no run could be stopped.
  const upkeep = setInterval(() => {
    if (process.platform === 'win32' || existsSync(entry.socket)) return;
    server.close();
    listenAt(entry.socket, accept)
      .then((again) => {
        server = again;
        writeEntry(data, entry);
      })
      // The next time.
      .catch(() => {});
  }, upkeepEveryMs).unref();
  const stop = keeper.onChanged(({ state }) => {
    if (state === entry.state || !isOpen) return;
    entry = { ...entry, state };
    try {
      writeEntry(data, entry);
    } catch {
      // A full disk: attached clients still get the state.
    }
  });
  return {
    get entry() {
      return entry;
    },
    get attached() {
      return ports.size;
    },
    onAlone: (listener) => void listeners.push(listener),
    close() {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(upkeep);
      stop();
      for (const port of ports) port.close();
      server.close();
      removeEntry(data, entry);
    },
  };
}
