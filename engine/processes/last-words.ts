/** What a guard says on standard error before it ends its process, and what it is given. */
import type { MessagePort } from 'node:worker_threads';

/** Which limit was exceeded. */
export type StopReason = 'time' | 'memory';

/** What the process was at. */
export interface LastWords {
  readonly reason: StopReason;
  /** The numbers of the monitor that the process was served with; empty where it has none. */
  readonly activity: readonly number[];
  /** What the job had noted, oldest first. */
  readonly notes: readonly unknown[];
}

export interface GuardData {
  /** [0] is odd while a job is under way and counts up at each start and end; [1] is the job's limit in ms. */
  readonly state: Int32Array;
  readonly monitor: Int32Array | null;
  readonly notes: MessagePort;
  readonly memoryBytes: number;
}

const mark = 'millrace worker stopped: ';

export function lastWords(words: LastWords): string {
  return `\n${mark}${JSON.stringify(words)}\n`;
}

/** Null where the process ended otherwise. */
export function findLastWords(stderr: string): LastWords | null {
  const line = stderr.split('\n').findLast((each) => each.startsWith(mark));
  try {
    return line ? (JSON.parse(line.slice(mark.length)) as LastWords) : null;
  } catch {
    return null;
  }
}
