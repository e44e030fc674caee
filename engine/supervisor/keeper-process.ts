/** A process that keeps one run and outlives its parent: the `keeper` role of the engine's entry, see fork-keeper.ts. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import type { EngineProcess } from '../processes/engine-process.ts';
import { forkNode } from '../processes/fork-node.ts';
import { Service } from '../protocol/connection.ts';
import type { Port } from '../protocol/port.ts';
import type { RunJob } from '../protocol/run-api.ts';
import { CheckpointStore } from '../store/checkpoints.ts';
import type { KeeperSettings, KeeperStartProtocol } from './fork-keeper.ts';
import { Keeper } from './keeper.ts';
import { type Registration, register } from './keeper-service.ts';
import { recordRun } from './recorder.ts';
import { runFolder } from './registry.ts';

/** For clients that start a run and then attach, or reconnect at once: for this long an ended run can still be queried. */
const lingerMs = 5000;

/** Waits for a job, with a process prepared for its run. Ends when its parent ends before there is one, or some seconds after the run. */
export function serveAsKeeper(host: Port, spare: EngineProcess, { dataFolder, logFile }: KeeperSettings): void {
  let hasJob = false;
  new Service<KeeperStartProtocol>(host, {
    async start(job) {
      if (hasJob) throw new MillraceError({ code: 'run/started', message: 'This process has a run already.', hint: 'Start each run in a process of its own.' });
      hasJob = true;
      const keeper = new Keeper(job, { fork: () => forkNode('run'), lineage: (folder) => new CheckpointStore(folder).lineage() });
      // The run begins while it is being registered.
      const [started, registered] = await Promise.allSettled([keeper.start(spare), keep(keeper, job, dataFolder, logFile)]);
      if (registered.status === 'fulfilled' && started.status === 'fulfilled') return registered.value.entry;
      keeper.dispose();
      setImmediate(() => process.exit(1));
      throw registered.status === 'rejected' ? registered.reason : (started as PromiseRejectedResult).reason;
    },
  });
  host.onClose(() => {
    if (hasJob) return;
    spare.kill();
    rmSync(logFile, { force: true });
    process.exit(0);
  });
}

async function keep(keeper: Keeper, job: RunJob, data: string, logFile: string): Promise<Registration> {
  mkdirSync(runFolder(data, job.id), { recursive: true, mode: 0o700 });
  try {
    renameSync(logFile, join(runFolder(data, job.id), 'keeper.log'));
  } catch {
    // Windows does not rename open files: it stays where it is.
  }
  const registration = await register(keeper, data);
  const stopRecording = recordRun(keeper, data);
  const leave = () => {
    if (!keeper.hasEnded || registration.attached > 0) return;
    stopRecording();
    keeper.dispose();
    registration.close();
    rmSync(logFile, { force: true });
    process.exit(0);
  };
  const leaveSoon = () => void setTimeout(leave, lingerMs);
  registration.onAlone(leaveSoon);
  keeper.onChanged(({ endedAt }) => {
    if (endedAt !== null) leaveSoon();
  });
  if (keeper.hasEnded) leaveSoon();
  // The machine is shut down, or a user wants this process to end.
  process.on('SIGTERM', () => {
    const end = () => {
      stopRecording();
      keeper.dispose();
      registration.close();
      process.exit(0);
    };
    keeper.onChanged(({ endedAt }) => {
      if (endedAt !== null) end();
    });
    if (keeper.hasEnded) end();
    else keeper.stop(job.options.commits === 'checkpoint' ? 'checkpoint' : 'cancel').catch(end);
  });
  return registration;
}
