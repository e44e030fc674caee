/** Writes to pipes and terminals, which are read while they are written. */
import { writeSync } from 'node:fs';

const retryMs = 5;

/**
 * All of the bytes, as fast as they are read; the thread can do other work meanwhile. The descriptor does not block. Once the signal has
 * fired, bytes not yet read are dropped: the run is cancelled.
 */
export async function writeAtReadersPace(descriptor: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let done = 0; done < bytes.length && !signal.aborted; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await nextAttempt();
    }
  }
}

export function nextAttempt(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryMs));
}
