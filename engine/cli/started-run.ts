import { MillraceError } from '../../model/problems/problem.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import { attach } from '../supervisor/attachment.ts';
import type { RunEntry } from '../supervisor/registry.ts';

/** Opening inputs and outputs and restoring state included; a run that takes longer has begun all the same. */
const startsWithinMs = 30_000;

/** A run in the background once it has begun (its state is locked, its nodes are open) or has ended. Throws where nobody can say. */
export async function startedRun(data: string, entry: RunEntry): Promise<RunSummary> {
  const attachment = await attach(entry, startsWithinMs);
  if (attachment === 'gone') return ended(data, entry);
  if (attachment === 'silent') throw unknown(entry);
  const { client, run } = attachment;
  try {
    if (hasBegun(run.summary)) return run.summary;
    let last = run.summary;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(last), startsWithinMs);
      const settle = (summary: () => RunSummary) => {
        clearTimeout(timer);
        try {
          resolve(summary());
        } catch (error) {
          reject(error);
        }
      };
      const look = (summary: RunSummary) => {
        last = summary;
        if (hasBegun(summary)) settle(() => summary);
      };
      client.on('changed', look);
      attachment.onClose(() => settle(() => ended(data, entry)));
      // What was said before somebody listened is lost: it is asked for once more.
      client
        .request('attach', {})
        .then((now) => look(now.summary))
        .catch(() => {}); // Its end is told by `onClose`.
    });
  } finally {
    client.close();
  }
}

function hasBegun({ state }: RunSummary): boolean {
  return state !== 'starting';
}

/** What the history says of one whose keeper has left by now. */
function ended(data: string, entry: RunEntry): RunSummary {
  const store = RunHistoryStore.open(data);
  try {
    const summary = store.run(entry.id);
    if (summary) return summary;
  } finally {
    store.close();
  }
  throw unknown(entry);
}

function unknown(entry: RunEntry): MillraceError {
  return new MillraceError({
    code: 'run/keeper',
    message: `The run was started, but its keeper (process ${entry.pid}) does not answer.`,
    hint: 'Before you start it again, check in "millrace runs" whether it is still running.',
  });
}
