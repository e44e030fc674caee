import { expect, test } from 'vitest';
import { Stalls } from './stalls.ts';

test('a watermark that has not moved for half a minute is told, once for each cause', () => {
  const told: string[] = [];
  const stalls = new Stalls((node, holder) => told.push(`${node} waits for ${holder}`));
  const at = (seconds: number, watermark: number, holder: string) => stalls.look([{ node: 'sums', watermark, holder }], seconds * 1000);
  at(0, 5, 'slow');
  at(29, 5, 'slow');
  expect([told, stalls.heldBy.size]).toEqual([[], 0]);
  at(30, 5, 'slow');
  at(31, 5, 'slow');
  expect([told, stalls.heldBy.get('sums')]).toEqual([['sums waits for slow'], 'slow']);
  at(32, 6, 'slow');
  expect(stalls.heldBy.size).toBe(0);
  at(61, 6, 'other');
  expect(told).toHaveLength(1);
  at(62, 6, 'other');
  expect(told).toEqual(['sums waits for slow', 'sums waits for other']);
});

test('a node that waits for nothing any more begins anew', () => {
  const told: string[] = [];
  const stalls = new Stalls((node) => told.push(node));
  stalls.look([{ node: 'sums', watermark: 1, holder: 'a' }], 0);
  stalls.look([], 20_000);
  stalls.look([{ node: 'sums', watermark: 1, holder: 'a' }], 31_000);
  expect(told).toEqual([]);
});
