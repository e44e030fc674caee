/** For tsconfig.pure.json: the few globals beyond JavaScript's own that Node and browsers both have. */
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
/** Monotonic milliseconds. */
declare const performance: { now(): number };
declare function structuredClone<T>(value: T): T;
declare function queueMicrotask(task: () => void): void;
declare function setTimeout(task: () => void, ms: number): PlatformTimer;
declare function clearTimeout(timer: PlatformTimer): void;
/** A number in browsers, an object in Node: only to be passed back. */
declare const platformTimer: unique symbol;
interface PlatformTimer {
  readonly [platformTimer]: true;
}
