import { MillraceError } from '../../model/problems/problem.ts';
import { Client, type Handlers, Service } from '../protocol/connection.ts';
import type { HostProtocol } from '../protocol/host-api.ts';
import type { Port } from '../protocol/port.ts';
import type { RunControl } from '../protocol/run-api.ts';
import type { Sealer } from '../store/secrets.ts';

/** The host's side: lets the workbench behind `port` use the supervisor, and the host's key where it has one. */
export function serveRuns(port: Port, runs: RunControl, sealer: Sealer | null = null): void {
  const handlers: Handlers<HostProtocol> = {
    'runs.start': (job) => runs.start(job),
    'runs.stop': async ({ runId, how }) => {
      await runs.stop(runId, how);
      return null;
    },
    'runs.pause': async ({ runId }) => {
      await runs.pause(runId);
      return null;
    },
    'runs.resume': async ({ runId }) => {
      await runs.resume(runId);
      return null;
    },
    'runs.checkpoint': ({ runId }) => runs.checkpoint(runId),
    'secrets.seal': ({ text }) => sealer?.seal(text) ?? null,
    'secrets.unseal': async ({ sealed }) => {
      if (sealer) return sealer.unseal(sealed);
      throw new MillraceError({ code: 'secret/sealed', message: 'Only the desktop app can read it.', hint: 'Enter it again here.' });
    },
    'runs.list': () => runs.list(),
    'runs.logs': ({ runId }) => runs.logs(runId),
    'runs.inspect': ({ runId, node, limit, port }) => runs.inspect(runId, node, limit, port),
  };
  const service = new Service<HostProtocol>(port, handlers);
  const stops = [
    runs.onChanged((summary) => service.emit('runs.changed', summary)),
    runs.onLogged((runId, line) => service.emit('runs.logged', { runId, line })),
  ];
  port.onClose(() => {
    for (const stop of stops) stop();
  });
}

/** The workbench's side: the host's supervisor and key, as if they were local. */
export function remoteHost(port: Port): { readonly runs: RunControl; readonly sealer: Sealer } {
  const client = new Client<HostProtocol>(port);
  const sealer: Sealer = {
    seal: (text) => client.request('secrets.seal', { text }),
    unseal: (sealed) => client.request('secrets.unseal', { sealed }),
  };
  return { runs: remoteRuns(client), sealer };
}

function remoteRuns(client: Client<HostProtocol>): RunControl {
  return {
    start: (job) => client.request('runs.start', job),
    stop: async (runId, how) => void (await client.request('runs.stop', { runId, how })),
    pause: async (runId) => void (await client.request('runs.pause', { runId })),
    resume: async (runId) => void (await client.request('runs.resume', { runId })),
    checkpoint: (runId) => client.request('runs.checkpoint', { runId }),
    list: () => client.request('runs.list', {}),
    logs: (runId) => client.request('runs.logs', { runId }),
    inspect: (runId, node, limit, port) => client.request('runs.inspect', { runId, node, limit, ...(port !== undefined && { port }) }),
    onChanged: (listener) => client.on('runs.changed', listener),
    onLogged: (listener) => client.on('runs.logged', ({ runId, line }) => listener(runId, line)),
  };
}
