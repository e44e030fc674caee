/** State is divided by key: see the law. Long runs of it are in key-groups.long.test.ts. */
import { expect, it } from 'vitest';
import { allCases, expectLaw } from './key-groups-cases.ts';
import { keyedOp } from './key-groups-law.ts';

it('is tried with every operation that keeps something by key', () => {
  const tried = new Set(allCases.map((each) => keyedOp(each)!.op.op));
  expect([...tried].sort()).toEqual([
    'anomaly',
    'coGroup',
    'combine',
    'distinct',
    'everyNth',
    'fill',
    'lag',
    'lookup',
    'pivot',
    'rateLimit',
    'runningAggregate',
    'stateful',
    'top',
  ]);
});

it.each(allCases.map((each) => [each.title, each] as const))('%s', (_, each) => expectLaw(each, 4));
