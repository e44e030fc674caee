import type { NodeDefinition } from '@millrace/kit/node';
import { expect, test } from 'vitest';
import { endOfTime } from '../../../model/schema/event-time.ts';
import { batch, numbers, open, sink, source, transform } from '../../../test/engine/dataflow-trial.ts';

test('watermarks that rise within a batch come between its rows', async () => {
  const heard: (number | string)[] = [];
  const windows = transform(({ emit }) => ({
    process: (rows) => {
      heard.push(rows.map(({ n }) => n).join(' '));
      emit('rows', rows);
    },
    advance: (watermark) => void heard.push(watermark === endOfTime ? -1 : watermark),
  }));
  const out = sink();
  const { flow } = await open({ nodes: { s: source, windows, out: out.definition }, edges: ['s -> windows', 'windows -> out'] });
  await flow.push('s', {
    ...batch(1, 2, 3),
    watermarks: [
      { after: 0, watermark: 10 },
      { after: 2, watermark: 20 },
      { after: 3, watermark: 30 },
    ],
  });
  expect(heard).toEqual([10, '1 2', 20, '3', 30]);
  expect(out.rows).toEqual(numbers(1, 2, 3));
});

test('whether a source is needed is told at once, however many ways lead from it', async () => {
  const nodes: Record<string, NodeDefinition> = { s: source, other: source };
  const edges: string[] = [];
  let before = 's';
  const pass = () => transform(({ emit }) => ({ process: (rows) => emit('rows', rows), done: () => false }));
  // Each step doubles the ways: 2^40 of them.
  for (let i = 0; i < 40; i++) {
    const [a, b, both] = [`a${i}`, `b${i}`, `c${i}`];
    for (const id of [a, b, both]) nodes[id] = pass();
    edges.push(`${before} -> ${a}`, `${before} -> ${b}`, `${a} -> ${both}`, `${b} -> ${both}`);
    before = both;
  }
  nodes['end'] = transform(() => ({ process() {}, done: () => true }));
  edges.push(`${before} -> end`, 'other -> end');
  const { flow } = await open({ nodes, edges });
  expect(flow.isNeeded('s')).toBe(true);
  await flow.push('other', batch(1));
  expect(flow.isNeeded('s')).toBe(false);
});

test('no watermark waits for a replay, and none rises on its account', async () => {
  const heard: (number | string)[] = [];
  const windows = transform(({ emit }) => ({
    process: (rows) => emit('rows', rows),
    advance: (watermark) => void heard.push(watermark === endOfTime ? 'end' : watermark),
  }));
  const out = sink();
  const { flow } = await open({
    nodes: { replay: source, s: source, windows, out: out.definition },
    edges: ['replay -> windows', 's -> windows', 'windows -> out'],
    replays: ['replay'],
  });
  await flow.push('s', { ...batch(5), watermarks: [{ after: 1, watermark: 5 }] });
  expect(heard).toEqual([5]);
  await flow.push('replay', batch(1));
  await flow.idle('s', true);
  expect(heard).toEqual([5]);
  await flow.idle('s', false);
  await flow.end('replay');
  await flow.push('s', { ...batch(9), watermarks: [{ after: 1, watermark: 9 }] });
  expect(heard).toEqual([5, 9]);
  await flow.end('s');
  expect(heard).toEqual([5, 9, 'end']);
  expect(out.rows).toEqual(numbers(5, 1, 9));
});
