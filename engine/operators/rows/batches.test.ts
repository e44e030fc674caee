import { expect, it } from 'vitest';
import { inTurns } from './batches.ts';

const { signal } = new AbortController();

it('takes all steps at once where nobody wants a turn', () => {
  const taken: number[] = [];
  expect(inTurns([1, 2, 3], { breathe: () => {}, signal }, (step) => taken.push(step))).toBeUndefined();
  expect(taken).toEqual([1, 2, 3]);
});

it('waits for each turn that somebody wants', async () => {
  const events: string[] = [];
  let breaths = 0;
  const breathe = (): void | Promise<void> => {
    const breath = ++breaths;
    if (breath % 2 === 0) return Promise.resolve().then(() => void events.push(`turn ${breath}`));
  };
  await inTurns([1, 2, 3, 4, 5], { breathe, signal }, (step) => events.push(`step ${step}`));
  expect(events).toEqual(['step 1', 'step 2', 'turn 2', 'step 3', 'step 4', 'turn 4', 'step 5']);
});

it('ends early where the run was cancelled meanwhile', async () => {
  const controller = new AbortController();
  const taken: number[] = [];
  const breathe = async (): Promise<void> => {
    if (taken.length === 2) controller.abort();
  };
  await inTurns([1, 2, 3, 4], { breathe, signal: controller.signal }, (step) => taken.push(step));
  expect(taken).toEqual([1, 2]);
});

it('tells what a step throws, before a turn and after it', async () => {
  const fail = (at: number) => (step: number) => {
    if (step === at) throw new Error(`step ${step}`);
  };
  expect(() => inTurns([1, 2], { breathe: async () => {}, signal }, fail(1))).toThrow('step 1');
  await expect(inTurns([1, 2], { breathe: async () => {}, signal }, fail(2))).rejects.toThrow('step 2');
});
