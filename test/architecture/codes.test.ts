/** The table of codes and those who raise them agree: no code is unknown to it, and none in it is of no use. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { expect, it } from 'vitest';
import { codeGroups, codes } from '../../model/problems/codes/index.ts';
import { definitions } from '../../nodes/index.ts';

const project = join(import.meta.dirname, '..', '..');
const folders = ['model', 'kit', 'io', 'engine', 'nodes', 'electron', 'server', 'renderer', 'bin'];
const product = folders
  .flatMap((folder) => readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' }).map((name) => relative(project, join(project, folder, name))))
  .map((path) => path.split(sep).join('/'))
  .filter((path) => /[.](ts|tsx|mjs)$/.test(path) && !/[.]test[.]tsx?$/.test(path) && !path.startsWith('model/problems/codes/'))
  .map((path) => ({ path, text: readFileSync(join(project, path), 'utf8') }));
const declared = Object.keys(codes);
const areas = new Set(declared.map((code) => code.split('/')[0]));

/** Codes as they stand in a source: as a literal, or in a template that begins with the area. */
const literal = /'([a-z][a-z-]*(?:\/[a-zA-Z][\w-]*)?)'/g;
const template = /`\$\{\w+\}(\/[a-z][a-z-]*)`/g;

it('every code is raised somewhere', () => {
  const found = new Set(product.flatMap(({ text }) => [...text.matchAll(literal)].map(([, code]) => code)));
  const endings = [...new Set(product.flatMap(({ text }) => [...text.matchAll(template)].map(([, ending]) => ending!)))];
  expect(declared.filter((code) => !found.has(code) && !endings.some((ending) => code.endsWith(ending)))).toEqual([]);
});

it('every code is declared: also where no type looks', () => {
  // A media type, and the key of a record, are no codes.
  const others = new Set(['text/plain', 'text/html', 'text/css', 'text/javascript']);
  const unknown = product.flatMap(({ path, text }) =>
    [...text.matchAll(literal)].flatMap(([, code]) =>
      code!.includes('/') && areas.has(code!.split('/')[0]!) && !declared.includes(code!) && !others.has(code!) ? [`${path}: ${code}`] : [],
    ),
  );
  expect(unknown).toEqual([]);
});

it('every code is documented, once, in plain sentences', () => {
  const page = readFileSync(join(project, 'docs', 'errors.md'), 'utf8');
  expect(declared.filter((code) => page.split(`| \`${code}\` |`).length !== 2)).toEqual([]);
  const entries = Object.entries(codes);
  expect(entries.filter(([, { means, remedy }]) => !/^[A-Z].*[.]$/.test(means) || (remedy !== undefined && !/^[A-Z].*[.]$/.test(remedy)))).toEqual([]);
  expect(codeGroups.flatMap((group) => Object.keys(group.codes)).sort()).toEqual([...declared].sort());
});

it('codes that nodes declare for themselves are none of the table', () => {
  const own = definitions.flatMap(({ type, codes: ofNode = {} }) => Object.keys(ofNode).map((what) => `${type}/${what}`));
  expect(own.filter((code) => declared.includes(code) || !/^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(code))).toEqual([]);
});
