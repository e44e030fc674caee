import { expect, it } from 'vitest';
import type { NodeStats, Problem } from '../../engine/protocol/messages.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { flowWords } from '../graph/flow-words.ts';
import { handledBy, problemCount, problemsLabel } from './run-counts.ts';

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

it('counts the errors that a run had, not those that its summary can hold', () => {
  const ofRow = (row: number): Problem => ({ code: 'code/failed' as ProblemCode, severity: 'error', message: 'Not a number', node: 'prices', row: { row } });
  const first = Array.from({ length: 100 }, (_, row) => ofRow(row));
  const stop: Problem = { code: 'sink/full' as ProblemCode, severity: 'error', message: 'The disk is full.' };
  expect(problemCount({ problems: first, stats: { prices: stats({ failed: 124 }) } })).toEqual({ errors: 124, warnings: 0, shown: 100 });
  expect(problemCount({ problems: [stop, ...first.slice(1)], stats: { prices: stats({ failed: 124 }) } })).toEqual({ errors: 125, warnings: 0, shown: 100 });
  expect(problemCount({ problems: first.slice(0, 7), stats: { prices: stats({ failed: 7 }) } })).toEqual({ errors: 7, warnings: 0, shown: 7 });
  expect(problemCount({ problems: [], stats: {} })).toEqual({ errors: 0, warnings: 0, shown: 0 });
});

it('tells warnings from errors', () => {
  const late: Problem = { code: 'rows/late' as ProblemCode, severity: 'warning', message: 'Rows came too late', node: 'hours' };
  const failed: Problem = { code: 'code/threw', severity: 'error', message: 'No', node: 'prices' };
  const labelOf = (problems: readonly Problem[]) => problemsLabel(problemCount({ problems, stats: {} }));
  expect([[], [late], [failed], [late, failed]].map(labelOf)).toEqual(['Errors', 'Warnings (1)', 'Errors (1)', 'Errors (1), warnings (1)']);
});
