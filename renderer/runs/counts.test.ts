import { expect, it } from 'vitest';
import type { NodeStats } from '../../engine/protocol/messages.ts';
import { flowWords } from '../canvas/flow-words.ts';
import { handledBy } from './counts.ts';

const stats = (some: Partial<NodeStats>): NodeStats => {
  return { in: 0, out: {}, dropped: 0, failed: 0, rate: 0, busyMs: 0, watermark: 0, late: 0, idleMs: 0, blockedMs: 0, ...some };
};

it('shows what a node sends on, and tells late and failed rows apart', () => {
  const window = stats({ in: 5000, rate: 1000, out: { rows: 12, late: 30, errors: 7 }, late: 30, failed: 7, outRate: { rows: 4, late: 2, errors: 1 } });
  expect(handledBy(window)).toEqual({ rows: 12, rate: 6, isTaken: false });
});

it('shows what a sink takes in, also where rows that it refuses go on', () => {
  const sink = stats({ in: 500, rate: 80, out: { errors: 3 }, outRate: { errors: 1 } });
  expect(handledBy(sink)).toEqual({ rows: 500, rate: 80, isTaken: true });
});

it('says of an edge as much as fits, and never half a number', () => {
  expect(flowWords(380_441, 21_800, 84)).toBe('380K · 21.8K/s');
  expect(flowWords(380_441, 21_800, 60)).toBe('380K');
  expect(flowWords(380_441, 0, 84)).toBe('380K');
  expect(flowWords(380_441, 21_800, 12)).toBe('');
});
