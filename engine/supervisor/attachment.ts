import { itemAt } from '../../model/faults/missing.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { Client, problemOf } from '../protocol/connection.ts';
import type { KeeperProtocol, KeptRun } from '../protocol/keeper-api.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { isSuspended } from '../store/process-identity.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import { hasKeeper, type RunEntry, removeEntry } from './registry.ts';
import { connectTo, NoAnswer } from './socket-port.ts';

/** A process that is alive and not suspended answers in milliseconds, also on a busy machine in far less than this. */
const usualAnswerMs = 2000;

/** A connection to the keeper of one run. */
export interface Attachment {
  readonly client: Client<KeeperProtocol>;
  readonly run: KeptRun;
  onClose(listener: () => void): void;
}

/**
 * `gone` if nothing listens: the keeper has ended, or is about to. `silent` if its socket accepts the connection and no answer arrives
 * within the time: it was suspended (Ctrl+Z), or is overloaded.
 */
export async function attach(entry: RunEntry, answersWithinMs = usualAnswerMs): Promise<Attachment | 'gone' | 'silent'> {
  if (isSuspended(entry.pid)) return 'silent';
  const port = await connectTo(entry.socket).catch((error: Error) => (error instanceof NoAnswer ? 'silent' : 'gone'));
  if (typeof port === 'string') return port;
  const client = new Client<KeeperProtocol>(port);
  try {
    const run = await client.request('attach', {}, { answersWithinMs });
    if (run.summary.id === entry.id) return { client, run, onClose: (listener) => port.onClose(listener) };
  } catch (error) {
    client.close();
    return problemOf(error).code === 'engine/silent' ? 'silent' : 'gone';
  }
  client.close();
  return 'gone';
}

/** What is known about a run that continues, as far as known, and does not answer now. */
export function notResponding(data: string, entry: RunEntry): RunSummary {
  const problem: Problem = {
    code: 'run/not-responding',
    severity: 'warning',
    message: `The run does not respond: its process ${entry.pid} is suspended (Ctrl+Z), or has too much to do.`,
    hint: `Continue it with "fg" in its terminal or "kill -CONT ${entry.pid}", or end it with "kill -9 ${entry.pid}".`,
  };
  const { retryAt: _over, ...known } = remembered(data, entry.id) ?? beginning(entry);
  return { ...known, state: 'not responding', endedAt: null, problems: [problem, ...known.problems] };
}

function remembered(data: string, id: string): RunSummary | null {
  try {
    const store = RunHistoryStore.open(data);
    try {
      return store.run(id);
    } finally {
      store.close();
    }
  } catch {
    return null;
  }
}

/**
 * Removes a run from the registry whose keeper was killed, and writes its end to the history. Null while the keeper exists; several callers
 * for the same run all get the same summary.
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
        const states = [{ at: known.endedAt ?? Date.now(), state: known.state, reason: itemAt(known.problems, 0).message }];
        store.write({ summary: known, states, errors: [], logs: [], checkpoints: [], sampleAt: null });
      }
    } finally {
      store.close();
    }
  } catch {
    // Without a history it is still reported in this session.
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
        ? 'What its last checkpoint holds is written. Run the pipeline again: it resumes from there.'
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
