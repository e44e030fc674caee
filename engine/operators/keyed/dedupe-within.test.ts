import { MemoryState } from '@millrace/kit/keyed-state';
import { expect, it } from 'vitest';
import type { State } from '../../../model/values/types.ts';
import { schema } from '../../../test/transform-trial.ts';
import { dedupingWithin } from './dedupe-within.ts';

const rows = { ...schema({ time: 'timestamp', key: 'string' }), eventTime: { column: 'time' } };

it('forgets the keys whose time is over', () => {
  const kept = new MemoryState<any>();
  const context = { state: <V extends State>() => kept as MemoryState<V>, fail: () => {}, emit: () => {}, inputs: { rows } };
  const operator = dedupingWithin('first', { keys: ['key'], within: 10 }, context);
  for (let time = 0; time < 100; time++) {
    operator.process([{ time, key: `k${time}` }], 'rows');
    operator.advance!(time);
  }
  expect(kept.size).toBe(10);
  operator.advance!(109);
  expect(kept.size).toBe(0);
});
