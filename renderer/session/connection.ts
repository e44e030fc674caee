import type { Frame, Port } from '../../engine/protocol/port.ts';
import { missing } from '../../model/faults/missing.ts';

/** Why there is no engine to talk to, in words for the status bar. */
export class ConnectionError extends Error {}

const tokenKey = 'millrace-token';

/**
 * A port to a workbench process: over the desktop's MessagePort if there is a desktop, otherwise over a WebSocket to the page's own host.
 * Rejects with a ConnectionError if there is no answer.
 */
export function connect(): Promise<Port> {
  return window.desktop ? connectDesktop() : connectSocket();
}

/** Moves the token from the address bar's fragment (`#t=...`), where it would be bookmarked and shared, to the session storage. */
export function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('t');
  if (!token) return;
  sessionStorage.setItem(tokenKey, token);
  history.replaceState(null, '', location.pathname + location.search);
}

/** Listeners and state that every transport shares: early frames are kept, closing is reported once. */
class Channel {
  #listener: ((frame: unknown) => void) | null = null;
  #early: unknown[] = [];
  readonly #closers = new Set<() => void>();
  closed = false;

  receive(frame: unknown): void {
    if (this.#listener) this.#listener(frame);
    else this.#early.push(frame);
  }
  onFrame(listener: (frame: unknown) => void): void {
    this.#listener = listener;
    for (const frame of this.#early.splice(0)) listener(frame);
  }
  onClose(listener: () => void): void {
    this.#closers.add(listener);
  }
  end(): void {
    if (this.closed) return;
    this.closed = true;
    for (const closer of this.#closers) closer();
  }
}

let endDesktopChannel: (() => void) | null = null;

function connectDesktop(): Promise<Port> {
  const desktop = window.desktop ?? missing('the desktop');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(new ConnectionError('The engine did not answer.'))), 10_000);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      window.removeEventListener('message', receive);
      settle();
    };
    const receive = (event: MessageEvent) => {
      const native = event.ports[0];
      if (event.source !== window || event.data?.millrace !== 'port' || !native) return;
      const channel = new Channel();
      // In Chrome before 122, a port of a process that died stays silent; the desktop then sends `gone` or a new port.
      const closed = (message: MessageEvent) => {
        if (message.source === window && (message.data?.millrace === 'gone' || message.data?.millrace === 'port')) endDesktopChannel?.();
      };
      endDesktopChannel = () => {
        window.removeEventListener('message', closed);
        native.close();
        channel.end();
      };
      native.onmessage = (message) => channel.receive(message.data);
      native.addEventListener('close', () => endDesktopChannel?.());
      native.start();
      window.addEventListener('message', closed);
      const port: Port = {
        post: (frame: Frame) => native.postMessage(frame),
        onFrame: (listener) => channel.onFrame(listener),
        onClose: (listener) => channel.onClose(listener),
        close: () => endDesktopChannel?.(),
      };
      finish(() => resolve(port));
    };
    endDesktopChannel?.();
    window.addEventListener('message', receive);
    desktop.connect();
  });
}

function connectSocket(): Promise<Port> {
  const token = sessionStorage.getItem(tokenKey);
  if (!token) {
    return Promise.reject(new ConnectionError('This address lacks its access token. Open the address that Millrace printed when it started.'));
  }
  return new Promise((resolve, reject) => {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${location.host}/`, ['millrace', `t.${token}`]);
    const channel = new Channel();
    socket.onmessage = (event) => channel.receive(JSON.parse(event.data as string));
    socket.onopen = () =>
      resolve({
        post: (frame) => socket.send(JSON.stringify(frame)),
        onFrame: (listener) => channel.onFrame(listener),
        onClose: (listener) => channel.onClose(listener),
        close: () => socket.close(),
      });
    socket.onclose = () => {
      reject(new ConnectionError('The engine cannot be reached.'));
      channel.end();
    };
  });
}
