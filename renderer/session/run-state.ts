/** What a run can be asked to do in its state. */
import type { RunSummary } from '../../engine/protocol/messages.ts';

export function isRunning(run: RunSummary | null): boolean {
  return run !== null && run.endedAt === null;
}

/** Whether it accepts commands: it has begun, and is not about to end. */
export function isSteerable(run: RunSummary | null): run is RunSummary {
  return run !== null && (run.state === 'running' || run.state === 'paused');
}

/** Whether it was asked to end, and is finishing its work. */
export function isEnding(run: RunSummary | null): boolean {
  return run !== null && (run.state === 'stopping' || run.state === 'draining');
}
