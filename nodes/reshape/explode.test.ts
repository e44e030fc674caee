import { expect, it } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import explode from './explode.ts';

const columns = schema({ id: 'integer', list: 'json?' });
const explodeOf = (params: object, ...lists: Json[]) =>
  tryTransform(explode, { column: 'list', ...params } as never, { inputs: { rows: { schema: columns, rows: lists.map((list, id) => ({ id, list })) } } });

it('makes one row of what is no list, and keeps a null within a list', () => {
  const { outputs } = explodeOf({ position: 'nr' }, { a: 1 }, [null, [1]], 'text', null, []);
  expect(outputs['rows']).toEqual([
    { id: 0, list: { a: 1 }, nr: 1 },
    { id: 1, list: null, nr: 1 },
    { id: 1, list: [1], nr: 2 },
    { id: 2, list: 'text', nr: 1 },
    { id: 3, list: null, nr: null },
    { id: 4, list: null, nr: null },
  ]);
});

it('promises a position where each row has one', () => {
  const position = (empty: string) => explodeOf({ position: 'nr', empty, type: 'number', name: 'item' }).schemas['rows'];
  expect(position('none')).toEqual(schema({ id: 'integer', item: 'number?', nr: 'integer' }));
  expect(position('row')).toEqual(schema({ id: 'integer', item: 'number?', nr: 'integer?' }));
});

it('fails the whole row for one item, so that no part of it counts', () => {
  const fields = [{ path: 'n', name: null, type: 'integer' }];
  const { outputs, failures } = explodeOf({ into: 'columns', fields }, [{ n: 1 }, { n: 1.5 }], [{ n: 2 }, 'x']);
  expect(outputs['rows']).toEqual([
    { id: 1, n: 2 },
    { id: 1, n: null },
  ]);
  expect(failures).toMatchObject([{ code: 'explode/cast', field: 'fields.0.type', row: { id: 0 } }]);
});

it.each([
  [{ into: 'columns', fields: [{ path: 'a..b', name: null, type: 'json' }] }, 'fields.0.path', '"a..b" is not a path'],
  [{ into: 'columns', fields: [{ path: 'id', name: null, type: 'json' }] }, 'fields.0.name', 'Two columns would be called "id"'],
  [{ position: 'id' }, 'position', 'Two columns would be called "id"'],
  [{ into: 'columns' }, 'fields', 'needs at least a field'],
  [{ column: 'id' }, 'column', 'is of type integer'],
])('tells what is wrong with %j', (params, field, message) => {
  expect(explodeOf(params).problems).toMatchObject([{ severity: 'error', field, message: expect.stringContaining(message) as string }]);
});
