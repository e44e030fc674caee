import type { WebSocket } from 'ws';
import type { Frame, Port } from '../../engine/protocol/port.ts';

/** The editor's end of a connection to the browser host. */
export function socketPort(socket: WebSocket): Port {
  return {
    post: (frame: Frame) => socket.send(JSON.stringify(frame)),
    onFrame: (listener) => void socket.on('message', (text) => listener(JSON.parse(String(text)))),
    onClose: (listener) => void socket.on('close', listener),
    close: () => socket.close(),
  };
}
