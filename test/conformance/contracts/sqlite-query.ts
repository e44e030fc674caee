import { join } from 'node:path';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;

function make(folder: string, rows: number): void {
  const database = openSqlite(join(folder, 'in.db'));
  database.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)');
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  for (const n of numbers(0, rows)) insert.run(n, `row ${n}`);
  database.close();
}

export default {
  'a table': { params: () => ({ path: 'in.db', table: 't' }), make, numberOf },
  'a query': { params: () => ({ path: 'in.db', read: 'query', sql: 'SELECT n, text FROM t ORDER BY n' }), make, numberOf },
} satisfies { readonly [setting: string]: SourceHarness };
