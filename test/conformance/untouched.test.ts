/** Whoever only looks changes nothing: checks and previews of every source in the library, over files of all kinds. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { exampleFile } from '@millrace/kit/testing/example-files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyPipeline } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { Discoveries } from '../../engine/preview/discoveries.ts';
import { lookAt, stampsOf } from '../../engine/preview/look.ts';
import { PreviewEngine } from '../../engine/preview/preview-engine.ts';
import { newMonitor } from '../../engine/runners/local/monitor.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { threadSandbox } from '../../engine/sandbox/thread-sandbox.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { definitions } from '../../nodes/index.ts';

const catalogue = new Catalogue(definitions);
const engine = new PreviewEngine({ definition: (type) => catalogue.get(type), sandbox: threadSandbox, monitor: newMonitor() });
let folder: string;
const opened: SqliteConnection[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-untouched-'));
});
afterEach(() => {
  for (const database of opened.splice(0)) database.close();
  rmSync(folder, { recursive: true, force: true });
});

const sources = definitions.filter(({ kind }) => kind === 'source');
const examples = sources.flatMap((definition) => definition.examples.map((example) => ({ definition, example, name: `${definition.type}: ${example.title}` })));

describe('a check and a preview leave everything as it is', () => {
  it.each(examples)('$name', async ({ definition, example }) => {
    for (const [path, content] of Object.entries(example.files ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), exampleFile(content));
    }
    await expectUntouched(definition.type, example.params);
  });

  describe.each(['delete', 'wal', 'wal with rows in it'])('of a database with journal mode %s', (mode) => {
    const readers: [type: string, params: (path: string) => Record<string, unknown>][] = [
      ['sqlite-query', (path) => ({ path, table: 'accounts' })],
      ['sqlite-query', (path) => ({ path, read: 'query', sql: 'select owner || 1 as o from accounts order by random()' })],
      ['errors-replay', (path) => ({ path, node: 'n' })],
      ['http-in', (inbox) => ({ inbox, columns: [{ column: 'a', type: 'string' }] })],
    ];
    it.each(readers)('%s', async (type, params) => {
      const database = openSqlite(join(folder, 'precious.db'));
      database.exec(`pragma journal_mode = ${mode.split(' ')[0]}`);
      database.exec("create table accounts (owner text); insert into accounts values ('a'), ('b')");
      if (mode.includes('rows')) opened.push(database);
      else database.close();
      await expectUntouched(type, params('precious.db'));
    });
  });

  it('http-in, where there is no inbox yet, and where its address is taken', async () => {
    await expectUntouched('http-in', { inbox: 'none.db', columns: [{ column: 'a', type: 'string' }] });
  });
});

async function expectUntouched(type: string, params: object): Promise<void> {
  const before = contents();
  const looks = { look: lookAt, stamps: stampsOf, links: async () => [], close() {} };
  const pipeline = { ...emptyPipeline, nodes: { source: { type, typeVersion: 1, params: params as never } } };
  const checker = new Checker(catalogue, codeAnalysis, new Discoveries({ looks }));
  try {
    const { checked, sampleKeys } = await checker.check(pipeline, { folder, path: null }, { touch: true });
    await engine.read({ plan: planRun(checked, { target: 'source' }), folder, node: 'source', port: 'rows', limit: 100, sampleKeys });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
  }
  expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
  expect(contents()).toEqual(before);
}

/** Of all files and folders. The index of a WAL is scratch space of whoever has the database open: of it the name counts. */
function contents(): Record<string, unknown> {
  const paths = [folder, ...readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name))];
  return Object.fromEntries(
    paths.map((path) => {
      const stat = statSync(path);
      const hash = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : null;
      return [relative(folder, path), path.endsWith('-shm') ? 'index' : [stat.size, stat.mtimeMs, stat.mode, hash]];
    }),
  );
}
