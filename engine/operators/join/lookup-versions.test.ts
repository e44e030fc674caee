import { MemoryState } from '@millrace/kit/keyed-state';
import { expect, it } from 'vitest';
import type { State } from '../../../model/values/types.ts';
import { schema } from '../../../test/transform-trial.ts';
import { lookingUpVersions } from './lookup-versions.ts';

const rows = { ...schema({ time: 'timestamp', key: 'string' }), eventTime: { column: 'time' } };
const lookup = { ...schema({ key: 'string', since: 'timestamp', price: 'integer' }), eventTime: { column: 'since' } };

it.each([
  [0, 2],
  [10, 12],
])('keeps of each key the newest version and those that rows may still ask for (%d ms of lateness)', (lateness, most) => {
  const kept = new MemoryState<any>();
  const context = {
    state: <V extends State>(name: string) => (name === 'versions' ? kept : new MemoryState<V>()) as MemoryState<V>,
    memory: 0,
    fail: () => {},
    emit: () => {},
    inputs: { rows, lookup },
  };
  const keys = [{ left: 'key', right: 'key' }];
  const versions = { lateness, deleted: null, initial: false };
  const operator = lookingUpVersions({ op: 'lookup', kind: 'inner', keys, columns: [{ name: 'price', from: 'price' }], versions }, versions, context);
  for (let time = 1; time <= 100; time++) {
    operator.process([{ key: 'a', since: time, price: time }], 'lookup');
    operator.advance!(time);
  }
  operator.process([{ key: 'b', since: 5, price: 1 }], 'lookup');
  expect([...kept.entries()].map(([key, versions]) => [key, versions.length])).toEqual([
    ['a', most],
    ['b', 1],
  ]);
  expect(kept.get('a').at(-1)).toEqual({ from: 100, row: { price: 100 } });
});
