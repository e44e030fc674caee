import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namePattern, pathMatches } from './name-pattern.ts';

const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '🦉'), maxLength: 8 });

/** By definition: every way to divide the name. */
function matches([first, ...pattern]: string[], name: string[]): boolean {
  if (first === undefined) return name.length === 0;
  if (first === '*') return matches(pattern, name) || (name.length > 0 && matches([first, ...pattern], name.slice(1)));
  return name.length > 0 && (first === '?' || first === name[0]) && matches(pattern, name.slice(1));
}

test('matches what a matcher that tries everything does', () => {
  fc.assert(
    fc.property(part, part, (pattern, text) => {
      const name = text.replaceAll('*', 'a').replaceAll('?', 'b');
      const isHidden = name.startsWith('.') && !pattern.startsWith('.');
      expect(namePattern(pattern)(name)).toBe(!isHidden && matches([...pattern], [...name]));
    }),
    { numRuns: 1000 },
  );
});

test('needs no more steps for a pattern of many stars', () => {
  const long = 'a'.repeat(100_000);
  expect(namePattern('*a*a*a*a*a*a*a*ab')(long)).toBe(false);
  expect(namePattern('*a*a*a*a*a*a*a*a')(long)).toBe(true);
});

test('matches a path by the segments of another', () => {
  const matching = (pattern: string, ...paths: string[]) => paths.filter((path) => pathMatches(pattern, path));
  expect(matching('in/a.csv', 'in/a.csv', './in/a.csv', 'in//a.csv', 'a.csv', '/in/a.csv')).toEqual(['in/a.csv', './in/a.csv', 'in//a.csv']);
  expect(matching('in/*.csv', 'in/a.csv', 'in/b/a.csv', 'in/.a.csv', 'in/a.txt')).toEqual(['in/a.csv']);
  expect(matching('/w/**/*.csv', '/w/a.csv', '/w/x/y/a.csv', '/v/a.csv', '/w/.x/a.csv')).toEqual(['/w/a.csv', '/w/x/y/a.csv']);
  expect(matching('../in/*', '../in/a', 'in/a')).toEqual(['../in/a']);
  expect(matching('what?.csv', 'what?.csv', 'what1.csv', 'what.csv')).toEqual(['what?.csv', 'what1.csv']);
});
