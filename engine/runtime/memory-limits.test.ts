import { afterEach, beforeEach, expect, it } from 'vitest';
import { memorySize } from '../schema/memory-size.ts';
import { MillraceError } from '../schema/problem.ts';
import { machineMemory, stateBudget } from './memory-limits.ts';

const mb = 2 ** 20;
const gb = 1024 * mb;
const variable = 'MILLRACE_STATE_MEMORY_MB';
let before: string | undefined;
beforeEach(() => {
  before = process.env[variable];
  delete process.env[variable];
});
afterEach(() => {
  if (before === undefined) delete process.env[variable];
  else process.env[variable] = before;
});
function refusal(work: () => unknown): { readonly code: string; readonly message: string; readonly hint?: string | undefined } {
  try {
    work();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  throw new Error('It was not refused');
}

it('gives state a share of the machine, within bounds, and never more than half of the run', () => {
  const of = (machine: number, run = machine / 2) => stateBudget(undefined, { machine, run }) / mb;
  expect([gb / 2, gb, 2 * gb, 4 * gb, 64 * gb].map((machine) => of(machine))).toEqual([64, 64, 128, 256, 256]);
  expect(of(64 * gb, 80 * mb)).toBe(40);
});

it('takes what it is told: the option before the variable', () => {
  const machine = { machine: 8 * gb, run: 4 * gb };
  process.env[variable] = '0.5';
  expect(stateBudget(undefined, machine)).toBe(mb / 2);
  expect(stateBudget('2GB', machine)).toBe(2 * gb);
  expect(stateBudget('10%', machine)).toBe(0.1 * 8 * gb);
});

it('refuses what is no amount, and what a run has no room for', () => {
  process.env[variable] = 'much';
  expect(refusal(() => stateBudget())).toMatchObject({
    code: 'run/state-memory',
    message: expect.stringContaining('MILLRACE_STATE_MEMORY_MB is set to "much"'),
  });
  expect(refusal(() => stateBudget('3GB', { machine: 8 * gb, run: 4 * gb }))).toMatchObject({
    code: 'run/state-memory',
    message: 'The memory for state is set to 3072 MB, but a run may take 4096 MB in all, and its state at most half of that.',
    hint: 'Set it to at most 2048 MB, or MILLRACE_RUN_MEMORY_MB to at least 6144.',
  });
});

it('reads amounts of memory', () => {
  expect(['512MB', '512', '1.5 gb', '64kb'].map(memorySize)).toEqual([512 * mb, 512 * mb, 1.5 * gb, 65_536].map((bytes) => ({ bytes })));
  expect(memorySize('25%')).toEqual({ share: 0.25 });
  for (const text of ['', '0', '0%', '101%', '-5MB', '5TB', 'x', '5 MB more']) expect(memorySize(text), text).toBeNull();
});

it('knows how much there is', () => {
  expect(machineMemory()).toBeGreaterThan(64 * mb);
});
