import { MillraceError } from '../../model/problems/problem.ts';

const limitMs = 5000;

/** For looking at files during editing: fires when the result is no longer needed, and after five seconds. */
export function timeLimit(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
}

/**
 * The promise, or a MillraceError as soon as the signal fires: a file on a network drive may never answer. A later result is passed to
 * `release`.
 */
export function within<T>(promise: Promise<T>, signal: AbortSignal, name: string, release: (late: T) => unknown = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(
        new MillraceError({ code: 'file/slow', message: `Looking into ${name} took too long.`, hint: 'Check the disk or the network folder that holds it.' }),
      );
      promise.then(release).catch(() => {});
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    const settled = () => signal.removeEventListener('abort', stop);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error);
      },
    );
  });
}
