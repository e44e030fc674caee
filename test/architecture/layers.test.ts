/** The rules of .dependency-cruiser.cjs: each of them catches what it is there for. That the project keeps them is checked by `npm run check`. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');
const { forbidden, options } = createRequire(import.meta.url)(join(project, '.dependency-cruiser.cjs')) as Required<IConfiguration>;

async function violations(baseDir: string, of: readonly string[]): Promise<string[]> {
  const { output } = await cruise([...of], { ...options, ruleSet: { forbidden }, validate: true, baseDir, tsConfig: undefined });
  const { summary } = output as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

const file = 'export const x = 1;\n';
/** A rule, and the smallest project that breaks it. */
const cases: readonly (readonly [rule: string, files: Record<string, string>])[] = [
  ['engine-below-its-hosts', { 'engine/a.ts': "import '../server/b.ts';", 'server/b.ts': file }],
  ['nodes-know-only-their-kit', { 'nodes/sinks/a.ts': "import './b.ts';", 'nodes/sinks/b.ts': file }],
  ['nodes-know-only-their-kit', { 'nodes/formats/a.ts': "import '../../engine/runtime/b.ts';", 'engine/runtime/b.ts': file }],
  ['kit-below-the-nodes', { 'nodes/kit/a.ts': "import '../formats/b.ts';", 'nodes/formats/b.ts': file }],
  ['nodes-come-by-the-index', { 'engine/cli/a.ts': "import '../../nodes/sinks/b.ts';", 'nodes/sinks/b.ts': file }],
  ['sqlite-by-its-driver', { 'nodes/sinks/a.ts': "await import('better-sqlite3');", 'node_modules/better-sqlite3/index.js': file }],
  ['sqlite-by-its-driver', { 'engine/store/a.ts': "import { DatabaseSync } from 'node:sqlite';" }],
  ['sqlite-by-its-driver', { 'nodes/sinks/a.ts': "import '../formats/sqlite-node.ts';", 'nodes/formats/sqlite-node.ts': file }],
  ['pure-layers-stay-pure', { 'engine/plan/a.ts': "import 'node:fs';" }],
  ['pure-layers-know-each-other-only', { 'engine/document/a.ts': "import '../store/b.ts';", 'engine/store/b.ts': file }],
  ['schema-at-the-bottom', { 'engine/schema/a.ts': "import '../plan/b.ts';", 'engine/plan/b.ts': file }],
  ['editor-by-protocol', { 'renderer/a.ts': "import '../engine/plan/b.ts';", 'engine/plan/b.ts': file }],
  ['editor-without-node', { 'renderer/a.ts': "import 'node:path';" }],
  [
    'editor-reaches-nothing-native',
    {
      'renderer/a.ts': "import '../engine/protocol/b.ts';",
      'engine/protocol/b.ts': "import '../store/c.ts';",
      'engine/store/c.ts': "import 'ws';",
      'node_modules/ws/index.js': file,
    },
  ],
  ['only-electron-uses-electron', { 'server/a.ts': "import 'electron';", 'node_modules/electron/index.js': file }],
  ['hosts-are-apart', { 'server/a.ts': "import '../electron/b.ts';", 'electron/b.ts': file }],
  ['product-without-tests', { 'engine/a.ts': "import '../test/b.ts';", 'test/b.ts': file }],
  ['no-cycles', { 'engine/a.ts': "import './b.ts'; export const a = 1;", 'engine/b.ts': "import './a.ts'; export const b = 1;" }],
  ['no-orphans', { 'engine/a.ts': file }],
  ['imports-that-resolve', { 'engine/a.ts': "import './gone.ts';" }],
];

it('every rule gives its reason and has a case', () => {
  for (const { comment } of forbidden) expect(comment?.length).toBeGreaterThan(30);
  expect(new Set(cases.map(([rule]) => rule))).toEqual(new Set(forbidden.map((rule) => rule.name)));
});

describe('a rule catches', () => {
  it.each(cases)('%s: %o', async (rule, files) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-layers-'));
    try {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      const found = await violations(
        folder,
        [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))].filter((name) => name !== 'node_modules'),
      );
      expect(found.map((violation) => violation.split(':')[0])).toContain(rule);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
