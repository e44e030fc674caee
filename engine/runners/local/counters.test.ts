import { expect, it } from 'vitest';
import { NodeCounters } from './counters.ts';

it('counts as late what left by any port for late rows, and nothing else', () => {
  const counters = new NodeCounters(['rows', 'lateLeft', 'lateRight'], ['lateLeft', 'lateRight']);
  counters.sent('rows', 5);
  expect(counters.snapshot().late).toBe(0);
  counters.sent('lateLeft', 2);
  counters.sent('lateRight', 1);
  counters.sent('lateLeft', 1);
  expect(counters.snapshot()).toMatchObject({ late: 4, out: { rows: 5, lateLeft: 3, lateRight: 1 } });
});
