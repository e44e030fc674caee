/** `millrace run --group`: this process is one instance of a group, and runs some of the shares of a pipeline's input. See ADR 42. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { visibleJson } from '../../model/text/visible-text.ts';
import { withShare } from '../plan/shares.ts';
import { forkNode } from '../processes/fork-node.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunJob } from '../protocol/run-api.ts';
import { CheckpointStore } from '../store/checkpoints.ts';
import { lockStateFolder } from '../store/checkpoints-lock.ts';
import { dataFolder, stateFolder } from '../store/data-folder.ts';
import { beginShares, GroupMember, shareFolder, sharesOf } from '../store/group-members.ts';
import { ownDataFolder } from '../store/private-files.ts';
import { Secrets } from '../store/secrets.ts';
import { Keeper } from '../supervisor/keeper.ts';
import { makeKnown } from '../supervisor/make-known.ts';
import { secretsFor } from '../workbench/connections-file.ts';
import { loadConnected } from './load-connected.ts';
import { chooseOptions } from './options.ts';
import { type RunCommandOptions, refuse } from './run.ts';
import { exitCodeOf, printProblems } from './run-report.ts';

const lookEveryMs = 200;
const usualShares = 4;
/** Percent of the machine's memory for the state of all shares. */
const memoryPercent = 25;
const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One share that runs here. */
interface Held {
  readonly keeper: Keeper;
  isStopping: boolean;
  forget(): void;
}

/** 2 where it could not begin, 1 when a share failed; interrupted as a run is. */
export async function runGroup(file: string, options: RunCommandOptions & { readonly group: string }): Promise<number> {
  try {
    refuseOptions(options);
    const loaded = await loadConnected(file, options);
    const { result, pipeline, folder } = loaded;
    if (!result.runnable) return refuse(result.problems, loaded, options);
    const planned = await loaded.plan({ keepErrors: options.keepErrors });
    if (planned.bounded) throw optionProblem('A group shares input that never ends, and that of this pipeline does.', 'Run it with --instances.');
    const data = dataFolder();
    ownDataFolder(data);
    const place = join(stateFolder(data, resolve(file), options.env), 'groups', options.group);
    const jobOf = (index: number, count: number, name: string, secrets: Awaited<ReturnType<typeof secretsFor>>): RunJob => {
      const plan = withShare(planned, (type) => loaded.catalogue.get(type), { index, count });
      const { from: _, ...rest } = options;
      const chosen = chooseOptions(plan, shareFolder(place, index), { stateMemory: `${Math.max(1, Math.floor(memoryPercent / count))}%`, ...rest });
      return { id: randomUUID(), name, path: resolve(file), folder, plan, options: chosen.options, ...secrets };
    };
    withShare(planned, (type) => loaded.catalogue.get(type), { index: 0, count: 1 });
    const secrets = await secretsFor(planned, new Secrets(data));
    const member = new GroupMember(place);
    try {
      const count = begin(place, member, options);
      if (!options.json) printProblems(result.problems, loaded);
      const group = new GroupRun(
        place,
        member,
        count,
        (index) => jobOf(index, count, `${pipeline.name} (share ${index + 1} of ${count})`, secrets),
        data,
        options,
      );
      const { problem, signal } = await group.run();
      if (!problem) return exitCodeOf({ state: 'stopped', problems: [] }, signal);
      if (options.json) process.stdout.write(`${visibleJson({ state: 'failed', problems: [problem] })}\n`);
      else printProblems([problem], loaded);
      return 1;
    } finally {
      member.leave();
    }
  } catch (error) {
    return refuse([problemOf(error)], { file, titleOf: (node) => node }, options);
  }
}

/** The number of shares. */
function begin(place: string, member: GroupMember, { from, shares }: RunCommandOptions): number {
  if (from === 'scratch') {
    if (member.others() > 0) throw inUse('Other instances run in this group: it cannot start from scratch.');
    for (let index = 0; index < (sharesOf(place) ?? 0); index++) rmSync(shareFolder(place, index), { recursive: true, force: true });
    rmSync(join(place, 'shares.json'), { force: true });
  }
  const count = beginShares(place, shares ?? usualShares);
  if (shares !== undefined && shares !== count) throw inUse(`This group has ${count} shares, and not ${shares}: their state is filed by them.`);
  return count;
}

class GroupRun {
  readonly #place: string;
  readonly #member: GroupMember;
  readonly #count: number;
  readonly #jobOf: (index: number) => RunJob;
  readonly #data: string;
  readonly #isSilent: boolean;
  readonly #held = new Map<number, Held>();
  #problem: Problem | null = null;
  #signal: NodeJS.Signals | null = null;

  constructor(place: string, member: GroupMember, count: number, jobOf: (index: number) => RunJob, data: string, { json }: RunCommandOptions) {
    this.#place = place;
    this.#member = member;
    this.#count = count;
    this.#jobOf = jobOf;
    this.#data = data;
    this.#isSilent = json === true;
  }

  /** Until it is interrupted, or a share has failed. */
  async run(): Promise<{ readonly problem: Problem | null; readonly signal: NodeJS.Signals | null }> {
    const interrupt = (signal: NodeJS.Signals) => {
      this.#signal ??= signal;
    };
    for (const signal of interruptions) process.on(signal, interrupt);
    try {
      while (!this.#signal && !this.#problem) {
        const quota = this.#member.quota(this.#count);
        const holding = [...this.#held.values()].filter(({ isStopping }) => !isStopping);
        for (const each of holding.slice(quota)) this.#stop(each);
        if (holding.length < quota) await this.#takeOne();
        await sleep(lookEveryMs);
      }
    } catch (error) {
      this.#problem = problemOf(error);
    } finally {
      for (const each of this.#held.values()) this.#stop(each);
      while (this.#held.size > 0) await sleep(lookEveryMs);
      for (const signal of interruptions) process.off(signal, interrupt);
    }
    return { problem: this.#problem, signal: this.#signal };
  }

  /** With a checkpoint: whoever has it next goes on from there. */
  #stop(held: Held): void {
    if (held.isStopping) return;
    held.isStopping = true;
    held.keeper.stop('checkpoint').catch(() => held.keeper.dispose());
  }

  /** One that nobody has. */
  async #takeOne(): Promise<void> {
    for (let index = 0; index < this.#count; index++) {
      if (this.#held.has(index) || !this.#isFree(index)) continue;
      await this.#start(index);
      return;
    }
  }

  #isFree(index: number): boolean {
    try {
      lockStateFolder(shareFolder(this.#place, index))();
      return true;
    } catch (error) {
      if (problemOf(error).code === 'run/already-running') return false;
      throw error;
    }
  }

  async #start(index: number): Promise<void> {
    const keeper = new Keeper(this.#jobOf(index), {
      fork: () => forkNode('run', { readsInput: false }),
      lineage: (folder) => new CheckpointStore(folder).lineage(),
    });
    const held: Held = { keeper, isStopping: false, forget: () => {} };
    this.#held.set(index, held);
    this.#say(`Share ${index + 1} of ${this.#count} runs here.`);
    keeper.onLogged((line) => this.#say(`Share ${index + 1}: ${line.node ? `${line.node}: ` : ''}${line.message}`));
    keeper.onChanged(({ endedAt, state, problems }) => {
      if (endedAt === null || !this.#held.delete(index)) return;
      held.forget();
      keeper.dispose();
      // Somebody else was faster.
      const [problem] = problems;
      const isTaken = problem?.code === 'run/already-running';
      if (state === 'failed' && !isTaken) this.#problem ??= problem ?? null;
      if (!isTaken) this.#say(`Share ${index + 1} of ${this.#count} ${state === 'failed' ? 'failed' : 'was given up'}.`);
    });
    await keeper.start();
    held.forget = await makeKnown(keeper, this.#data);
    if (keeper.hasEnded) held.forget();
  }

  #say(text: string): void {
    if (!this.#isSilent) process.stderr.write(`${text}\n`);
  }
}

function refuseOptions({ group, detach, explain, metrics, replayErrors, commit, from }: RunCommandOptions & { readonly group: string }): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(group))
    throw optionProblem(`"${group}" is no name for a group.`, 'It begins with a letter or digit and has only those, dots, dashes and underscores, at most 64.');
  const given = {
    '--detach': detach,
    '--explain': explain,
    '--metrics': metrics !== undefined,
    '--replay-errors': replayErrors,
    '--commit end': commit === 'end',
  };
  for (const [name, isGiven] of Object.entries(given)) if (isGiven) throw optionProblem(`${name} does not go with --group.`, 'Leave it out.');
  if (typeof from === 'number') throw optionProblem('Each share has checkpoints of its own: --from takes "scratch" alone with --group.', 'Leave it out.');
}

function optionProblem(message: string, hint: string): MillraceError {
  return new MillraceError({ code: 'group/option', message, hint });
}
function inUse(message: string): MillraceError {
  return new MillraceError({ code: 'group/in-use', message, hint: 'End the other instances and start from scratch, or choose another name for the group.' });
}
