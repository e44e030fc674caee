import { join } from 'node:path';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';
import { makeErrorsTable } from '../../../io/sqlite/errors-file.ts';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

const file = 'trial.errors.db';

const kept: SourceHarness = {
  params: () => ({ path: file, node: 'prices' }),
  make(folder, rows) {
    const database = openSqlite(join(folder, file));
    makeErrorsTable(database);
    database.exec('BEGIN');
    const insert = database.prepare(
      "INSERT INTO errors (failed_at, pipeline, run, node, error, code, row) VALUES (0, 'Trial', 'first', ?, 'No', 'code/threw', ?)",
    );
    for (const n of numbers(0, rows)) for (const node of ['prices', 'others']) insert.run(node, JSON.stringify({ n }));
    database.exec('COMMIT');
    database.close();
  },
  numberOf: ({ n }) => n as number,
};

export default { 'rows of one of two nodes': kept };
