import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { systemProblem } from '../../model/problems/system-errors.ts';
import type { Json } from '../../model/values/types.ts';
import type { Frame, Port } from './port.ts';

/** Requests and events of one protocol, as types. Params and results are plain data. */
export interface Protocol {
  readonly requests: { readonly [name: string]: { readonly params: unknown; readonly result: unknown } };
  readonly events: { readonly [name: string]: unknown };
}
export type Handlers<P extends Protocol> = {
  readonly [K in keyof P['requests']]: (
    params: P['requests'][K]['params'],
    signal: AbortSignal,
  ) => P['requests'][K]['result'] | Promise<P['requests'][K]['result']>;
};
/** Turns an inbound request's params into typed ones, or throws a MillraceError. */
export type Parse<P extends Protocol> = <K extends keyof P['requests'] & string>(name: K, params: unknown) => P['requests'][K]['params'];

const mostUnheard = 100;

/** The asking side. Pending requests when the port closes are rejected with code `engine/gone`. */
export class Client<P extends Protocol> {
  readonly #port: Port;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, Set<(data: never) => void>>();
  /** By name, the latest event that arrived without a listener. */
  readonly #unheard = new Map<string, unknown[]>();
  #nextId = 1;
  #closed = false;

  constructor(port: Port) {
    this.#port = port;
    port.onFrame((frame) => this.#receive(frame as Frame));
    port.onClose(() => this.#close());
  }

  request<K extends keyof P['requests'] & string>(
    name: K,
    params: P['requests'][K]['params'],
    /** `answersWithinMs`: afterwards it is rejected with code `engine/silent`, and a later answer is dropped. */
    options?: { readonly signal?: AbortSignal; readonly answersWithinMs?: number },
  ): Promise<P['requests'][K]['result']> {
    if (this.#closed) return Promise.reject(gone(name));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      // Throws if it cannot be sent.
      this.#port.post({ kind: 'request', id, name, params: params as Json });
      const late = () => {
        this.#pending.delete(id);
        reject(silent(name));
      };
      const timer = options?.answersWithinMs === undefined ? undefined : setTimeout(late, options.answersWithinMs);
      this.#pending.set(id, {
        resolve: (value) => {
          if (timer !== undefined) clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          if (timer !== undefined) clearTimeout(timer);
          reject(error);
        },
      });
      const cancel = () => {
        if (this.#pending.has(id)) this.#port.post({ kind: 'cancel', id });
      };
      if (options?.signal?.aborted) cancel();
      else options?.signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /**
   * Returns the function that stops listening. The first listener of a name also gets, in the next microtask, the events that came
   * before it: one may arrive together with the answer that its listener waits for.
   */
  on<K extends keyof P['events'] & string>(name: K, listener: (data: P['events'][K]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    const unheard = this.#unheard.get(name);
    this.#unheard.delete(name);
    if (unheard) {
      queueMicrotask(() => {
        for (const data of unheard) listener(data as P['events'][K]);
      });
    }
    return () => listeners.delete(listener);
  }

  close(): void {
    this.#port.close();
    this.#close();
  }

  #receive(frame: Frame): void {
    if (frame.kind === 'event') {
      const listeners = this.#listeners.get(frame.name);
      if (listeners) for (const listener of listeners) listener(frame.data as never);
      else this.#keepUnheard(frame.name, frame.data);
    } else if (frame.kind === 'reply' || frame.kind === 'error') {
      const pending = this.#pending.get(frame.id);
      this.#pending.delete(frame.id);
      if (frame.kind === 'reply') pending?.resolve(frame.result as never);
      else pending?.reject(new MillraceError(frame.problem));
    }
  }

  #keepUnheard(name: string, data: unknown): void {
    const unheard = this.#unheard.get(name) ?? [];
    this.#unheard.set(name, unheard);
    unheard.push(data);
    if (unheard.length > mostUnheard) unheard.shift();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pending of this.#pending.values()) pending.reject(gone('request'));
    this.#pending.clear();
  }
}

/** The answering side. An unknown name and a handler that throws are both answered with an error frame. */
export class Service<P extends Protocol> {
  readonly #port: Port;
  readonly #running = new Map<number, AbortController>();
  #closed = false;

  constructor(port: Port, handlers: Handlers<P>, parse?: Parse<P>) {
    this.#port = port;
    port.onFrame((frame) => void this.#receive(frame as Frame, handlers, parse));
    port.onClose(() => {
      this.#closed = true;
      for (const controller of this.#running.values()) controller.abort();
    });
  }

  emit<K extends keyof P['events'] & string>(name: K, data: P['events'][K]): void {
    if (this.#closed) return;
    try {
      this.#port.post({ kind: 'event', name, data: data as Json });
    } catch {
      // A peer that misses an event would continue with outdated data: it reconnects and asks.
      this.#port.close();
    }
  }

  async #receive(frame: Frame, handlers: Handlers<P>, parse?: Parse<P>): Promise<void> {
    if (frame?.kind === 'cancel') this.#running.get(frame.id)?.abort();
    if (frame?.kind !== 'request') return;
    const { id, name } = frame;
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler)
        throw new MillraceError({
          code: 'protocol/unknown',
          message: `There is no request called "${name}".`,
          hint: 'Editor and engine are of different versions: restart Millrace.',
        });
      const params = parse ? parse(name, frame.params) : frame.params;
      const result = await handler(params, controller.signal);
      if (!this.#closed) this.#port.post({ kind: 'reply', id, result: (result ?? null) as Json });
    } catch (error) {
      if (!this.#closed) this.#port.post({ kind: 'error', id, problem: problemOf(error) });
    } finally {
      this.#running.delete(id);
    }
  }
}

/** Anything that was thrown, as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof MillraceError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  const known = systemProblem(error);
  if (known) return known;
  return { code: 'internal', severity: 'error', message, hint: 'This is a fault of Millrace itself. Please report it with the log.' };
}

function gone(name: string): MillraceError {
  return new MillraceError({
    code: 'engine/gone',
    message: `The engine process ended before it answered "${name}".`,
    hint: 'Millrace restarts it automatically; try again.',
  });
}

function silent(name: string): MillraceError {
  return new MillraceError({
    code: 'engine/silent',
    message: `The other process did not answer "${name}" in time.`,
    hint: 'It is suspended, or has too much to do. Try again.',
  });
}

/** Two ends of an in-process port. Frames arrive in later microtasks, copied as they would be between processes. */
export function portPair(): [Port, Port] {
  const make = () => ({ listener: null as ((frame: unknown) => void) | null, kept: [] as unknown[], closers: [] as (() => void)[], open: true });
  const sides = [make(), make()] as const;
  const end = (mine: (typeof sides)[number], other: (typeof sides)[number]): Port => ({
    post(frame) {
      if (!mine.open) return;
      const copy = structuredClone(frame);
      queueMicrotask(() => (other.listener ? other.listener(copy) : other.kept.push(copy)));
    },
    onFrame(listener) {
      mine.listener = listener;
      for (const frame of mine.kept.splice(0)) listener(frame);
    },
    onClose: (listener) => void mine.closers.push(listener),
    close() {
      for (const side of sides) {
        if (!side.open) continue;
        side.open = false;
        for (const closer of side.closers) queueMicrotask(closer);
      }
    },
  });
  return [end(sides[0], sides[1]), end(sides[1], sides[0])];
}
