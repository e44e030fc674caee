import { Client, type Handlers, Service } from '../protocol/connection.ts';
import type { HostProtocol } from '../protocol/host-api.ts';
import type { Port } from '../protocol/port.ts';
import type { RunControl } from '../protocol/run-api.ts';

/** The host's side: lets the workbench behind `port` use the supervisor. */
export function serveRuns(port: Port, runs: RunControl): void {
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

/** The workbench's side: the host's supervisor, as if it were local. */
export function remoteRuns(port: Port): RunControl {
  const client = new Client<HostProtocol>(port);
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
