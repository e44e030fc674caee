/** What a guard writes to standard error before it ends its process, and what it is given. */
import type { MessagePort } from 'node:worker_threads';

/** Which limit was exceeded. */
export type StopReason = 'time' | 'memory';

/** What the process was doing. */
export interface LastWords {
  readonly reason: StopReason;
  /** The numbers of the monitor of the process; empty if it has none. */
  readonly activity: readonly number[];
  /** What the job had noted, oldest first. */
  readonly notes: readonly unknown[];
}

export interface GuardData {
  /** [0] is odd while a job runs, and is incremented at each start and end; [1] is the job's limit in ms. */
  readonly state: Int32Array;
  readonly monitor: Int32Array | null;
  readonly notes: MessagePort;
  readonly memoryBytes: number;
}

const mark = 'millrace worker stopped: ';

export function lastWords(words: LastWords): string {
  return `\n${mark}${JSON.stringify(words)}\n`;
}

/** Null if the process ended for another reason. */
export function findLastWords(stderr: string): LastWords | null {
  const line = stderr.split('\n').findLast((each) => each.startsWith(mark));
  try {
    return line ? (JSON.parse(line.slice(mark.length)) as LastWords) : null;
  } catch {
    return null;
  }
}
