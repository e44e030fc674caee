import type { NodeDefinition } from '@millrace/kit/node';
import { expect, test } from 'vitest';
import { beginningOfTime, endOfTime } from '../../../model/schema/event-time.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { NodeCounters } from './counters.ts';
import type { Failures } from './failures.ts';
import { type NodeTime, type OpenNode, Router, type Unit } from './router.ts';

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
function openNode(id: string): OpenNode {
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
  const router = new Router(createSandbox(), undefined, undefined);
  const heard: (number | string)[] = [];
  const unit: Unit = {
    receive() {},
    advance: (watermark) => void heard.push(watermark),
    idle: (isIdle) => void heard.push(isIdle ? 'idle' : 'awake'),
    ended: (port) => void heard.push(`ended ${port}`),
  };
  const [a, b, sums] = [openNode('a'), openNode('b'), openNode('sums')];
  router.connect('a', 'rows', unit, 'rows');
  router.connect('b', 'rows', unit, 'lookup');
  const openNodes = new Map([a, b, sums].map((each) => [each.planned.id, each]));
  const times = () => Object.fromEntries([a, b, sums].map((each) => [each.planned.id, router.time(each, each === sums ? unit : undefined)]));
  const restore = (before: { readonly [node: string]: NodeTime }) => router.restore(before, openNodes, (node) => (node === 'sums' ? unit : undefined));
  return { router, heard, unit, a, b, times, restore };
}

test('a watermark that idle sources let rise does not fall in a run that goes on', () => {
  const before = trial();
  before.router.advance([before.a], 5);
  before.router.idle([before.a], true);
  before.router.advance([before.b], 20);
  expect(before.heard).toEqual([20]);

  const after = trial();
  after.restore(before.times());
  expect(after.router.arrival(after.unit)).toEqual({ watermark: 20, holder: 'a' });
  // The source begins awake, behind the watermark: it holds it until it has caught up.
  after.router.advance([after.a], 12);
  after.router.advance([after.b], 40);
  expect(after.heard).toEqual([]);
  after.router.advance([after.a], 30);
  expect(after.heard).toEqual([30]);
});

test('what had ended has ended in a run that goes on', async () => {
  const before = trial();
  before.router.advance([before.a], 5);
  await before.router.end([before.b]);
  const after = trial();
  after.restore(before.times());
  expect([after.router.hasEnded('a'), after.router.hasEnded('b'), after.router.isOpen(after.unit), after.router.endedPorts(after.unit)]).toEqual([
    false,
    true,
    true,
    ['lookup'],
  ]);
  expect(after.a.counters.watermark).toBe(5);
  await after.router.end([after.a]);
  expect(after.heard).toEqual([endOfTime, 'ended rows']);
});

test('nodes that are new begin at the beginning', () => {
  const { router, unit, restore, b } = trial();
  restore({ a: { watermark: 7, arrived: null, hasEnded: false }, gone: { watermark: 9, arrived: 9, hasEnded: true } });
  expect(router.arrival(unit)).toEqual({ watermark: beginningOfTime, holder: 'b' });
  router.advance([b], 9);
  expect(router.arrival(unit)).toEqual({ watermark: 7, holder: 'a' });
});
