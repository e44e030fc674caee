import { existsSync } from 'node:fs';
import { outputProblem } from '../../../io/files/output-problem.ts';
import { errorsTable, isWaiting } from '../../../io/sqlite/errors-file.ts';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../../io/sqlite/sqlite-library.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { parseJson } from '../../../model/values/json-text.ts';
import type { Row } from '../../../model/values/types.ts';

const sampled = 1000;

/** The first waiting rows of a node, as they were kept. Throws a MillraceError if the file cannot be read. */
export async function sampleErrors(path: string, node: string): Promise<readonly Row[]> {
  if (!existsSync(path)) {
    throw new MillraceError({
      code: 'errors/missing',
      message: `There is no ${path}: no row was kept there.`,
      hint: 'Set "When a row fails" to "Keep" and run the pipeline.',
    });
  }
  let connection: SqliteConnection | null = null;
  try {
    connection = openSqlite(path, { access: 'look', waitMs: 1000 });
    const kept = connection
      .prepare<[string, number], { row: string }>(`SELECT row FROM ${errorsTable} WHERE node = ? AND ${isWaiting} ORDER BY id LIMIT ?`)
      .all(node, sampled);
    return kept.map(({ row }) => parseJson(row) as Row);
  } catch (error) {
    throw outputProblem(error, path);
  } finally {
    connection?.close();
  }
}
