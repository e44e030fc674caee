import { checkFrame } from '../protocol/frame-text.ts';
import type { Frame, Port } from '../protocol/port.ts';
import type { Pipe } from './engine-process.ts';

/** The part of Electron's `MessagePortMain` and `process.parentPort` that is used here; the engine has no Electron types. */
interface ElectronPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown; ports: ElectronPort[] }) => void): void;
  on(event: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

/**
 * The channel to the process that forked this one: Electron's parentPort in a utility process, otherwise Node's. `onEnd` is called when it
 * ends.
 */
export function parentPipe(onEnd: () => void): { readonly pipe: Pipe; readonly onPort?: (listener: (port: ElectronPort) => void) => void } {
  const electron = (process as NodeJS.Process & { readonly parentPort?: ElectronPort }).parentPort;
  if (!electron) {
    process.on('disconnect', onEnd);
    return {
      pipe: {
        send: (message) => {
          if (process.connected) process.send?.(message as object);
        },
        onMessage: (listener) => void process.on('message', listener),
        onEnd: (listener) => void process.on('disconnect', listener),
      },
    };
  }
  return {
    pipe: {
      send: (message) => electron.postMessage(message),
      onMessage: (listener) => electron.on('message', (event) => listener(event.data)),
      onEnd: () => {},
    },
    onPort: (listener) =>
      electron.on('message', (event) => {
        if (event.ports[0]) listener(event.ports[0]);
      }),
  };
}

/** An Electron MessagePort as a port of frames. Anything that is not a frame closes it. */
export function messagePort(port: ElectronPort): Port {
  const closers: (() => void)[] = [];
  port.on('close', () => {
    for (const closer of closers) closer();
  });
  return {
    post: (frame: Frame) => port.postMessage(frame),
    onFrame(listener) {
      port.on('message', (event) => {
        let frame: Frame;
        try {
          frame = checkFrame(event.data);
        } catch {
          port.close();
          return;
        }
        listener(frame);
      });
      port.start();
    },
    onClose: (listener) => void closers.push(listener),
    close: () => port.close(),
  };
}
