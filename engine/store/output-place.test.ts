import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { linkedPaths, refuseLinkOut } from './output-place.ts';

let home: string;
const at = (...names: string[]) => join(home, ...names);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'millrace-place-'));
  mkdirSync(at('p', 'sub'), { recursive: true });
  mkdirSync(at('elsewhere'));
  writeFileSync(at('elsewhere', 'there.csv'), '');
  writeFileSync(at('p', 'here.csv'), '');
  for (const [link, target] of [
    ['to-file.csv', '../elsewhere/there.csv'],
    ['to-nothing.csv', at('elsewhere', 'not-yet.csv')],
    ['to-link.csv', 'to-nothing.csv'],
    ['to-folder', '../elsewhere'],
    ['to-no-folder', '../nowhere/at/all'],
    ['inside.csv', 'sub/new.csv'],
    ['itself', '.'],
    ['circle', 'circle'],
    ['sub/up', '../..'],
  ]) {
    symlinkSync(target!, at('p', link!));
  }
  symlinkSync('p', at('q'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const refusal = (path: string, folder = at('p')) => {
  try {
    refuseLinkOut(path, folder, 'out');
    return null;
  } catch (error) {
    return error instanceof MillraceError ? error.problem : error;
  }
};

test.each([
  ['to-file.csv', 'there.csv'],
  ['to-nothing.csv', 'not-yet.csv'],
  ['to-link.csv', 'not-yet.csv'],
  ['to-folder/new.csv', 'new.csv'],
  ['to-no-folder/new.csv', 'new.csv'],
  ['sub/up/new.csv', 'new.csv'],
  ['sub/../to-file.csv', 'there.csv'],
  ['../p/to-file.csv', 'there.csv'],
  ['itself/itself/to-nothing.csv', 'not-yet.csv'],
])('%s leads out of the folder', (path, where) => {
  const problem = { code: 'output/leads-out', node: 'out', field: 'path', message: expect.stringContaining(where) };
  expect(refusal(path)).toMatchObject(problem);
  if (!path.startsWith('..')) expect(refusal(path, at('q'))).toMatchObject(problem);
});

test.each(['here.csv', 'new.csv', 'sub/new.csv', 'none/new.csv', 'inside.csv', 'itself/new.csv', 'circle', '../elsewhere/there.csv', '/dev/null', ''])(
  '%s is what it says',
  (path) => {
    expect(refusal(path)).toBe(null);
    expect(refusal(path, at('q'))).toBe(null);
  },
);

test('a path that is a link, or lies below one, is told with its real place', () => {
  const real = realpathSync(home);
  const reals = (folder: string, ...paths: string[]) => Object.fromEntries(linkedPaths(paths, folder).map((link) => [link.path, relative(real, link.real)]));
  for (const folder of [at('p'), at('q')]) {
    expect(reals(folder, 'to-link.csv', 'to-folder/*.csv', 'here.csv', 'none/new.csv', '*.csv')).toEqual({
      'to-link.csv': join('elsewhere', 'not-yet.csv'),
      'to-folder/*.csv': join('elsewhere', '*.csv'),
    });
  }
  expect(reals(at('elsewhere'), at('p', 'to-file.csv'), '../p/to-folder', at('q', 'new.csv'), at('p', 'new.csv'), '../p/new.csv', '/dev/null')).toEqual({
    [at('p', 'to-file.csv')]: join('elsewhere', 'there.csv'),
    '../p/to-folder': 'elsewhere',
    [at('q', 'new.csv')]: join('p', 'new.csv'),
  });
});
