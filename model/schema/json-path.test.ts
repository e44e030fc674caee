import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../values/types.ts';
import { atJsonPath, jsonPathName, parseJsonPath } from './json-path.ts';

it.each([
  ['a', ['a']],
  ['a.b', ['a', 'b']],
  ['$.a[0].b', ['a', 0, 'b']],
  ['[1][2]', [1, 2]],
  ['["odd . name"].x', ['odd . name', 'x']],
  ["['a']", ['a']],
  ['$', []],
  ['$price', ['$price']],
  ['first name.x-y', ['first name', 'x-y']],
  ['["\\"\\u0041"]', ['"A']],
])('%s', (text, path) => expect(parseJsonPath(text)).toEqual(path));

it.each(['a..b', 'a.', 'a[', 'a[x]', 'a["b]', ']', 'a[-1]', 'a b ['])('%j is no path', (text) => expect(parseJsonPath(text)).toBeNull());

it('finds own members only, and is undefined where there is no such place', () => {
  const value: Json = { a: [{ b: null }], constructor2: 1 };
  expect(atJsonPath(value, ['a', 0, 'b'])).toBeNull();
  expect(atJsonPath(value, ['a', 1])).toBeUndefined();
  expect(atJsonPath(value, ['a', 'length', 'x'])).toBeUndefined();
  expect(atJsonPath(value, ['constructor'])).toBeUndefined();
  expect(atJsonPath('text', [0])).toBeUndefined();
  expect(jsonPathName(['items', 0, 'price'])).toBe('price');
  expect(jsonPathName(['items', 0])).toBe('items');
});

it('finds whatever stands in a value by the path to it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const visit = (at: Json, path: string) => {
        expect(atJsonPath(value as Json, parseJsonPath(path)!)).toBe(at);
        if (typeof at !== 'object' || at === null) return;
        const isList = Array.isArray(at);
        for (const [key, inner] of Object.entries(at)) visit(inner, `${path}[${isList ? key : JSON.stringify(key)}]`);
      };
      visit(value as Json, '$');
    }),
  );
});
