import type { TransformDefinition } from '@millrace/kit/node';
import { defineNode, type NodeDefinition } from '@millrace/kit/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Row } from '../../../model/values/types.ts';
import { batch, expressionNode, numbers, open, problemOf, sink, source, transform } from '../../../test/engine/dataflow-trial.ts';
import { identity } from '../../../test/engine/identity.ts';
import { newMonitor, readMonitor } from './monitor.ts';

describe('rows flow', () => {
  const doubled = expressionNode('map', '({ n: row.n * 2 })');
  const even = expressionNode('test', 'row.n % 2 === 0');
  const twice = expressionNode('expand', 'row.n > 2 ? [] : [row, row]');

  test('through a fused chain, out of each port, with counts', async () => {
    const [kept, rest] = [sink(), sink()];
    const { flow } = await open({
      nodes: { s: source, even, twice, doubled, kept: kept.definition, rest: rest.definition },
      edges: ['s -> even', 'even -> twice', 'twice -> doubled', 'doubled -> kept', 'even.rest -> rest'],
      chains: [['even', 'twice', 'doubled']],
    });
    await flow.push('s', batch(1, 2, 3, 4));
    await flow.finish();
    expect(kept.rows).toEqual(numbers(4, 4));
    expect(rest.rows).toEqual(numbers(1, 3));
    expect(flow.counters()).toMatchObject({
      s: { in: 0, out: { rows: 4 } },
      even: { in: 4, out: { rows: 2, rest: 2 }, dropped: 0 },
      twice: { in: 2, out: { rows: 2 }, dropped: 1 },
      doubled: { in: 2, out: { rows: 2 } },
      kept: { in: 2 },
    });
  });
  test('a chain may go on by the second port', async () => {
    const [odd, evens] = [sink(), sink()];
    const { flow } = await open({
      nodes: { s: source, even, doubled, odd: odd.definition, evens: evens.definition },
      edges: ['s -> even', 'even.rest -> doubled', 'doubled -> odd', 'even -> evens'],
      chains: [['even', 'doubled']],
    });
    flow.push('s', batch(1, 2, 3));
    expect(odd.rows).toEqual(numbers(2, 6));
    expect(evens.rows).toEqual(numbers(2));
  });
  test('rows of a port that nobody takes are dropped', async () => {
    const out = sink();
    const { flow } = await open({ nodes: { s: source, even, out: out.definition }, edges: ['s -> even', 'even -> out'] });
    flow.push('s', batch(1, 2, 3));
    expect(flow.counters()['even']).toMatchObject({ in: 3, out: { rows: 1 }, dropped: 2 });
  });
  test('to several consumers, each with a batch of its own', async () => {
    const [a, b] = [sink((rows) => void (rows as Row[]).reverse()), sink()];
    const { flow } = await open({ nodes: { s: source, a: a.definition, b: b.definition }, edges: ['s -> a', 's -> b'] });
    flow.push('s', batch(1, 2));
    expect(b.rows).toEqual(numbers(1, 2));
  });
  test('ports end in order: each once, finish after the last', async () => {
    const calls: string[] = [];
    const join = transform(
      ({ emit }) => ({
        process: (rows, port) => void calls.push(`${port} ${rows.length}`),
        ended: (port) => void calls.push(`${port} ended`),
        finish: async () => {
          await null;
          calls.push('finish');
          emit('rows', numbers(7));
        },
      }),
      ['rows'],
      ['rows', 'lookup'],
    );
    const out = sink();
    const { flow } = await open({
      nodes: { a: source, b: source, even, join, out: out.definition },
      edges: ['a -> even', 'even -> join', 'even.rest -> join', 'b -> join.lookup', 'join -> out'],
    });
    flow.push('b', batch(1));
    await flow.end('b');
    flow.push('a', batch(1, 2, 3));
    await flow.end('a');
    await flow.finish();
    expect(calls).toEqual(['lookup 1', 'lookup ended', 'rows 1', 'rows 2', 'rows ended', 'finish']);
    expect(out.rows).toEqual(numbers(7));
  });
  test('a node that is done ends what only it needs', async () => {
    let left = 2;
    const limit = transform(({ emit }) => ({ process: (rows) => (left-- > 0 ? emit('rows', rows) : undefined), done: () => left === 0 }), ['rows']);
    const out = sink();
    const { flow } = await open({ nodes: { s: source, limit, out: out.definition }, edges: ['s -> limit', 'limit -> out'] });
    flow.push('s', batch(1));
    expect(flow.isNeeded('s')).toBe(true);
    flow.push('s', batch(2));
    expect(flow.isNeeded('s')).toBe(false);
    flow.push('s', batch(3));
    expect(out.rows).toEqual(numbers(1, 2));
    expect(flow.counters()['limit']).toMatchObject({ in: 3, dropped: 1 });
  });
  test('push waits for slow sinks only, and keeps their batches in order', async () => {
    const seen: number[] = [];
    const slow = sink(async (rows) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push(...rows.map((row) => row['n'] as number));
    });
    const fast = sink();
    const two = transform(({ emit }) => ({ process: (rows) => rows.forEach((row) => void emit('rows', [row])) }), ['rows']);
    const { flow } = await open({ nodes: { s: source, two, slow: slow.definition }, edges: ['s -> two', 'two -> slow'] });
    const pushed = flow.push('s', batch(1, 2, 3));
    expect(pushed).toBeInstanceOf(Promise);
    await pushed;
    expect(seen).toEqual([1, 2, 3]);
    const plain = await open({ nodes: { s: source, fast: fast.definition }, edges: ['s -> fast'] });
    expect(plain.flow.push('s', batch(1))).toBeUndefined();
  });
  test('the time of a chain goes to the node that takes it', async () => {
    const slow = expressionNode('map', '(() => { let x = 0; for (let i = 0; i < 20000; i++) x += i; return { n: x } })()');
    const quick = expressionNode('map', '({ n: row.n + 1 })');
    const { flow } = await open({
      nodes: { s: source, quick, slow, out: sink().definition },
      edges: ['s -> quick', 'quick -> slow', 'slow -> out'],
      chains: [['quick', 'slow']],
    });
    for (let i = 0; i < 40; i++) flow.push('s', batch(...Array(50).keys()));
    const { quick: quickly, slow: slowly } = flow.counters();
    expect(slowly!.busyMs).toBeGreaterThan(quickly!.busyMs * 10);
  });
  test('taps see every port, and sinks that only look', async () => {
    const taps: string[] = [];
    const out = sink();
    const { flow } = await open({
      nodes: { s: source, even, doubled, out: out.definition },
      edges: ['s -> even', 'even -> doubled', 'doubled -> out'],
      chains: [['even', 'doubled']],
      env: { writers: 'none', tap: (node, port, rows) => void taps.push(`${node}.${port} ${rows.map((row) => row['n'])}`) },
    });
    flow.push('s', batch(1, 2));
    await flow.finish();
    expect(taps).toEqual(['s.rows 1,2', 'even.rows 2', 'doubled.rows 4', 'out.rows 4', 'even.rest 1']);
    expect(out.rows).toEqual([]);
  });
  test('fused or not, and however batches are cut: the same rows in the same order', async () => {
    const run = async (values: readonly number[], size: number, chains: readonly (readonly string[])[]) => {
      const [out, rest] = [sink(), sink()];
      const { flow, failures } = await open({
        nodes: { s: source, even, fail: expressionNode('map', 'row.n % 3 === 0 ? null.x : row'), twice, doubled, out: out.definition, rest: rest.definition },
        edges: ['s -> even', 'even -> fail', 'fail -> twice', 'twice -> doubled', 'doubled -> out', 'even.rest -> rest'],
        policies: { fail: 'skip' },
        chains,
      });
      for (let i = 0; i < values.length; i += size) await flow.push('s', batch(...values.slice(i, i + size)));
      await flow.finish();
      return {
        out: out.rows,
        rest: rest.rows,
        failures: failures.map(({ message, row }) => [message, row]),
        counts: Object.values(flow.counters()).map(({ busyMs, ...counts }) => counts),
      };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (values, size) => {
        const fused = await run(values, size, [['even', 'fail', 'twice', 'doubled']]);
        expect(fused).toEqual(await run(values, 50, []));
      }),
      { numRuns: 60 },
    );
  });
});

describe('rows that fail', () => {
  test('a node that cannot say what it does is told as its own fault', async () => {
    const odd = {
      ...(transform(() => ({ process: () => {} })) as TransformDefinition<any>),
      run: undefined,
      lower: () => {
        throw new TypeError('oops');
      },
    };
    const out = sink();
    expect(await problemOf(() => open({ nodes: { s: source, odd, out: out.definition }, edges: ['s -> odd', 'odd -> out'] }))).toMatchObject({
      code: 'node/lower-failed',
      node: 'odd',
    });
  });

  const bad = expressionNode('map', 'row.n === 2 ? row.x.y : { n: row.n }');
  const even = expressionNode('test', 'row.n % 2 === 0');

  test('stop: the run ends, with node, place in the code, row and line', async () => {
    const out = sink();
    const { flow } = await open({ nodes: { s: source, bad, out: out.definition }, edges: ['s -> bad', 'bad -> out'] });
    expect(await problemOf(() => flow.push('s', batch(1, 2, 3)))).toEqual({
      severity: 'error',
      code: 'code/threw',
      message: "Cannot read properties of undefined (reading 'y').",
      hint: expect.stringMatching(/test it first/),
      fix: expect.objectContaining({ before: '.y', text: '?.y' }),
      node: 'bad',
      field: 'where',
      range: { line: 1, column: 21 },
      row: { n: 2 },
      position: { source: 'a.csv', line: 11 },
    });
    expect(flow.counters()['bad']).toMatchObject({ in: 2, failed: 1 });
  });
  test('skip: counted and told, and the rows behind go on', async () => {
    const out = sink();
    const { flow, failures } = await open({ nodes: { s: source, bad, out: out.definition }, edges: ['s -> bad', 'bad -> out'], policies: { bad: 'skip' } });
    flow.push('s', batch(1, 2, 3, 2));
    expect(out.rows).toEqual(numbers(1, 3));
    expect(failures).toMatchObject([{ node: 'bad', position: { line: 11 } }, { position: { line: 13 } }]);
    expect(flow.counters()['bad']).toMatchObject({ in: 4, out: { rows: 2 }, failed: 2, dropped: 0 });
  });
  test('route: the error port carries row, message and place', async () => {
    const [out, errors] = [sink(), sink()];
    const { flow } = await open({
      nodes: { s: source, even, bad, out: out.definition, errors: errors.definition },
      edges: ['s -> even', 'even -> bad', 'bad -> out', 'bad.errors -> errors'],
      chains: [['even', 'bad']],
      policies: { bad: 'route' },
    });
    flow.push('s', batch(1, 2, 4));
    await flow.finish();
    expect(out.rows).toEqual(numbers(4));
    expect(errors.rows).toEqual([
      {
        error: "Cannot read properties of undefined (reading 'y').",
        code: 'code/threw',
        node: 'bad',
        field: 'where',
        source: 'a.csv',
        line: 11,
        row: { n: 2 },
      },
    ]);
    expect(flow.counters()['bad']).toMatchObject({ out: { rows: 1, errors: 1 }, failed: 1 });
  });
  test('made rows point at the lines of their batch, untouched ones at their own', async () => {
    const again = transform(
      ({ emit }) => ({
        process: (rows) =>
          emit(
            'rows',
            rows.map((row: Row) => ({ ...row })),
          ),
      }),
      ['rows'],
    );
    const same = transform(({ emit }) => ({ process: (rows) => emit('rows', rows.slice()) }), ['rows']);
    const failing = async (between: NodeDefinition) => {
      const { flow } = await open({ nodes: { s: source, between, bad, out: sink().definition }, edges: ['s -> between', 'between -> bad', 'bad -> out'] });
      return (await problemOf(() => flow.push('s', batch(1, 2, 3)))).position;
    };
    expect(await failing(again)).toEqual({ source: 'a.csv', line: 10, toLine: 12 });
    expect(await failing(same)).toEqual({ source: 'a.csv', line: 11 });
  });
  test('what a sink refuses follows its policy too', async () => {
    const picky = defineNode({
      ...identity,
      type: 'x',
      kind: 'sink',
      inputs: [{ name: 'rows' }],
      run: ({ fail }) => ({
        write: async (rows) => {
          await null;
          for (const row of rows) if (row['n'] === 2) fail({ code: 'x/no' as ProblemCode, message: 'No.', row });
        },
        commit() {},
        abort() {},
        close() {},
        output: () => ({ kind: 'file', path: '/x' }),
      }),
    });
    const errors = sink();
    const { flow } = await open({
      nodes: { s: source, picky, errors: errors.definition },
      edges: ['s -> picky', 'picky.errors -> errors'],
      policies: { picky: 'route' },
    });
    await flow.push('s', batch(1, 2));
    await flow.finish();
    expect(errors.rows).toMatchObject([{ code: 'x/no' as ProblemCode, node: 'picky', row: { n: 2 } }]);
    expect(flow.outputs()).toMatchObject([{ node: 'picky', rows: 1 }, { node: 'errors' }]);
  });
  test('a fault of a node names it', async () => {
    const broken = transform(() => ({
      process: () => {
        throw new TypeError('oops');
      },
    }));
    const { flow } = await open({ nodes: { s: source, broken, out: sink().definition }, edges: ['s -> broken', 'broken -> out'] });
    expect(await problemOf(() => flow.push('s', batch(1)))).toMatchObject({ code: 'internal', node: 'broken', message: 'oops.' });
  });
  test('code that cannot run is told before anything is opened', async () => {
    const out = sink();
    const nodes = { s: source, bad: expressionNode('map', 'row.'), out: out.definition };
    expect(await problemOf(() => open({ nodes, edges: ['s -> bad', 'bad -> out'] }))).toMatchObject({ code: 'code/syntax', node: 'bad', field: 'where' });
    expect(out.calls).toEqual([]);
  });
});

describe('the end', () => {
  test('commit: all outputs, and what fails undoes the rest', async () => {
    const fails = { commit: () => Promise.reject(new MillraceError({ code: 'file/full' as ProblemCode, message: 'Full.' })) };
    const [first, second, third] = [sink(), sink(undefined, fails), sink()];
    const { flow } = await open({
      nodes: { s: source, first: first.definition, second: second.definition, third: third.definition },
      edges: ['s -> first', 's -> second', 's -> third'],
    });
    await flow.finish();
    expect(await problemOf(() => flow.commit())).toMatchObject({ code: 'file/full' as ProblemCode, node: 'second' });
    await flow.abort();
    await flow.close();
    expect([first.calls, second.calls, third.calls]).toEqual([
      ['commit', 'close'],
      ['abort', 'close'],
      ['abort', 'close'],
    ]);
    expect(flow.outputs().map(({ committed }) => committed)).toEqual([true, false, false]);
  });
  test('sinks of one database are committed together or not at all', async () => {
    const fails = { commit: () => Promise.reject(new MillraceError({ code: 'file/full' as ProblemCode, message: 'Full.' })) };
    const [first, second] = [sink(undefined, {}, 'sqlite'), sink(undefined, fails, 'sqlite')];
    const { flow } = await open({ nodes: { s: source, first: first.definition, second: second.definition }, edges: ['s -> first', 's -> second'] });
    await expect(flow.commit()).rejects.toThrow('Full.');
    await flow.abort();
    expect(first.calls).toEqual(['commit', 'abort']);
    expect(flow.outputs().map(({ committed }) => committed)).toEqual([false, false]);
  });
  test('a sink that cannot open closes those that could', async () => {
    const good = sink();
    const bad: NodeDefinition = {
      ...sink().definition,
      run: () => Promise.reject(new MillraceError({ code: 'file/denied', message: 'No.' })),
    } as NodeDefinition;
    expect(await problemOf(() => open({ nodes: { s: source, good: good.definition, bad }, edges: ['s -> good', 's -> bad'] }))).toMatchObject({ node: 'bad' });
    expect(good.calls).toEqual(['abort', 'close']);
  });
});

test('the monitor tells node, code and call', async () => {
  const monitor = newMonitor();
  const codes: string[] = [];
  let seen: unknown;
  const look = transform(({ expression }) => {
    const run = expression('row.look()', 'columns.0.expression');
    return { map: (row) => run({ ...row, look: () => (seen = readMonitor(monitor)) } as unknown as Row) as Row };
  });
  const { flow } = await open({
    nodes: { s: source, look, out: sink().definition },
    edges: ['s -> look', 'look -> out'],
    env: { monitor, onCode: (number, node, field) => void codes.push(`${number} ${node} ${field}`) },
  });
  flow.push('s', batch(1, 2, 3));
  expect(codes).toEqual(['0 look columns.0.expression']);
  expect(seen).toMatchObject({ node: 1, code: 0, call: 3 });
  expect(readMonitor(monitor)).toMatchObject({ node: -1, code: -1 });
});
