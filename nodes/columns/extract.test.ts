import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import extract from './extract.ts';

const columns = schema({ id: 'integer', text: 'string?', data: 'json?' });
const extractOf = (params: object, ...texts: (string | null)[]) =>
  tryTransform(extract, { column: 'text', keep: false, ...params } as never, {
    inputs: { rows: { schema: columns, rows: texts.map((text, id) => ({ id, text, data: null })) } },
  });

it('takes groups by name, also twice named and odd ones, each with its type', () => {
  const pattern = '(?<year>\\d{4})|(?<year>\\d\\d)y(?<constructor>x)?';
  const { outputs, schemas } = extractOf({ pattern, types: { year: 'integer' } }, '2024', '24yx', null);
  expect(schemas['rows']).toEqual(schema({ id: 'integer', data: 'json?', year: 'integer?', constructor: 'string?' } as never));
  expect(outputs['rows']!.map((row) => [row['year'], row['constructor']])).toEqual([
    [2024, null],
    [24, 'x'],
    [null, null],
  ]);
});

it('fails a text that does not match, or leaves null', () => {
  expect(extractOf({ pattern: '(?<n>\\d+)' }, 'x', '1').failures).toMatchObject([{ code: 'extract/no-match', field: 'pattern', row: { id: 0 } }]);
  expect(extractOf({ pattern: '(?<n>\\d+)', unmatched: 'null' }, 'x').outputs['rows']).toEqual([{ id: 0, data: null, n: null }]);
  expect(extractOf({ pattern: '(?<n>[a-z]+)', ignoreCase: true }, 'XY').outputs['rows']).toMatchObject([{ n: 'XY' }]);
});

it('fails a value that does not fit, or makes it null', () => {
  const given = { pattern: '(?<n>.+)', types: { n: 'integer' } };
  expect(extractOf(given, '1.5').failures).toMatchObject([{ code: 'extract/cast', message: '"1.5" is not a whole number (column "n")' }]);
  expect(extractOf({ ...given, unfit: 'null' }, '1.5').outputs['rows']).toMatchObject([{ n: null }]);
});

it.each([
  [{ pattern: '(?<a>' }, 'pattern', 'not a regular expression'],
  [{ pattern: '(a)' }, 'pattern', 'no named group'],
  [{ pattern: '(?<id>.)' }, 'pattern', 'Two columns would be called "id"'],
  [{ pattern: '(?<a>.)', types: { b: 'integer' } }, 'types', 'no group "b"'],
  [{ pattern: '(?<a>.)', column: 'data' }, 'column', 'is JSON, not text'],
  [{ by: 'json', fields: [{ path: 'a', name: null, type: 'json' }] }, 'column', 'is text, not JSON'],
  [{ by: 'json', column: 'data', fields: [{ path: '[', name: 'x', type: 'json' }] }, 'fields.0.path', 'not a path'],
])('tells what is wrong with %j', (params, field, message) => {
  expect(extractOf(params).problems).toMatchObject([{ severity: 'error', field, message: expect.stringContaining(message) as string }]);
});
