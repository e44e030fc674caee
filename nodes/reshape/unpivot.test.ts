import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import unpivot from './unpivot.ts';

const wide = schema({ id: 'integer', a: 'integer', b: 'number?', note: 'string' });
const input = (...rows: { id: number; a: number; b: number | null; note: string }[]) => ({ inputs: { rows: { schema: wide, rows } } });

it('takes the type that the columns share, and says whether there may be nulls', () => {
  const { schemas, outputs } = tryTransform(unpivot, { keep: ['note', 'id'] }, input({ id: 1, a: 2, b: null, note: 'x' }));
  expect(schemas['rows']).toEqual(schema({ id: 'integer', note: 'string', name: 'string', value: 'number?' }));
  expect(outputs['rows']).toEqual([
    { id: 1, note: 'x', name: 'a', value: 2 },
    { id: 1, note: 'x', name: 'b', value: null },
  ]);
  const whole = tryTransform(unpivot, { which: 'chosen', columns: ['a', 'id'] }, input());
  expect(whole.schemas['rows']).toEqual(schema({ b: 'number?', note: 'string', name: 'string', value: 'integer' }));
  expect(tryTransform(unpivot, { keep: ['note', 'id'], nulls: 'drop' }, input()).schemas['rows']!.columns.at(-1)).toMatchObject({ nullable: false });
});

it('fails the row whose value does not fit, or makes it null', () => {
  const given = { which: 'chosen', columns: ['note'], type: 'integer' };
  const rows = input({ id: 1, a: 2, b: 3, note: '7' }, { id: 2, a: 2, b: 3, note: '7up' });
  const failing = tryTransform(unpivot, given, rows);
  expect(failing.outputs['rows']).toMatchObject([{ id: 1, value: 7 }]);
  expect(failing.failures).toMatchObject([{ code: 'unpivot/cast', field: 'type', row: { id: 2 } }]);
  expect(tryTransform(unpivot, { ...given, unfit: 'null' }, rows).outputs['rows']).toMatchObject([{ value: 7 }, { value: null }]);
});

it.each([
  [{}, 'The values have no type in common: "id" is integer and "note" is string'],
  [{ keep: ['id', 'a', 'b', 'note'] }, 'No column is left'],
  [{ keep: ['note'], nameType: 'integer' }, '"id" is not a whole number'],
  [{ keep: ['note'], value: 'note' }, 'Two columns would be called "note"'],
  [{ keep: ['note'], name: 'value' }, 'Two columns would be called "value"'],
  [{ which: 'chosen' }, 'needs at least a column'],
])('tells what is wrong with %j', (given, message) => {
  expect(tryTransform(unpivot, given, input()).problems.map((problem) => problem.message)).toContainEqual(expect.stringContaining(message));
});
