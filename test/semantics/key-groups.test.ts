/** State is divided by key: see the law. Long runs of it are in key-groups.long.test.ts. */
import { expect, it } from 'vitest';
import { allCases, expectLaw, unlistedWords } from './key-groups-cases.ts';
import { keyedOp, resultOf } from './key-groups-law.ts';

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

it('tells once what is of no key', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ time: i, sensor: `s${i % 7}`, line: 0, price: null, level: 0, word: i % 4 === 0 ? 'a' : 'b' }));
  const events = [
    { port: 'rows', rows: rows.slice(0, 20) },
    { port: 'rows', rows: rows.slice(20) },
  ];
  for (const [before, after] of [
    [1, 3],
    [3, 2],
    [5, 1],
  ] as const) {
    const told: string[] = [];
    const division = { cut: 1, before: { count: before, by: 0 }, after: { count: after, by: 0 }, memory: 0 };
    resultOf(unlistedWords, events, division, (message) => told.push(message));
    expect(
      told.reduce((sum, message) => sum + Number.parseInt(message, 10), 0),
      told.join(),
    ).toBe(30);
  }
});
