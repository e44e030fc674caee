import { isOverMemory } from './memory-limits.ts';
import { type Activity, type Monitor, readMonitor } from './monitor.ts';

const looksEveryMs = 100;
const silentMs = 10_000;

export interface WatchdogListeners {
  onEndless(activity: Activity): void;
  onOverMemory(): void;
  /** Whether the run has users' code, which alone leaves promises behind; it has where nothing is said. */
  hasCode?(): boolean;
  /** Other users' code than before was at work at one of the looks. */
  onCode?(code: number): void;
  /** The thread has not got back to its timers for a while, at this node or at none (-1); told again when it lasts twice as long. */
  onSilent?(node: number, ms: number): void;
}

/**
 * Watches the data thread from outside: calls `onEndless` when one call of users' code has run for `limitMs`, and
 * `onOverMemory` when the process has become too large; one of them, once. It looks at what the thread notes: a call is the
 * same one as long as its number is. A thread that does not get back to its timers while no node is at work is in what a
 * promise of users' code does later: that is told as an activity without code, unless the run has no users' code at all. What the
 * engine itself does may take its time.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;

  constructor(monitor: Monitor, limitMs: number, { onEndless, onOverMemory, hasCode = () => true, onCode, onSilent }: WatchdogListeners) {
    let last = readMonitor(monitor);
    let code = -1;
    let since = performance.now();
    let turn = { count: last.turn, at: since, tellsAfter: silentMs };
    this.#timer = setInterval(
      () => {
        const now = readMonitor(monitor);
        if (now.code >= 0 && now.code !== code) {
          code = now.code;
          onCode?.(code);
        }
        const silent = performance.now() - turn.at;
        if (now.turn !== turn.count) turn = { count: now.turn, at: performance.now(), tellsAfter: silentMs };
        else if (now.turn > 0 && silent >= turn.tellsAfter) {
          turn.tellsAfter *= 2;
          onSilent?.(now.node, silent);
        }
        if (isOverMemory()) {
          this.stop();
          onOverMemory();
        } else if (!isStuck(last, now, hasCode())) {
          last = now;
          since = performance.now();
        } else if (performance.now() - since >= limitMs) {
          this.stop();
          onEndless(now);
        }
      },
      Math.min(looksEveryMs, limitMs / 4),
    );
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function isStuck(before: Activity, now: Activity, hasCode: boolean): boolean {
  if (now.isEngine || before.isEngine) return false;
  if (now.code >= 0) return now.code === before.code && now.call === before.call;
  return hasCode && now.node < 0 && before.node < 0 && now.turn > 0 && now.turn === before.turn;
}
