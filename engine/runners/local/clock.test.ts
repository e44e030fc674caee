import type { Operator } from '@millrace/kit/node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { numbers, open, sink, source, transform } from '../../../test/engine/dataflow-trial.ts';
import { limiting } from '../../operators/keyed/limiting.ts';
import type { DataflowEnv } from './dataflow.ts';

const start = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
let wall = start;
let elapsed = 0;
beforeEach(() => {
  wall = start;
  elapsed = 0;
  // The realm is locked down: its own Date cannot be changed.
  vi.stubGlobal('Date', { now: () => wall });
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
const pass = (ms: number) => {
  wall += ms;
  elapsed += ms;
};

const edges = ['in -> op', 'op -> out'];
const flowOf = async (run: (context: any) => Operator, env: Partial<DataflowEnv> = {}) => {
  const out = sink();
  return { out, flow: (await open({ nodes: { in: source, op: transform(run), out: out.definition }, edges, env })).flow };
};

test.each([-hour, -1500, hour])('a limit for each stretch of time holds where the clock is set by %i ms', async (ms) => {
  const { flow, out } = await flowOf((context) => limiting({ op: 'rate-limit', keys: [], count: 2, per: 2 * hour } as any, context));
  for (let i = 0; i < 5; i++) {
    if (i === 2) wall = start + ms;
    await flow.tick();
    await flow.push('in', { rows: numbers(i) });
  }
  expect(out.rows).toEqual(numbers(0, 1));
  await flow.close();
});

test('time never goes back: not where the clock does, and not in a run that goes on from a checkpoint', async () => {
  let now = () => 0;
  let wallTime = () => 0;
  const idle = (context: any): Operator => {
    ({ now, wallTime } = context);
    return { process: () => {} };
  };
  const { flow } = await flowOf(idle);
  expect(now()).toBe(start);
  wall = start - hour;
  expect([now(), wallTime()]).toEqual([start, start - hour]);
  const snapshot = await flow.snapshot(1);
  await flow.close();

  const later = await flowOf(idle, { from: { checkpoint: 1, isOlder: false, snapshot, tokens: {}, isCarried: () => true } });
  expect([now(), wallTime()]).toEqual([start, start - hour]);
  pass(1000);
  expect(now()).toBe(start + 900);
  await later.flow.close();
});

test('a clock that is given is the only one', async () => {
  let time = () => 0;
  const { flow } = await flowOf(
    ({ now }) => {
      time = now;
      return { process: () => {} };
    },
    { now: () => 5 },
  );
  pass(1000);
  expect(time()).toBe(5);
  await flow.close();
});
