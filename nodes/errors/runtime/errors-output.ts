/** How rows that failed are kept. */

import type { SinkContext, Writer } from '@millrace/kit/node';
import { claimOutput } from '../../../io/files/claimed-output.ts';
import { committedCheckpoint } from '../../../io/sqlite/sqlite-commits.ts';
import { SqliteDatabase } from '../../../io/sqlite/sqlite-database.ts';
import type { Schema } from '../../../model/values/types.ts';
import { ErrorsWriter } from './errors-writer.ts';

interface Params {
  readonly path: string;
  readonly pipeline: string;
  readonly supersedes: boolean;
}

export async function openErrorsTable(context: SinkContext<Params, { readonly rows: Schema }>): Promise<Writer> {
  const { params } = context;
  const path = context.path(params.path);
  const name = claimOutput(context, path, 'database');
  const database = context.shared(`sqlite-output:${name}`, () => new SqliteDatabase(path, context, { isPrivate: true }));
  if (database.isNew && context.commits === 'end') {
    for (const file of [path, `${path}-journal`, `${path}-wal`, `${path}-shm`]) context.guard?.({ remove: file });
  }
  await ErrorsWriter.makeTable(database, context.signal);
  await database.open(context.resume);
  return new ErrorsWriter(database, params, context);
}

export function committedTo({
  params,
  path,
  ...context
}: Pick<SinkContext<Params>, 'params' | 'path' | 'lineage' | 'signal'> & { readonly mustExist?: boolean }): number | null | Promise<number | null> {
  return committedCheckpoint(path(params.path), context);
}
