import { isRowByRow } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import type { Params } from '@millrace/kit/params';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { edgesOf } from '../../test/conformance/harness.ts';
import { lookUp, options, pipeline, sink, source, transform } from '../../test/engine/plan-nodes.ts';
import { prepareTransform } from '../../test/transform-trial.ts';
import { checkPipeline } from './check.ts';
import { explainPlan } from './explain.ts';
import { opWords } from './op-words.ts';
import { planRun } from './plan.ts';

const explained = (...[nodes, edges]: Parameters<typeof pipeline>) => explainPlan(planRun(checkPipeline(pipeline(nodes, edges), options)));

describe('explainPlan', () => {
  it('tells reading order, loops, steps and where rows go', () => {
    const nodes = { main: source, small: source, step: { ...transform, onError: 'skip' as const }, more: transform, look: lookUp, out: sink, rest: sink };
    const edges = ['main -> step', 'step -> more', 'more -> look', 'more.rest -> rest', 'small -> look.lookup', 'look -> out'];
    expect(explained(nodes, edges)).toMatchInlineSnapshot(`
      "7 nodes, 6 edges. The run ends when its input has ended.
      Everything runs in one thread of this machine.
      "here, elsewhere": plain data that another runner could execute; there is none yet.

      Sources, in reading order
        1. small
        2. main
        read first, to the end: lookup of look

      Loops, each one pass over a batch
        1. step > more: pass, then pass

      Steps
        main: read (read)
            runs: here
        small: read (read)
            runs: here
        step: pass
            rows could be split: in any way
            rows that fail: skipped and counted
            runs: here only: For tests.
        more: pass
            rows could be split: in any way
            runs: here only: For tests.
        rest: write (write)
            runs: here
        look: look-up
            reads first: lookup, to its end
            rows could be split: in any way
            runs: here only: For tests.
        out: write (write)
            runs: here

      Rows
        small
        └─ rows (a integer, b string) -> lookup of look
           └─ rows (a integer, b string) -> out
        main
        └─ rows (a integer, b string) -> step
           └─ rows (a integer, b string) -> more
              ├─ rest (a integer, b string) -> rest
              └─ rows (a integer, b string) -> rows of look (above)
      "
    `);
  });
});

describe('opWords', () => {
  it('names an operation without words of its own, and its keys', () => {
    expect(opWords({ op: 'rollingMean', keys: ['region', 'day'] } as unknown as Op, 'x')).toBe('rolling mean by region, day');
    expect(opWords({ op: 'shuffle' } as unknown as Op, 'x')).toBe('shuffle');
  });
  it('cuts long code', () => {
    const code = (text: string) => ({ language: 'typescript', source: text, field: 'where' }) as const;
    expect(opWords({ op: 'filter', test: code('row.a > 1'), isRule: false }, 'filter')).toBe('filter by row.a > 1');
    expect(opWords({ op: 'flatMap', code: code('\n  const a = row.a;\n  return row;\n') }, 'code')).toBe('map each row by code: const a = row.a; …');
    expect(opWords({ op: 'filter', test: code('x'.repeat(100)), isRule: false }, 'filter')).toHaveLength('filter by '.length + 60);
  });
});

describe('isRowByRow', () => {
  const transforms = definitions.filter((each) => each.kind === 'transform');
  it.each(transforms.map((each) => [each.type, each] as const))('says of %s how its operator works', (_, definition) => {
    for (const example of definition.examples) {
      const inputs = Object.fromEntries(definition.inputs.map(({ name }) => [name, edgesOf(example, name).map(({ schema }) => schema)]));
      const { op, problems, start } = prepareTransform(definition, example.params as Params, inputs, { now: () => 0, fail: () => {}, emit: () => {} });
      if (problems.some(({ severity }) => severity === 'error')) continue;
      expect(isRowByRow(op), example.title).toBe(!('process' in start()));
    }
  });
});
