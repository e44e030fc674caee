/** How rows are written into a table of a SQLite database. */

import { columnTypeOf, type SqliteType } from '@millrace/kit/formats/sqlite-types';
import type { PartContext, PartWriter, SinkContext, Writer } from '@millrace/kit/node';
import { claimOutput } from '../../../io/files/claimed-output.ts';
import { committedCheckpoint } from '../../../io/sqlite/sqlite-commits.ts';
import { SqliteDatabase } from '../../../io/sqlite/sqlite-database.ts';
import { SqlitePart } from '../../../io/sqlite/sqlite-part.ts';
import type { TargetColumn } from '../../../io/sqlite/sqlite-target.ts';
import { SqliteWriter } from '../../../io/sqlite/sqlite-writer.ts';
import type { Schema } from '../../../model/values/types.ts';

interface Params {
  readonly path: string;
  readonly table: string;
  readonly mode: 'replace' | 'append' | 'upsert' | 'create';
  readonly keys: readonly string[];
  readonly newer: string | null;
  readonly types: { readonly [column: string]: string };
}

export async function openTable(context: SinkContext<Params, { readonly rows: Schema }>): Promise<Writer> {
  const { params } = context;
  const schema = context.inputs.rows;
  const path = context.path(params.path);
  const name = claimOutput(context, path, 'database');
  const database = context.shared(`sqlite-output:${name}`, () => new SqliteDatabase(path, context));
  // An existing file needs no guard: SQLite itself rolls back what was not committed, at the latest when it is opened again. Nor does one
  // that is committed many times: a guard would remove what was committed.
  if (database.isNew && context.commits === 'end') for (const file of [path, `${path}-journal`]) context.guard?.({ remove: file });
  await database.open(context.resume);
  return new SqliteWriter(database, schema, { ...params, columns: columnsOf(schema, params.types) }, context);
}

export function openTablePart(context: PartContext<Params, { readonly rows: Schema }>): Promise<PartWriter> {
  const schema = context.inputs.rows;
  return SqlitePart.open(context, schema, columnsOf(schema, context.params.types));
}

export function committedTo({
  params,
  path,
  ...context
}: Pick<SinkContext<Params>, 'params' | 'path' | 'lineage' | 'signal'> & { readonly mustExist?: boolean }): number | null | Promise<number | null> {
  return committedCheckpoint(path(params.path), context);
}

function columnsOf(schema: Schema, types: Readonly<Record<string, string>>): TargetColumn[] {
  return schema.columns.map(({ name, type }) => {
    const declared = Object.hasOwn(types, name) ? types[name] : undefined;
    return { name, type: declared ? columnTypeOf(declared as SqliteType) : type };
  });
}
