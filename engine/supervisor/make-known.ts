import { problemOf } from '../protocol/connection.ts';
import { ownFolder } from '../store/private-files.ts';
import type { Keeper } from './keeper.ts';
import { type Registration, register } from './keeper-service.ts';
import { recordRun } from './recorder.ts';

const againEveryMs = 2000;

/**
 * Adds a run to the registry and the history of a data folder, and returns a function that removes it from the registry and ends the
 * history. If that is not possible, for example because the disk is full, the run continues: its log says so, and it is retried until it
 * works. Returns after the first attempt.
 */
export async function makeKnown(keeper: Keeper, data: string, tryAgainMs = againEveryMs): Promise<() => void> {
  let stopRecording: (() => void) | null = null;
  let registration: Registration | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  let hasFailed = false;
  const attempt = async () => {
    try {
      ownFolder(data);
      stopRecording ??= recordRun(keeper, data);
      registration = await register(keeper, data);
      if (isClosed) registration.close();
      else if (hasFailed) keeper.log('info', 'The run is in the list of runs now.');
    } catch (error) {
      if (isClosed) return;
      if (!hasFailed) keeper.log('warning', `The run is not in the list of runs: ${problemOf(error).message} Millrace tries again until it works.`);
      hasFailed = true;
      timer = setTimeout(() => void attempt(), tryAgainMs).unref();
    }
  };
  await attempt();
  return () => {
    isClosed = true;
    if (timer) clearTimeout(timer);
    stopRecording?.();
    registration?.close();
  };
}
