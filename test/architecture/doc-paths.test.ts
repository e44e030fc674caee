/** The docs name only files that exist: with a folder from the root, or by a name that some file has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { entryOf } from '../../model/problems/codes/index.ts';

const root = join(import.meta.dirname, '../..');
const roots = ['model', 'kit', 'io', 'nodes', 'engine', 'renderer', 'electron', 'server', 'test', 'bench', 'scripts', 'docs'];
const names = new Set(
  roots.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })).map((path) => path.split(/[\\/]/).at(-1)!),
);
const pages = ['docs', 'docs/adr'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

it.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const paths = [...text.matchAll(/`((?:[\w.-]+\/)+(?:[\w.-]+)?|[\w-]+(?:\.[\w-]+)*\.tsx?)`/g)].map(([, path]) => path!);
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path]) => path!);
  // A code such as `engine/gone` is no path.
  const isMissing = (path: string) =>
    entryOf(path) === null && (path.includes('/') ? roots.includes(path.split('/')[0]!) && !existsSync(join(root, path)) : !names.has(path));
  const missing = [...paths.filter(isMissing), ...links.filter((path) => !existsSync(join(root, dirname(page), path)))];
  expect(missing).toEqual([]);
});

it.each(['bench/README.md', 'bench/nexmark/README.md'])('%s has commands that run under any Node', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const scripts = [...text.matchAll(/\bnode (?:--\S+\s+)*(\S+\.\w+)/g)].map(([, script]) => script!);
  expect(scripts.length).toBeGreaterThan(0);
  // Older ones read no TypeScript: such a script starts the Node of the dependencies.
  for (const script of scripts) expect(readFileSync(join(root, script), 'utf8'), script).toContain('needNode()');
});
