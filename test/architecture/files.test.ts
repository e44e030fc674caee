/** Rules about files that no linter knows: their size, their folders' names, and node types that leak out of their file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oldestNode } from '../../engine/processes/fork-node.ts';
import { definitions } from '../../nodes/index.ts';

const project = join(import.meta.dirname, '..', '..');
const folders = ['model', 'kit', 'io', 'engine', 'nodes', 'electron', 'server', 'renderer', 'test', 'bench', 'bin', 'scripts'];
const entries = folders.flatMap((folder) => walk(join(project, folder)));
const sources = entries.filter((path) => /[.](ts|tsx|mjs|cjs|css)$/.test(path));

const maxLines = 500;
const manyLines = 300;
const forbiddenFolders = ['utils', 'util', 'helpers', 'misc', 'common'];

it(`no file has over ${maxLines} lines`, () => {
  const sizes = sources.map((path) => ({ path, lines: read(path).split('\n').length - 1 }));
  const long = sizes.filter(({ lines }) => lines > manyLines).map(({ path, lines }) => `${path}: ${lines}`);
  if (long.length > 0) console.warn(`Over ${manyLines} lines, to be split some day:\n  ${long.join('\n  ')}`);
  expect(sizes.filter(({ lines }) => lines > maxLines)).toEqual([]);
});

it('no folder is named for what does not fit elsewhere', () => {
  expect(entries.filter((path) => path.split('/').some((part) => forbiddenFolders.includes(part)))).toEqual([]);
});

it('one version of Node is asked for everywhere', () => {
  expect(read('bin/build.mjs')).toContain(`>= ${oldestNode})`);
  expect(JSON.parse(read('package.json')).dependencies.node).toMatch(new RegExp(`^${oldestNode}[.]`));
});

describe('a node type', () => {
  it('is known to its own file alone', () => {
    const product = sources.filter((path) => /^(model|kit|io|engine|nodes|electron|server|renderer)\//.test(path) && !/[.]test[.]tsx?$/.test(path));
    const leaks = product.flatMap((path) =>
      definitions.filter(({ type }) => !isFileOf(type, path) && namesType(read(path), type)).map(({ type }) => `${path} names "${type}"`),
    );
    expect(leaks).toEqual([]);
  });

  it.each([
    ["if (node.type === 'filter') draw();", 'filter', true],
    ["catalogue.get('filter')", 'filter', true],
    ["add({ type: 'filter' })", 'filter', true],
    ["const first = 'csv-file';", 'csv-file', true],
    ['`csv-file`', 'csv-file', true],
    ["case 'code': return editor;", 'code', false],
    ['rows.filter((row) => row)', 'filter', false],
    ["kind: 'filter'", 'filter', false],
    ["if (change.type === 'select')", 'select', false],
  ])('is found in %s', (source, type, leaks) => {
    expect(namesType(source, type)).toBe(leaks);
  });
});

/**
 * A type of several words is found wherever it is quoted. One of a single word is an ordinary word as well (`'code'` is also
 * a kind of param, and a change of the canvas has a
 * type, too), so it counts only where it is compared with, given as, or looked up as the type of a node.
 */
function namesType(source: string, type: string): boolean {
  const quoted = `['"\`]${type}['"\`]`;
  const pattern = type.includes('-') ? quoted : `(?<!change[.])\\btype['"]?\\s*(:|===?|!==?)\\s*${quoted}|\\b(get|definition)\\(${quoted}`;
  return new RegExp(pattern).test(source);
}

function isFileOf(type: string, path: string): boolean {
  return path.startsWith('nodes/') && path.split('/').length === 3 && path.endsWith(`/${type}.ts`);
}

function read(path: string): string {
  return readFileSync(join(project, path), 'utf8');
}

/** All files below, relative to the project, with slashes. */
function walk(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(project, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .filter((path) => !path.includes('/.'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
