import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const maxConnections = 256;

/** The state of a connection: between requests or in a request's head, in its body, or waiting for the answer. */
type Stage = 'idle' | 'sending' | 'waiting';

/**
 * Keeps slow or silent connections from locking others out: if there are too many, a new one replaces the oldest idle one, otherwise the
 * oldest whose request is not complete. One that waits for an answer is never dropped.
 */
export function boundConnections(server: Server, most = maxConnections): void {
  const stages = new Map<Socket, Stage>();
  const oldest = (stage: Stage) => [...stages].find(([, found]) => found === stage)?.[0];
  server.on('connection', (socket: Socket) => {
    if (stages.size >= most) {
      const dropped = oldest('idle') ?? oldest('sending') ?? socket;
      stages.delete(dropped);
      dropped.destroy();
    }
    if (socket.destroyed) return;
    stages.set(socket, 'idle');
    socket.once('close', () => stages.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (socket.destroyed) return;
    stages.set(socket, 'sending');
    request.once('end', () => {
      if (stages.has(socket)) stages.set(socket, 'waiting');
    });
    response.once('close', () => {
      if (stages.has(socket)) stages.set(socket, 'idle');
    });
  });
}
