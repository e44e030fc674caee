import fc from 'fast-check';
import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import split from './split.ts';

const columns = schema({ id: 'integer', text: 'string?' });
const splitOf = (params: object, ...texts: (string | null)[]) =>
  tryTransform(split, { column: 'text', ...params } as never, { inputs: { rows: { schema: columns, rows: texts.map((text, id) => ({ id, text })) } } });
const into = (...names: string[]) => ({ columns: names.map((name) => ({ name, type: 'string' })) });
const parts = (params: object, text: string) => splitOf({ into: 'rows', trim: false, ...params }, text).outputs['rows']!.map((row) => row['text']);

it('keeps what is too much in the last column as it was written', () => {
  expect(splitOf(into('a', 'b'), 'x, y ,, z').outputs['rows']).toEqual([{ id: 0, a: 'x', b: 'y ,, z' }]);
  expect(splitOf({ ...into('a', 'b'), surplus: 'drop' }, 'x, y ,, z').outputs['rows']).toEqual([{ id: 0, a: 'x', b: 'y' }]);
  expect(splitOf({ ...into('a', 'b'), by: 'pattern', pattern: '[,;]+' }, 'x;;y,,z').outputs['rows']).toEqual([{ id: 0, a: 'x', b: 'y,,z' }]);
  expect(splitOf({ ...into('a'), keep: true }, 'x,y').outputs['rows']).toEqual([{ id: 0, text: 'x,y', a: 'x,y' }]);
});

it('leaves null where a part is missing, or fails the row', () => {
  expect(splitOf(into('a', 'b'), 'x', '', null).outputs['rows']).toEqual([
    { id: 0, a: 'x', b: null },
    { id: 1, a: '', b: null },
    { id: 2, a: null, b: null },
  ]);
  const { failures } = splitOf({ ...into('a', 'b'), missing: 'fail' }, 'x', null);
  expect(failures).toMatchObject([{ code: 'split/parts', field: 'missing', message: '"x" has 1 part, but there are 2 columns' }]);
});

it('splits at tabs and lines, and leaves out empty parts where that is wanted', () => {
  expect(parts({ delimiter: '\\t' }, 'a\tb c')).toEqual(['a', 'b c']);
  expect(parts({ delimiter: '\\n', blanks: false }, 'a\n\nb\n')).toEqual(['a', 'b']);
  expect(parts({ blanks: false }, ',,')).toEqual([null]);
});

it('splits as JavaScript does, at delimiters and at patterns', () => {
  const text = fc.array(fc.constantFrom('a', 'b', ',', ';', ' ', '\u{1F600}'), { maxLength: 12 }).map((list) => list.join(''));
  fc.assert(
    fc.property(text, fc.constantFrom(',', ';', ', ', 'ab'), (given, delimiter) => {
      expect(parts({ delimiter }, given)).toEqual(given.split(delimiter));
    }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom('[,;]', '[,;]+', '\\s*,\\s*', 'a?', '(?:)', ',|'), (given, pattern) => {
      if (given !== '') expect(parts({ by: 'pattern', pattern }, given)).toEqual(given.split(new RegExp(pattern, 'u')));
    }),
  );
});

it.each([
  [{ delimiter: '' }, 'delimiter', 'Delimiter is missing'],
  [{ ...into('a'), by: 'pattern', pattern: '(a)' }, 'pattern', 'would be lost'],
  [{ ...into('a'), by: 'pattern', pattern: '(a' }, 'pattern', 'not a regular expression'],
  [into('id'), 'columns.0.name', 'Two columns would be called "id"'],
  [{ ...into('text'), keep: true }, 'columns.0.name', 'Two columns would be called "text"'],
  [{ into: 'rows', position: 'id' }, 'position', 'Two columns would be called "id"'],
])('tells what is wrong with %j', (params, field, message) => {
  expect(splitOf(params).problems).toContainEqual(expect.objectContaining({ severity: 'error', field, message: expect.stringContaining(message) }));
});
