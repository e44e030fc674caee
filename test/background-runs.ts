/** Runs outlive those who start them: a test that may leave some ends them here. */
import { setTimeout as wait } from 'node:timers/promises';
import { startOf } from '../engine/store/process-identity.ts';
import { hasKeeper, readEntries, removeEntry } from '../engine/supervisor/registry.ts';

/** Kills every run that a data folder knows, with its keeper, and waits until they are gone. */
export async function endRuns(data: string): Promise<void> {
  for (const entry of readEntries(data)) {
    if (hasKeeper(entry) && entry.pid !== process.pid) {
      kill(-entry.pid);
      kill(entry.pid);
      while (startOf(entry.pid) === entry.pidStart && entry.pidStart !== null) await wait(10);
    }
    removeEntry(data, entry);
  }
}

/** A keeper leads a group of its own, the one in a command line does not. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself, or leads no group.
  }
}
