import type { StatefulOperator } from '@millrace/kit/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { schema, startTransform, tryTransform } from '../../test/transform-trial.ts';
import limit from './limit.ts';

it('is a slice of its input, whatever the batches and restarts', () => {
  const small = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(small, small, small, fc.integer({ min: 1, max: 5 }), small, (length, count, offset, batchSize, restartAfter) => {
      const rows = Array.from({ length }, (_, id) => ({ id }));
      const inputs = { rows: { schema: schema({ id: 'integer' }), rows } };
      expect(tryTransform(limit, { count, offset }, { inputs, batchSize, restartAfter }).outputs['rows']).toEqual(rows.slice(offset, offset + count));
    }),
  );
});

it('is done as soon as it has enough', () => {
  const operator = startTransform(limit, {
    params: { count: 2, offset: 1 },
    inputs: { rows: schema({ id: 'integer' }) },
    outputs: { rows: schema({ id: 'integer' }) },
    emit: () => {},
  } as never) as StatefulOperator;
  operator.process([{ id: 1 }, { id: 2 }], 'rows');
  expect(operator.done!()).toBe(false);
  operator.process([{ id: 3 }], 'rows');
  expect(operator.done!()).toBe(true);
});
