import { expect, it } from 'vitest';
import type { NodeStats } from '../../engine/protocol/messages.ts';
import type { NodeRow } from './run-columns.tsx';
import { nextSort, sorted, sortOf } from './sort.ts';

const row = (id: string, some: Partial<NodeStats>): NodeRow => ({
  id,
  title: id,
  stats: { in: 0, out: {}, dropped: 0, failed: 0, rate: 0, busyMs: 0, watermark: 0, late: 0, idleMs: 0, blockedMs: 0, ...some },
  isLive: true,
  seconds: 10,
  titleOf: (other) => other,
});
const rows = [row('sink', { in: 7, rate: 7 }), row('source', { out: { rows: 9 }, rate: 9 }), row('filter', { in: 9, out: { kept: 7 }, rate: 9 })];
const order = (setting: string) => sorted(rows, sortOf(setting)).map(({ id }) => id);

it('goes from the largest to the smallest to the order of the pipeline', () => {
  const clicks = [''];
  for (let click = 1; click <= 3; click++) clicks.push(nextSort(sortOf(clicks.at(-1)), 'rate'));
  expect(clicks).toEqual(['', '-rate', 'rate', '']);
  expect(nextSort(sortOf('-rate'), 'node')).toBe('node');
  expect(clicks.map(order)).toEqual([
    ['sink', 'source', 'filter'],
    ['source', 'filter', 'sink'],
    ['sink', 'source', 'filter'],
    ['sink', 'source', 'filter'],
  ]);
});

it('puts nodes last that have no such figure', () => {
  expect([order('-in'), order('in')]).toEqual([
    ['filter', 'sink', 'source'],
    ['sink', 'filter', 'source'],
  ]);
  expect([order('node'), order('-node')]).toEqual([
    ['filter', 'sink', 'source'],
    ['source', 'sink', 'filter'],
  ]);
});

it('takes a setting that it does not know for none', () => {
  expect(order('-gone')).toEqual(['sink', 'source', 'filter']);
  expect(sortOf(undefined)).toEqual(sortOf(''));
});
