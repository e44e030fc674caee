import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import union from './union.ts';

const empty = (...schemas: ReturnType<typeof schema>[]) => ({ inputs: { rows: schemas.map((each) => ({ schema: each, rows: [] })) } });

it('has the columns of all inputs, nullable where one lacks them, integers widened to numbers', () => {
  const { schemas, problems } = tryTransform(
    union,
    { columns: 'all' },
    empty(schema({ id: 'integer', size: 'integer' }), schema({ size: 'number', id: 'integer', note: 'string' })),
  );
  expect(problems).toEqual([]);
  expect(schemas['rows']).toEqual(schema({ id: 'integer', size: 'number', note: 'string?' }));
});

it('warns of a column that not all inputs have, unless that is meant, or leaves it out', () => {
  const inputs = empty(schema({ id: 'integer', region: 'string' }), schema({ id: 'integer', Region: 'string' }));
  const { problems } = tryTransform(union, {}, inputs);
  expect(problems).toMatchObject([{ code: 'union/missing', severity: 'warning', field: 'columns' }]);
  expect(problems[0]!.message).toContain('"region" (in 1 of 2 inputs), "Region" (in 1 of 2 inputs)');
  expect(tryTransform(union, { columns: 'all' }, inputs).problems).toEqual([]);
  const common = tryTransform(union, { columns: 'common' }, inputs);
  expect([common.problems, common.schemas['rows']]).toEqual([[], schema({ id: 'integer' })]);
});

it('refuses columns of different types', () => {
  const { problems } = tryTransform(union, {}, empty(schema({ time: 'timestamp' }), schema({ time: 'string' })));
  expect(problems).toMatchObject([{ code: 'union/types', message: 'Column "time" is timestamp in one input and string in another' }]);
});

it('fills the columns that an input lacks with null, and orders them alike', () => {
  const inputs = {
    rows: [
      { schema: schema({ id: 'integer', name: 'string' }), rows: [{ id: 1, name: 'a' }] },
      { schema: schema({ size: 'number', id: 'integer' }), rows: [{ size: 2.5, id: 2 }] },
    ],
  };
  const rows = tryTransform(union, {}, { inputs }).outputs['rows']!;
  expect(rows.map((row) => Object.entries(row))).toEqual([
    [
      ['id', 1],
      ['name', 'a'],
      ['size', null],
    ],
    [
      ['id', 2],
      ['name', null],
      ['size', 2.5],
    ],
  ]);
});
