import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { splitPipe } from '../processes/engine-process.ts';
import { entryFile } from '../processes/entries.ts';
import { nodeBinary, nodeEnvironment } from '../processes/fork-node.ts';
import { Client } from '../protocol/connection.ts';
import type { Port } from '../protocol/port.ts';
import type { RunJob } from '../protocol/run-api.ts';
import { runsFolder } from '../store/data-folder.ts';
import { makePrivateFolder, privateFileMode } from '../store/private-files.ts';
import { whyNotWritten } from '../store/write-refusal.ts';
import type { RunEntry } from './registry.ts';

/** What a keeper's process is told at its start, as JSON in its second argument. */
export interface KeeperSettings {
  readonly dataFolder: string;
  /** The file for its output; the keeper moves it to the run's folder once it has a run. */
  readonly logFile: string;
}

/** Including loading, on a busy machine. */
const startsWithinMs = 60_000;

/** Between a keeper's process and the one that forked it, until the run has begun. */
export interface KeeperStartProtocol {
  readonly requests: { readonly start: { readonly params: RunJob; readonly result: RunEntry } };
  readonly events: Record<string, never>;
}

/** A process that waits for a run to keep. It ends with its parent, unless it was given a run. */
export interface KeeperProcess {
  /** Gives it its run, once, and detaches it: from then on it is found in the registry. */
  start(job: RunJob): Promise<RunEntry>;
  onExit(listener: () => void): void;
  /** For one that was not started. */
  end(): void;
}

/**
 * Forks a keeper as a session of its own, so that neither Ctrl+C nor the end of a terminal or host reaches it. Always a plain Node process:
 * those that Electron manages end with it.
 */
export function forkKeeper(dataFolder: string): KeeperProcess {
  const folder = runsFolder(dataFolder);
  const logFile = join(folder, `keeper-${randomUUID()}.log`);
  const log = openLog(folder, logFile);
  const settings: KeeperSettings = { dataFolder, logFile };
  const binary = nodeBinary();
  const child = spawn(binary, ['--disable-warning=ExperimentalWarning', entryFile('engine'), 'keeper', JSON.stringify(settings)], {
    detached: true,
    windowsHide: true,
    cwd: dataFolder,
    stdio: ['ignore', log, log, 'ipc'],
    env: nodeEnvironment(binary),
  });
  closeSync(log);
  let exits: (() => void)[] = [];
  const ended = () => {
    for (const listener of exits) listener();
    exits = [];
  };
  child.on('error', ended);
  child.on('exit', ended);
  const port: Port = splitPipe({
    send: (message) => {
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) => {
      child.on('exit', listener);
      child.on('error', listener);
    },
  }).host;
  const end = () => {
    if (child.connected) child.disconnect();
  };
  // A keeper without a run must not keep its host from ending.
  child.unref();
  child.channel?.unref();
  return {
    end,
    onExit: (listener) => void exits.push(listener),
    async start(job) {
      child.channel?.ref();
      try {
        return await new Client<KeeperStartProtocol>(port).request('start', job, { answersWithinMs: startsWithinMs });
      } catch (error) {
        if (error instanceof MillraceError && !['engine/gone', 'engine/silent'].includes(error.problem.code)) throw error;
        throw new MillraceError({
          code: 'run/keeper',
          message: 'The process that was to keep the run ended, or did not answer, before it began.',
          hint: `Its last messages may be in ${folder}. Try again.`,
        });
      } finally {
        end();
      }
    },
  };
}

function openLog(folder: string, logFile: string): number {
  try {
    makePrivateFolder(folder);
    return openSync(logFile, 'a', privateFileMode);
  } catch (error) {
    throw new MillraceError({
      code: 'store/unwritable',
      message: `A run in the background cannot be registered in ${folder}: ${whyNotWritten(error)}.`,
      hint: 'Make room there, give yourself the right to write, or let MILLRACE_DATA name another folder.',
    });
  }
}
