import type { TransformDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { defaultsOf, type Params } from '@millrace/kit/params';
import { expect, it } from 'vitest';
import pivot from '../reshape/pivot.ts';
import topN from '../rows/top-n.ts';
import aggregate from './aggregate.ts';
import runningAggregate from './running-aggregate.ts';

function lowered(definition: TransformDefinition<any>, params: Params): Op {
  return definition.lower!({ params: { ...defaultsOf(definition.params as never), ...params }, inputs: { rows: { columns: [] } } });
}
const count = { function: 'count', column: null, percent: 95, name: 'n' };
const tumbling = { groupBy: ['id'], aggregations: [count], window: 'tumbling', every: 1000 };

it('lowers to plain data that says nothing of params that do not count', () => {
  const op = lowered(aggregate, tumbling);
  expect(JSON.parse(JSON.stringify(op))).toEqual(op);
  expect(lowered(aggregate, { ...tumbling, length: 7, gap: 7, unit: 'year', zone: 'Europe/Berlin', aggregations: [{ ...count, percent: 50 }] })).toEqual(op);
  expect(lowered(aggregate, { ...tumbling, window: 'sliding', length: 1000 })).toEqual(op);
  const top = { keys: ['id'], column: 'n' };
  expect(lowered(topN, { ...top, every: 7 })).toEqual(lowered(topN, top));
  const calendar = lowered(aggregate, { ...tumbling, window: 'calendar', zone: 'Europe/Berlin' });
  expect(JSON.parse(JSON.stringify(calendar))).toEqual(calendar);
});

it('lets rows be spread by their keys, but for windows without rows, which the rows of all keys decide on', () => {
  const partition = (op: Op) => traitsOf(op).partition;
  expect(partition(lowered(aggregate, tumbling))).toEqual({ rows: ['id'] });
  expect(partition(lowered(aggregate, { ...tumbling, groupBy: [] }))).toBeNull();
  expect(partition(lowered(aggregate, { ...tumbling, emptyWindows: true }))).toBeNull();
  expect(partition(lowered(pivot, { keys: ['id'], column: 'kind' }))).toEqual({ rows: ['id'] });
  expect(partition(lowered(topN, { keys: ['id'], column: 'n' }))).toEqual({ rows: ['id'] });
  expect(partition(lowered(runningAggregate, { keys: ['id'], aggregations: [count] }))).toEqual({ rows: ['id'] });
});

it('awaits the time of its windows, or the end of the input', () => {
  const waits = (params: Params) => {
    const { awaits, bounded } = traitsOf(lowered(aggregate, { ...tumbling, ...params }));
    return { awaits, bounded };
  };
  expect(waits({ window: 'none' })).toEqual({ awaits: [], bounded: ['rows'] });
  expect(waits({ timeColumn: 'at' })).toEqual({ awaits: [{ port: 'rows', time: 'at', field: 'timeColumn' }], bounded: [] });
  expect(waits({ early: 1000 })).toEqual({ awaits: [], bounded: [] });
});
