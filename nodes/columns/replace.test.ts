import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import replace from './replace.ts';

const columns = schema({ code: 'integer?', a: 'string', b: 'string?' });
const replaceOf = (params: object, ...rows: { code?: number | null; a?: string; b?: string | null }[]) =>
  tryTransform(replace, params as never, { inputs: { rows: { schema: columns, rows: rows.map((row) => ({ code: null, a: '', b: null, ...row })) } } });
const table = (...pairs: (readonly [string | null, string | null])[]) => ({ values: pairs.map(([from, to]) => ({ from, to })) });

it('looks up whole values in the type of their column', () => {
  const given = { columns: ['code'], ...table(['1', '10'], ['2.0', '20'], [null, '0']) };
  const { outputs, schemas } = replaceOf(given, { code: 1 }, { code: 2 }, { code: 12 }, { code: null });
  expect(outputs['rows']!.map(({ code }) => code)).toEqual([10, 20, 12, 0]);
  expect(schemas['rows']!.columns[0]).toEqual({ name: 'code', type: 'integer', nullable: false });
});

it('takes an empty value for null and for empty text, and an empty new one for null', () => {
  const { outputs, schemas } = replaceOf(table([null, 'none'], ['x', null]), { a: '', b: null }, { a: 'x', b: 'X' }, { a: ' ', b: '' });
  expect(outputs['rows']!.map(({ a, b }) => [a, b])).toEqual([
    ['none', 'none'],
    [null, 'X'],
    [' ', 'none'],
  ]);
  expect(schemas['rows']!.columns.map(({ nullable }) => nullable)).toEqual([true, true, true]);
});

it('keeps, nulls or fails what is not in the table; without case where that does not count', () => {
  const given = { columns: ['a'], ...table(['x', 'y']) };
  const values = (params: object) => replaceOf({ ...given, ...params }, { a: 'X' }, { a: 'x' }, { a: 'z' }).outputs['rows']!.map(({ a }) => a);
  expect(values({})).toEqual(['X', 'y', 'z']);
  expect(values({ others: 'null' })).toEqual([null, 'y', null]);
  expect(values({ others: 'fail', ignoreCase: true })).toEqual(['y', 'y']);
});

it('casts what is not in the table to the new type, or fails its row', () => {
  const { outputs, failures, schemas } = replaceOf({ columns: ['a'], ...table(['many', '99']), type: 'integer' }, { a: 'many' }, { a: '7' }, { a: 'few' });
  expect(outputs['rows']!.map(({ a }) => a)).toEqual([99, 7]);
  expect(failures).toMatchObject([{ code: 'replace/cast', field: 'type' }]);
  expect(schemas['rows']!.columns[1]).toEqual({ name: 'a', type: 'integer', nullable: true });
});

it('takes text and new text as they are, and only a pattern has groups', () => {
  const text = (params: object, a: string) => replaceOf({ columns: ['a'], ...params }, { a }).outputs['rows']![0]!['a'];
  expect(text({ what: 'text', find: 'A.', replacement: '$1' }, 'a.A.aA')).toBe('a.$1aA');
  expect(text({ what: 'text', find: 'A.', replacement: '$1', ignoreCase: true }, 'a.A.aA')).toBe('$1$1aA');
  expect(text({ what: 'pattern', pattern: '(\\d)\\D', replacement: '$1-' }, '1x2y3')).toBe('1-2-3');
  expect(text({ what: 'pattern', pattern: 'import|eval|<!--', replacement: '' }, 'eval import(<!--)')).toBe(' ()');
});

it.each([
  [{ ...table(['x', 'y']), columns: ['code'] }, 'values.0.from', '"x" is not a whole number'],
  [{ ...table(['1', 'y']), columns: ['code'] }, 'values.0.to', '"y" is not a whole number'],
  [{ what: 'text', find: 'x', columns: ['code'] }, 'columns.0', 'which has no parts of text'],
  [{ what: 'pattern', pattern: '[', columns: ['a'] }, 'pattern', 'not a regular expression'],
  [{ what: 'values' }, 'values', 'needs at least a value'],
])('tells what is wrong with %j', (params, field, message) => {
  expect(replaceOf(params).problems).toMatchObject([{ severity: 'error', field, message: expect.stringContaining(message) as string }]);
});
