/** What can be asked of a run in the state it is in. */
import type { RunSummary } from '../../engine/protocol/messages.ts';

export function isRunning(run: RunSummary | null): boolean {
  return run !== null && run.endedAt === null;
}

/** Whether something of it can still be asked for: it has begun, and is not about to end. */
export function isSteerable(run: RunSummary | null): run is RunSummary {
  return run !== null && (run.state === 'running' || run.state === 'paused');
}

/** Whether it was asked to end, and is finishing what is under way. */
export function isEnding(run: RunSummary | null): boolean {
  return run !== null && (run.state === 'stopping' || run.state === 'draining');
}
