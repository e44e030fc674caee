import type { NodeDefinition } from '@millrace/kit/node';
import { expect, test } from 'vitest';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { NodeCounters } from './counters.ts';
import type { Failures } from './failures.ts';
import { Hub, type NodeTime, type Station, type Unit } from './hub.ts';

const planned = (id: string): PlannedNode => ({
  id,
  type: id,
  kind: 'source',
  title: id,
  params: {},
  onError: 'stop',
  inputs: {},
  inputLists: {},
  outputs: { rows: { columns: [] } },
});
function station(id: string): Station {
  const counters = new NodeCounters(['rows']);
  return {
    planned: planned(id),
    definition: {} as NodeDefinition,
    op: null,
    index: 0,
    counters,
    shift: { nodes: [counters], shares: [1] },
    failures: {} as Failures,
  };
}

/** Two sources before one unit that notes what it hears. */
function trial() {
  const hub = new Hub(createSandbox(), undefined, undefined);
  const heard: (number | string)[] = [];
  const unit: Unit = {
    receive() {},
    advance: (watermark) => void heard.push(watermark),
    idle: (isIdle) => void heard.push(isIdle ? 'idle' : 'awake'),
    ended: (port) => void heard.push(`ended ${port}`),
  };
  const [a, b, sums] = [station('a'), station('b'), station('sums')];
  hub.connect('a', 'rows', unit, 'rows');
  hub.connect('b', 'rows', unit, 'lookup');
  const stations = new Map([a, b, sums].map((each) => [each.planned.id, each]));
  const times = () => Object.fromEntries([a, b, sums].map((each) => [each.planned.id, hub.time(each, each === sums ? unit : undefined)]));
  const restore = (before: { readonly [node: string]: NodeTime }) => hub.restore(before, stations, (node) => (node === 'sums' ? unit : undefined));
  return { hub, heard, unit, a, b, times, restore };
}

test('a watermark that idle sources let rise does not fall in a run that goes on', () => {
  const before = trial();
  before.hub.advance([before.a], 5);
  before.hub.idle([before.a], true);
  before.hub.advance([before.b], 20);
  expect(before.heard).toEqual([20]);

  const after = trial();
  after.restore(before.times());
  expect(after.hub.arrival(after.unit)).toEqual({ watermark: 20, holder: 'a' });
  // The source begins awake, behind the watermark: it holds it until it has caught up.
  after.hub.advance([after.a], 12);
  after.hub.advance([after.b], 40);
  expect(after.heard).toEqual([]);
  after.hub.advance([after.a], 30);
  expect(after.heard).toEqual([30]);
});

test('what had ended has ended in a run that goes on', async () => {
  const before = trial();
  before.hub.advance([before.a], 5);
  await before.hub.end([before.b]);
  const after = trial();
  after.restore(before.times());
  expect([after.hub.hasEnded('a'), after.hub.hasEnded('b'), after.hub.isOpen(after.unit), after.hub.endedPorts(after.unit)]).toEqual([
    false,
    true,
    true,
    ['lookup'],
  ]);
  expect(after.a.counters.watermark).toBe(5);
  await after.hub.end([after.a]);
  expect(after.heard).toEqual([endOfTime, 'ended rows']);
});

test('nodes that are new begin at the beginning', () => {
  const { hub, unit, restore, b } = trial();
  restore({ a: { watermark: 7, arrived: null, hasEnded: false }, gone: { watermark: 9, arrived: 9, hasEnded: true } });
  expect(hub.arrival(unit)).toEqual({ watermark: beginningOfTime, holder: 'b' });
  hub.advance([b], 9);
  expect(hub.arrival(unit)).toEqual({ watermark: 7, holder: 'a' });
});
