import { describe, expect, it } from 'vitest';
import { placeOf, resolvedPath } from './path-place.ts';

describe('where a path leads', () => {
  it('tells the folder, the machine and others apart', () => {
    for (const path of ['a.csv', './a/../b.csv', 'data/*.csv', 'a..b/c']) expect(placeOf(path)).toBe('inside');
    for (const path of ['/etc/passwd', '../x', 'a/../../x', 'C:\\x', 'c:x', '\\x', 'a\\..\\..\\x', '~/x', '/proc/**']) expect(placeOf(path)).toBe('outside');
    for (const path of ['//host/share/x', '\\\\host\\share', '\\\\?\\C:\\x', 'https://x.example/y', 'file://host/x']) expect(placeOf(path)).toBe('network');
  });

  it('says the whole path of what leaves the folder', () => {
    expect(resolvedPath('../../x/./y', '/home/me/project')).toBe('/home/x/y');
    expect(resolvedPath('a/../../x', '/home/me')).toBe('/home/x');
    expect(resolvedPath('/a/../etc/x', '/home/me')).toBe('/etc/x');
    expect(resolvedPath('..\\x', 'C:\\me\\project')).toBe('C:\\me\\x');
    expect(resolvedPath('../x', null)).toBe('../x');
    expect(resolvedPath('data/a.csv', '/home/me')).toBe('data/a.csv');
  });
});
