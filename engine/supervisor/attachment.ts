import { Client } from '../protocol/connection.ts';
import type { KeeperProtocol, KeptRun } from '../protocol/keeper-api.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { MillraceError, type Problem } from '../schema/problem.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import { hasKeeper, type RunEntry, removeEntry } from './registry.ts';
import { connectTo } from './socket-port.ts';

/** A connection to the keeper of one run. */
export interface Attachment {
  readonly client: Client<KeeperProtocol>;
  readonly run: KeptRun;
  onClose(listener: () => void): void;
}

/** Null where nobody answers: the keeper has gone, or is going. */
export async function attach(entry: RunEntry): Promise<Attachment | null> {
  const port = await connectTo(entry.socket).catch(() => null);
  if (!port) return null;
  const client = new Client<KeeperProtocol>(port);
  try {
    const run = await client.request('attach', {});
    if (run.summary.id === entry.id) return { client, run, onClose: (listener) => port.onClose(listener) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
  }
  client.close();
  return null;
}

/**
 * Takes a run out of the registry whose keeper was killed, and writes its end into the history. Null while the keeper is there;
 * of several that bury the same run, all get the same summary.
 */
export function bury(data: string, entry: RunEntry): RunSummary | null {
  if (hasKeeper(entry)) return null;
  let known: RunSummary | null = null;
  try {
    const store = RunHistoryStore.open(data);
    try {
      known = store.run(entry.id);
      if (known?.endedAt == null) {
        known = killed(entry, known);
        const states = [{ at: known.endedAt!, state: known.state, reason: known.problems[0]!.message }];
        store.write({ summary: known, states, errors: [], logs: [], checkpoints: [], sampleAt: null });
      }
    } finally {
      store.close();
    }
  } catch {
    // Without a history it is told all the same, in this session.
    known ??= killed(entry, null);
  }
  removeEntry(data, entry);
  return known;
}

function killed(entry: RunEntry, last: RunSummary | null): RunSummary {
  const problem: Problem = {
    code: 'run/killed',
    severity: 'error',
    message: "The run's processes were killed, or the machine was switched off.",
    hint:
      entry.commits === 'checkpoint'
        ? 'What its last checkpoint holds is written. Run the pipeline again: it goes on from there.'
        : 'Outputs are as they were before the run. Run the pipeline again.',
  };
  const { retryAt: _over, ...known } = last ?? beginning(entry);
  const outputs = known.outputs.map((output) => (entry.commits === 'end' ? { ...output, committed: false } : output));
  return { ...known, state: 'failed', endedAt: Date.now(), outputs, problems: [problem, ...known.problems] };
}

function beginning(entry: RunEntry): RunSummary {
  const { id, pipeline, path, startedAt } = entry;
  const nothing = { stats: {}, problems: [], outputs: [], checkpoint: null, resumedFrom: null, restarts: 0 };
  return { id, pipeline, path, state: 'failed', startedAt, endedAt: null, bounded: entry.commits === 'end', ...nothing };
}
