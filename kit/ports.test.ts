import { expect, expectTypeOf, it } from 'vitest';
import type { Schema } from '../model/values/types.ts';
import { defineNode, type Inference, type NodeDefinition } from './node.ts';

const declared = {
  type: 'pair',
  title: 'Pair',
  summary: 'Has two inputs.',
  category: 'Combine',
  icon: 'arrows-join',
  version: 1,
  docs: '',
  params: {},
  examples: [],
} as const;

it('types what goes by ports from their declaration', () => {
  const pair = defineNode({
    ...declared,
    kind: 'transform',
    inputs: [{ name: 'left' }, { name: 'right', optional: true }],
    outputs: [{ name: 'rows' }],
    infer: ({ inputs }) => {
      expectTypeOf<keyof typeof inputs>().toEqualTypeOf<'left' | 'right'>();
      expectTypeOf(inputs.right).toEqualTypeOf<Schema | null>();
      return { outputs: { rows: inputs.left } };
    },
    lower: ({ inputs }) => {
      expectTypeOf(inputs.left).toEqualTypeOf<Schema>();
      return { op: 'flatten' };
    },
    run: ({ inputs, outputs, emit }) => {
      expectTypeOf(inputs.left).toEqualTypeOf<Schema>();
      expectTypeOf(inputs.right).toEqualTypeOf<Schema | undefined>();
      expectTypeOf(outputs.rows).toEqualTypeOf<Schema>();
      expectTypeOf(emit).parameter(0).toEqualTypeOf<'rows'>();
      return { process: (rows) => emit('rows', rows) };
    },
  });
  const any: NodeDefinition = pair;
  expect(any).toBe(pair);
});

it('takes no output that was not declared', () => {
  expectTypeOf<{ readonly row: null }>().not.toExtend<Inference<readonly [{ readonly name: 'rows' }]>['outputs']>();
});
