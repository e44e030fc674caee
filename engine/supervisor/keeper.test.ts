import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { EngineProcess } from '../processes/engine-process.ts';
import { portPair, Service } from '../protocol/connection.ts';
import type { RunState, RunSummary } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { type RunJob, type RunOptions, type RunProtocol, startingSummary } from '../protocol/run-api.ts';
import { Keeper } from './keeper.ts';
import { waitBefore, worthOf } from './restart-policy.ts';

const planned = (id: string, kind: 'source' | 'transform' | 'sink') => ({
  id,
  type: id,
  kind,
  title: id,
  params: {},
  onError: 'stop' as const,
  inputs: {},
  inputLists: {},
  outputs: {},
});
const plan: PhysicalPlan = {
  nodes: [planned('source', 'source'), planned('step', 'transform'), planned('sink', 'sink')],
  edges: [],
  sourceGroups: [['source']],
  chains: [],
  bounded: false,
};
const job = (options: Partial<RunOptions> = {}): RunJob => ({
  id: 'one',
  name: 'One',
  path: null,
  folder: '/',
  plan,
  options: { stateFolder: '/state', commits: 'checkpoint', checkpointEveryMs: 1000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3, ...options },
});

/** A run process whose end of the protocol is in the test's hands. */
class FakeProcess implements EngineProcess {
  readonly port;
  readonly editor = { post: () => {}, onText: () => {}, onClose: () => {}, close: () => {} };
  readonly asked: string[] = [];
  job: RunJob | null = null;
  readonly #service: Service<RunProtocol>;
  readonly #far;
  #exit: (code: number | null, reason: string) => void = () => {};

  constructor() {
    [this.port, this.#far] = portPair();
    const note = (name: string) => {
      this.asked.push(name);
      return null;
    };
    this.#service = new Service<RunProtocol>(this.#far, {
      start: (given) => {
        this.job = given;
        return note('start');
      },
      stop: ({ how }) => note(`stop ${how}`),
      pause: () => note('pause'),
      resume: () => note('resume'),
      checkpoint: () => ({ id: 7 }),
      inspect: () => {
        throw new MillraceError({ code: 'run/noRows', message: 'none' });
      },
    });
  }
  say(change: Partial<RunSummary>): void {
    this.#service.emit('changed', { ...startingSummary(this.job!), state: 'running', ...change });
  }
  at(node: string, field: string): void {
    this.#service.emit('at', { node, field });
  }
  checkpoint(id: number): void {
    this.say({ checkpoint: { id, at: Date.now(), bytes: 10, tookMs: 1 } });
  }
  fail(problem: Partial<Problem>): void {
    this.say({ state: 'failed', endedAt: Date.now(), problems: [{ code: 'x/y' as ProblemCode, severity: 'error', message: 'It failed.', ...problem }] });
  }
  die(reason = 'it was ended by SIGKILL'): void {
    this.#far.close();
    this.#exit(null, reason);
  }
  kill(): void {
    this.asked.push('kill');
    this.#far.close();
  }
  end(): void {}
  onExit(listener: (code: number | null, reason: string) => void): void {
    this.#exit = listener;
  }
}

const keepers: Keeper[] = [];
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.dispose();
});

async function started(options: Partial<RunOptions> = {}, limit = 3, lineage: () => string | null = () => null) {
  const processes: FakeProcess[] = [];
  const states: RunState[] = [];
  const backOff = { firstMs: 4, mostMs: 20, limit };
  const fork = () => {
    processes.push(new FakeProcess());
    return processes.at(-1)!;
  };
  const keeper = new Keeper(job(options), { fork, backOff, lineage });
  keepers.push(keeper);
  keeper.onChanged((summary) => {
    if (states.at(-1) !== summary.state) states.push(summary.state);
  });
  await keeper.start();
  /** The process of the next attempt, once it was given its job. */
  const next = async (count: number) => {
    await expect.poll(() => processes[count]?.job ?? null, { interval: 1 }).not.toBeNull();
    return processes[count]!;
  };
  /** Until the messages of processes have arrived. */
  const told = (test: (summary: RunSummary) => boolean) => expect.poll(() => test(keeper.summary), { interval: 1 }).toBe(true);
  return { keeper, processes, states, next, told };
}

describe('a keeper', () => {
  it('says which code was at work when the process ran out of memory, and not when it was killed', async () => {
    for (const [reason, place] of [
      ['it ran out of memory', { node: 'step', field: 'code' }],
      ['it was ended by SIGKILL', {}],
    ] as const) {
      const { keeper, processes, told } = await started({ commits: 'end' });
      processes[0]!.at('step', 'code');
      processes[0]!.checkpoint(1);
      await told(({ checkpoint }) => checkpoint !== null);
      processes[0]!.die(reason);
      const { code, node, field } = keeper.summary.problems[0]!;
      expect({ code, ...(node && { node, field }) }).toEqual({ code: 'engine/crashed', ...place });
    }
  });

  it('brings a drain to its end whose process was killed', async () => {
    const drained = await started();
    const first = await drained.next(0);
    first.checkpoint(1);
    await drained.told(({ checkpoint }) => checkpoint?.id === 1);
    await drained.keeper.stop('drain');
    first.die();
    const second = await drained.next(1);
    expect(second.job!.options.from).toBe('latest');
    await expect.poll(() => second.asked).toEqual(['start', 'stop drain']);
    second.say({ state: 'done', endedAt: 1 });
    await drained.told(({ state }) => state === 'done');
  });

  it('restarts a run whose process was killed, from its latest checkpoint', async () => {
    const { keeper, processes, states, next, told } = await started();
    processes[0]!.checkpoint(1);
    await told(({ checkpoint }) => checkpoint?.id === 1);
    processes[0]!.die();
    expect(keeper.summary).toMatchObject({ state: 'restarting', restarts: 1, retryAt: expect.any(Number), problems: [{ code: 'engine/crashed' }] });
    const second = await next(1);
    expect(second.job!.options.from).toBe('latest');
    second.say({ state: 'starting', resumedFrom: 1 });
    second.say({ state: 'running', resumedFrom: 1 });
    await told(({ state }) => state === 'running');
    expect(keeper.summary).toMatchObject({ restarts: 1, resumedFrom: null, checkpoint: { id: 1 }, endedAt: null });
    expect(keeper.summary).not.toHaveProperty('retryAt');
    second.say({ state: 'done', endedAt: 5 });
    await told(({ endedAt }) => endedAt !== null);
    expect(states).toEqual(['starting', 'running', 'restarting', 'running', 'done']);
    expect(keeper.logs.map(({ level }) => level)).toEqual(['warning']);
  });

  it('gives up after so many attempts without a new checkpoint, and says why', async () => {
    const { keeper, processes, next } = await started({}, 2);
    for (let attempt = 0; attempt <= 2; attempt++) (await next(attempt)).die();
    expect(processes).toHaveLength(3);
    expect(keeper.summary).toMatchObject({ state: 'failed', restarts: 2, endedAt: expect.any(Number) });
    expect(keeper.summary.problems[0]!.message).toMatch(/failed 3 times in a row without a new checkpoint.*SIGKILL/);
  });

  it('counts anew after each new checkpoint, but not after one that it knows', async () => {
    const { keeper, next, told } = await started({}, 2);
    for (let attempt = 0; attempt < 6; attempt++) {
      const process = await next(attempt);
      process.checkpoint(attempt + 1);
      await told(({ checkpoint }) => checkpoint?.id === attempt + 1);
      process.die();
      expect(keeper.summary.state).toBe('restarting');
    }
    for (let attempt = 6; attempt < 8; attempt++) {
      const process = await next(attempt);
      process.checkpoint(6);
      await told(({ state }) => state === 'running');
      process.die();
    }
    expect(keeper.summary).toMatchObject({ state: 'failed', restarts: 7 });
  });

  it('does not go on from a checkpoint of an earlier run where it began from scratch and has made none', async () => {
    const old = await started({}, 3, () => 'old');
    old.processes[0]!.die();
    expect((await old.next(1)).job!.options.from).toBe('scratch');
    // What it had begun, it resumes, even if it could not report it.
    let lineage = 'old';
    const begun = await started({}, 3, () => lineage);
    lineage = 'new';
    begun.processes[0]!.die();
    expect((await begun.next(1)).job!.options.from).toBe('latest');
  });

  it('goes on from the checkpoint that was asked for until it has begun', async () => {
    const fresh = await started({ from: 5 });
    fresh.processes[0]!.die();
    expect((await fresh.next(1)).job!.options.from).toBe(5);
    fresh.processes[1]!.say({ resumedFrom: 5 });
    await fresh.told(({ resumedFrom }) => resumedFrom === 5);
    fresh.processes[1]!.die();
    expect((await fresh.next(2)).job!.options.from).toBe('latest');
  });

  it.each<[string, Partial<RunOptions>, (process: FakeProcess) => void]>([
    ['code that never ends', {}, (process) => process.fail({ code: 'code/endless', node: 'step' })],
    ['too much memory', {}, (process) => process.fail({ code: 'run/memory', node: 'step' })],
    ['a process out of memory', {}, (process) => process.die('it ran out of memory')],
    ['a row that a sink refuses', {}, (process) => process.fail({ code: 'sqlite/constraint', node: 'sink', row: { a: 1 } })],
    ['a run without checkpoints', { commits: 'end' }, (process) => process.die()],
    ['a run without a place for its state', { stateFolder: null }, (process) => process.die()],
  ])('does not restart after %s', async (_name, options, end) => {
    const { keeper, processes, told } = await started(options);
    processes[0]!.checkpoint(1);
    await told(({ checkpoint }) => checkpoint !== null);
    end(processes[0]!);
    await told(({ endedAt }) => endedAt !== null);
    expect(keeper.summary).toMatchObject({ state: 'failed', restarts: 0 });
  });

  it('restarts after an error of a sink or source once the run has worked, and not before', async () => {
    const full = { code: 'file/denied' as const, node: 'sink', message: 'It may not be written.' };
    const fresh = await started();
    fresh.processes[0]!.fail(full);
    await fresh.told(({ state }) => state === 'failed');
    const worked = await started();
    worked.processes[0]!.checkpoint(1);
    worked.processes[0]!.fail(full);
    await worked.told(({ state }) => state === 'restarting');
    expect(worked.processes[0]!.asked).toContain('kill');
    expect(worked.keeper.summary.problems[0]).toMatchObject({ code: 'file/denied' });
    expect((await worked.next(1)).job!.options.from).toBe('latest');
  });

  it.each([
    'file/disk-full',
    'run/no-room',
    'checkpoint/not-written',
    'sqlite/locked',
    'file/unavailable',
    'system/no-room',
    'file/gone',
    'sqlite/gone',
  ] as const)('waits for what passes (%s) as long as it takes, also at its start', async (code) => {
    const { keeper, processes, next, told } = await started({}, 3);
    for (let attempt = 0; attempt < 8; attempt++) {
      (await next(attempt)).fail({ code, message: 'The disk is full.' });
      await told(({ restarts }) => restarts === attempt + 1);
      expect(keeper.summary.endedAt).toBeNull();
    }
    (await next(8)).checkpoint(1);
    await told(({ state, problems }) => state === 'running' && problems.length === 0);
    expect(keeper.logs.at(-1)!.message).toMatch(/The disk is full\. It is tried again in .* s, until it works\./);
    expect(processes).toHaveLength(9);
  });

  it.each(['file/folder-missing', 'file/missing', 'run/state-folder'] as const)(
    'waits for what is away (%s) as long as it takes once it has worked, and tells it at once before',
    async (code) => {
      const fresh = await started();
      fresh.processes[0]!.fail({ code, node: 'sink' });
      await fresh.told(({ state }) => state === 'failed');
      const { keeper, processes, next, told } = await started({}, 3);
      processes[0]!.checkpoint(1);
      for (let attempt = 0; attempt < 6; attempt++) {
        (await next(attempt)).fail({ code, node: 'sink' });
        await told(({ restarts }) => restarts === attempt + 1);
      }
      expect(keeper.summary.state).toBe('restarting');
      await keeper.stop('checkpoint');
      expect(keeper.summary.state).toBe('stopped');
    },
  );

  it('never ends before it has begun, where the clock is set back', async () => {
    const { keeper, processes, told } = await started();
    const { startedAt } = keeper.summary;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(startedAt - 3_600_000);
    try {
      processes[0]!.say({ state: 'done', endedAt: Date.now() });
      await told(({ endedAt }) => endedAt !== null);
      expect(keeper.summary.endedAt).toBeGreaterThanOrEqual(startedAt);
    } finally {
      clock.mockRestore();
    }
  });

  it('can be stopped while it waits to be restarted', async () => {
    const { keeper, processes } = await started({}, 3);
    processes[0]!.die();
    await keeper.stop('checkpoint');
    expect(keeper.summary).toMatchObject({ state: 'stopped', endedAt: expect.any(Number) });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(processes).toHaveLength(1);
  });

  it('does not restart what is being stopped', async () => {
    const cancelled = await started();
    await cancelled.keeper.stop('cancel');
    cancelled.processes[0]!.die();
    expect(cancelled.keeper.summary.state).toBe('stopped');
    const stopped = await started();
    await stopped.keeper.stop('checkpoint');
    stopped.processes[0]!.die();
    expect(stopped.keeper.summary.state).toBe('failed');
  });

  it('takes it for stopped when the process ends before it has answered', async () => {
    const { keeper, processes } = await started();
    const stopped = keeper.stop('cancel');
    processes[0]!.die();
    await stopped;
    expect(keeper.summary.state).toBe('stopped');
  });

  it('pauses a run again that was paused when it crashed', async () => {
    const { keeper, processes, next } = await started();
    await keeper.pause();
    processes[0]!.die();
    const second = await next(1);
    await expect.poll(() => second.asked).toEqual(['start', 'pause']);
  });

  it('leaves the outputs of a run without checkpoints as they were', async () => {
    const { keeper, processes, told } = await started({ commits: 'end' });
    processes[0]!.say({ outputs: [{ node: 'sink', kind: 'file', path: '/a', rows: 3, committed: true }] });
    await told(({ outputs }) => outputs.length === 1);
    processes[0]!.die();
    expect(keeper.summary.outputs).toMatchObject([{ committed: false }]);
  });
});

describe('the wait before a restart', () => {
  it('doubles up to a limit, with a random half', () => {
    const backOff = { firstMs: 1000, mostMs: 60_000, limit: 10 };
    expect([0, 1, 2, 5, 6, 100].map((attempt) => waitBefore(attempt, backOff, () => 1))).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
    expect(waitBefore(3, backOff, () => 0)).toBe(4000);
  });

  it('is for nothing that nobody knows the place of', () => {
    const problem: Problem = { code: 'internal', severity: 'error', message: 'What?' };
    expect(worthOf(job(), { kind: 'failed', problem }, true)).toBe('none');
    expect(worthOf(job(), { kind: 'failed', problem: { ...problem, code: 'run/lost' } }, false)).toBe('some');
    expect(worthOf(job(), { kind: 'failed', problem: { ...problem, code: 'checkpoint/not-written' } }, true)).toBe('any-number');
  });
});
