import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { errorSchema } from '../../../engine/plan/error-schema.ts';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

const file = 'trial.errors.db';

const table: SinkHarness = {
  params: { path: file, pipeline: 'Trial' },
  schema: errorSchema,
  row: (n, text) => ({ error: 'No', code: 'code/threw', node: 'prices', field: null, source: 'in.csv', line: n, row: { n, text } }),
  files: [file],
  earlier: 'stay',
  shown(folder) {
    if (!existsSync(join(folder, file))) return [];
    // For writing: who only reads leaves the files of the write-ahead log behind.
    const database = openSqlite(join(folder, file));
    try {
      if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'errors'").get()) return [];
      const found = database.prepare<[], { n: number }>("SELECT json_extract(row, '$.n') AS n FROM errors ORDER BY id").all();
      return found.map(({ n }) => n);
    } finally {
      database.close();
    }
  },
  block(folder) {
    const database = openSqlite(join(folder, file));
    database.exec('BEGIN IMMEDIATE');
    return () => database.close();
  },
};

export default { 'a new table': table };
