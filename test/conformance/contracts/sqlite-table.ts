import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

const file = 'out.db';
const existing = `CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT); INSERT INTO t VALUES (-1, 'before')`;

function table(mode: string, settings: Pick<SinkHarness, 'earlier'> & { readonly exists?: boolean }): SinkHarness {
  const { exists = false, earlier } = settings;
  return {
    params: { path: file, table: 't', mode, keys: mode === 'upsert' ? ['n'] : [] },
    files: [file],
    earlier,
    shown: (folder) => (existsSync(join(folder, file)) ? numbersOf(join(folder, file)) : []),
    block: (folder) => locked(join(folder, file), 'BEGIN EXCLUSIVE'),
    blockCommit: (folder) => locked(join(folder, file), 'BEGIN; SELECT count(*) FROM sqlite_schema'),
    ...(exists && {
      before(folder) {
        const database = openSqlite(join(folder, file));
        database.exec(existing);
        database.close();
      },
    }),
  };
}

function numbersOf(path: string): number[] {
  const database = openSqlite(path, { access: 'read' });
  try {
    if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 't'").get()) return [];
    return database
      .prepare<[], { n: number }>('SELECT n FROM t ORDER BY rowid')
      .all()
      .map(({ n }) => n);
  } finally {
    database.close();
  }
}

function locked(path: string, sql: string): () => void {
  const database = openSqlite(path);
  database.exec(sql);
  return () => database.close();
}

export default {
  'a new database': table('create', { earlier: 'are refused' }),
  'a table that is replaced': table('replace', { earlier: 'make way', exists: true }),
  'a table that is added to': table('append', { earlier: 'stay', exists: true }),
  'a table that is updated by key': table('upsert', { earlier: 'stay', exists: true }),
};
