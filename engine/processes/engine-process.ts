import type { TextPort } from '../protocol/frame-text.ts';
import type { Frame, Port } from '../protocol/port.ts';

export type Role = 'workbench' | 'run';

/** A forked engine process, whichever way the host forks. */
export interface EngineProcess {
  /** Host and process: HostProtocol for a workbench, RunProtocol for a run. */
  readonly port: Port;
  /** Editor and workbench: text of frames, which the host forwards unchanged. Unused if both talk directly. */
  readonly editor: TextPort;
  kill(): void;
  /** Lets it process what it was sent, such as a setting changed as the window closed; then it ends. */
  end(): void;
  /**
   * Called once, also if the process has already ended. `reason` is what is known about the cause: an exit code or signal, and the last
   * output on stderr.
   */
  onExit(listener: (code: number | null, reason: string) => void): void;
}

export type Channel = 'host' | 'editor';

/** One message pipe between two processes, as Node and Electron give it. */
export interface Pipe {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onEnd(listener: () => void): void;
}

/** Splits a pipe into one port per channel. Frames that arrive before a port has its listener are kept. */
export function splitPipe(pipe: Pipe): { readonly host: Port; readonly editor: TextPort } {
  const listeners: Partial<Record<Channel, (frame: never) => void>> = {};
  const kept: Record<Channel, unknown[]> = { host: [], editor: [] };
  const closers: (() => void)[] = [];
  let open = true;
  pipe.onMessage((message) => {
    const { channel, frame } = (message ?? {}) as { channel: Channel; frame: unknown };
    if (channel !== 'host' && (channel !== 'editor' || typeof frame !== 'string')) return;
    const listener = listeners[channel];
    if (listener) listener(frame as never);
    else kept[channel].push(frame);
  });
  const end = () => {
    if (!open) return;
    open = false;
    for (const closer of closers) closer();
  };
  pipe.onEnd(end);
  const post = (channel: Channel) => (frame: Frame | string) => {
    if (open) pipe.send({ channel, frame });
  };
  const listen = (channel: Channel) => (listener: (frame: never) => void) => {
    listeners[channel] = listener;
    for (const frame of kept[channel].splice(0)) listener(frame as never);
  };
  const closing = { onClose: (listener: () => void) => (open ? void closers.push(listener) : queueMicrotask(listener)), close: end };
  return {
    host: { post: post('host'), onFrame: listen('host'), ...closing },
    editor: { post: post('editor'), onText: listen('editor'), ...closing },
  };
}
