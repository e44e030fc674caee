import { expect, it } from 'vitest';
import { inTurns } from './batches.ts';

const { signal } = new AbortController();

it('takes all steps at once where nobody wants a turn', () => {
  const taken: number[] = [];
  expect(inTurns([1, 2, 3], { yieldNow: () => {}, signal }, (step) => taken.push(step))).toBeUndefined();
  expect(taken).toEqual([1, 2, 3]);
});

it('waits for each turn that somebody wants', async () => {
  const events: string[] = [];
  let yields = 0;
  const yieldNow = (): void | Promise<void> => {
    const pause = ++yields;
    if (pause % 2 === 0) return Promise.resolve().then(() => void events.push(`turn ${pause}`));
  };
  await inTurns([1, 2, 3, 4, 5], { yieldNow, signal }, (step) => events.push(`step ${step}`));
  expect(events).toEqual(['step 1', 'step 2', 'turn 2', 'step 3', 'step 4', 'turn 4', 'step 5']);
});

it('ends early where the run was cancelled meanwhile', async () => {
  const controller = new AbortController();
  const taken: number[] = [];
  const yieldNow = async (): Promise<void> => {
    if (taken.length === 2) controller.abort();
  };
  await inTurns([1, 2, 3, 4], { yieldNow, signal: controller.signal }, (step) => taken.push(step));
  expect(taken).toEqual([1, 2]);
});

it('tells what a step throws, before a turn and after it', async () => {
  const fail = (at: number) => (step: number) => {
    if (step === at) throw new Error(`step ${step}`);
  };
  expect(() => inTurns([1, 2], { yieldNow: async () => {}, signal }, fail(1))).toThrow('step 1');
  await expect(inTurns([1, 2], { yieldNow: async () => {}, signal }, fail(2))).rejects.toThrow('step 2');
});
