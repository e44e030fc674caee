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
  ['model-at-the-bottom', { 'model/values/a.ts': "import '../../kit/b.ts';", 'kit/b.ts': file }],
  ['kit-above-the-model', { 'kit/a.ts': "import '../io/files/b.ts';", 'io/files/b.ts': file }],
  ['kit-by-its-exports', { 'nodes/rows/a.ts': "import '../../kit/b.ts';", 'kit/b.ts': file }],
  ['io-above-the-kit', { 'io/files/a.ts': "import '../../engine/store/b.ts';", 'engine/store/b.ts': file }],
  ['operators-know-the-contract-only', { 'engine/operators/join/a.ts': "import '../../plan/b.ts';", 'engine/plan/b.ts': file }],
  ['nodes-know-only-their-kit', { 'nodes/rows/a.ts': "import '../columns/b.ts';", 'nodes/columns/b.ts': file }],
  ['nodes-know-only-their-kit', { 'nodes/formats/csv/a.ts': "import '../../../engine/plan/b.ts';", 'engine/plan/b.ts': file }],
  ['formats-below-the-families', { 'nodes/formats/csv/a.ts': "import '../../csv/b.ts';", 'nodes/csv/b.ts': file }],
  ['declarations-load-nothing', { 'nodes/kafka/a.ts': "import 'kafkajs';", 'node_modules/kafkajs/index.js': file }],
  ['declarations-load-nothing', { 'nodes/kafka/a.ts': "import './runtime/b.ts';", 'nodes/kafka/runtime/b.ts': file }],
  ['declarations-load-nothing', { 'nodes/kafka/a.ts': "import 'node:net';" }],
  ['kit-and-model-load-nothing', { 'kit/a.ts': "import 'acorn';", 'node_modules/acorn/index.js': file }],
  ['nodes-come-by-the-index', { 'engine/cli/a.ts': "import '../../nodes/csv/b.ts';", 'nodes/csv/b.ts': file }],
  ['sqlite-by-its-driver', { 'nodes/csv/a.ts': "await import('better-sqlite3');", 'node_modules/better-sqlite3/index.js': file }],
  ['sqlite-by-its-driver', { 'engine/store/a.ts': "import { DatabaseSync } from 'node:sqlite';" }],
  ['sqlite-by-its-driver', { 'nodes/csv/a.ts': "import '../../io/sqlite/sqlite-node.ts';", 'io/sqlite/sqlite-node.ts': file }],
  ['pure-layers-stay-pure', { 'engine/plan/a.ts': "import 'node:fs';" }],
  ['pure-layers-know-each-other-only', { 'engine/document/a.ts': "import '../store/b.ts';", 'engine/store/b.ts': file }],
  ['editor-by-protocol', { 'renderer/a.ts': "import '../engine/plan/b.ts';", 'engine/plan/b.ts': file }],
  ['editor-floors-below-the-features', { 'renderer/shell/a.ts': "import '../canvas/b.ts';", 'renderer/canvas/b.ts': file }],
  ['no-feature-imports-another', { 'renderer/start/a.ts': "import '../canvas/b.ts';", 'renderer/canvas/b.ts': file }],
  ['no-feature-imports-another', { 'renderer/results/a.ts': "import type { B } from '../runs/b.ts';", 'renderer/runs/b.ts': 'export type B = 1;' }],
  ['no-feature-imports-another', { 'renderer/canvas/a.ts': "import '../app/b.ts';", 'renderer/app/b.ts': file }],
  ['features-by-their-contributions', { 'renderer/app/a.ts': "import('../canvas/b.ts');", 'renderer/canvas/b.ts': file }],
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
