import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Keeper } from '../supervisor/keeper.ts';
import { metricsContentType, prometheusText } from './metrics.ts';

/**
 * Serves a run's metrics to this machine. Names of columns and nodes are nobody else's business: loopback only, and a request
 * must name this machine as its host, so that no web page can read it by a name that it has pointed here.
 */
export async function serveMetrics(keeper: Keeper, port: number): Promise<{ readonly address: string; close(): void }> {
  const server = createServer((request, response) => {
    const { port: own } = server.address() as AddressInfo;
    const isOwn = [`127.0.0.1:${own}`, `localhost:${own}`].includes(request.headers.host ?? '');
    if (!isOwn) response.writeHead(421, { 'content-type': 'text/plain' }).end('Misdirected request\n');
    else if (request.url?.split('?')[0] !== '/metrics') response.writeHead(404, { 'content-type': 'text/plain' }).end('See /metrics\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
    else response.writeHead(200, { 'content-type': metricsContentType, 'cache-control': 'no-store' }).end(prometheusText(keeper.summary));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'it is taken' : error.code === 'EACCES' ? 'it is not allowed' : error.message;
    throw new MillraceError({
      code: 'metrics/port',
      message: `Metrics cannot be served at port ${port}: ${why}.`,
      hint: 'Choose another port with --metrics.',
    });
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
