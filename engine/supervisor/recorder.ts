import { problemOf } from '../protocol/connection.ts';
import type { RunState } from '../protocol/messages.ts';
import { type HistoryPart, RunHistoryStore } from '../store/run-history.ts';
import type { Keeper } from './keeper.ts';

const writeEveryMs = 1000;
const pruneEveryMs = 60_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer V)[] ? V[] : T[K] };

/**
 * Writes a run's history during the run: at most once a second, and at its end. A history that cannot be written never stops a run; its log
 * says so once. Returns the function that writes the rest and closes the file.
 */
export function recordRun(keeper: Keeper, data: string): () => void {
  let store: RunHistoryStore | null = null;
  let hasFailed = false;
  let prunedAt = 0;
  let lastState: RunState | null = null;
  let lastCheckpoint = 0;
  let lastSample = 0;
  const seen = new Set<string>();
  let part = emptyPart(keeper);
  let isNew = true;

  const note = () => {
    const { summary } = keeper;
    isNew = true;
    if (summary.state !== lastState) {
      lastState = summary.state;
      const isTrouble = summary.state === 'failed' || summary.state === 'restarting';
      part.states.push({ at: Date.now(), state: summary.state, reason: isTrouble ? (summary.problems[0]?.message ?? null) : null });
    }
    if (summary.checkpoint && summary.checkpoint.id > lastCheckpoint) {
      lastCheckpoint = summary.checkpoint.id;
      part.checkpoints.push(summary.checkpoint);
    }
    for (const problem of summary.problems) {
      const text = JSON.stringify(problem);
      if (seen.has(text) || seen.size >= 1000) continue;
      seen.add(text);
      part.errors.push({ at: Date.now(), problem });
    }
    if (keeper.hasEnded) flush();
  };
  const flush = () => {
    const now = Date.now();
    if (!isNew) return;
    const { summary } = keeper;
    const isSampled = Object.keys(summary.stats).length > 0 && (now - lastSample >= writeEveryMs * 0.9 || keeper.hasEnded);
    try {
      store ??= RunHistoryStore.open(data);
      store.write({ ...part, summary, sampleAt: isSampled ? now : null });
      if (isSampled) lastSample = now;
      isNew = false;
      part = emptyPart(keeper);
      if (now - prunedAt > pruneEveryMs) {
        prunedAt = now;
        store.prune();
      }
    } catch (error) {
      // Kept for the next time, but limited.
      if (part.logs.length > 5000) part.logs.splice(0, 4000);
      if (hasFailed) return;
      hasFailed = true;
      keeper.log('warning', `The history of this run cannot be written to ${data}: ${problemOf(error).message}`);
    }
  };

  const timer = setInterval(flush, writeEveryMs).unref();
  const stops = [
    keeper.onChanged(note),
    keeper.onLogged((line) => {
      isNew = true;
      part.logs.push(line);
    }),
  ];
  note();
  return () => {
    clearInterval(timer);
    for (const stop of stops) stop();
    flush();
    store?.close();
  };
}

function emptyPart(keeper: Keeper): Mutable<HistoryPart> {
  return { summary: keeper.summary, states: [], errors: [], logs: [], checkpoints: [], sampleAt: null };
}
