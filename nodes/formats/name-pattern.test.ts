import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namePattern } from './name-pattern.ts';

const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '🦉'), maxLength: 8 });

/** By the book: every way to share out the name. */
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
