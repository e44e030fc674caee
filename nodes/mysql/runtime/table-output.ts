/** How rows are written into a table of a MySQL or MariaDB database. */
import { connectionOf } from '@millrace/kit/connection';
import type { SinkContext, Writer } from '@millrace/kit/node';
import type { Schema } from '../../../model/values/types.ts';
import mysql from '../mysql-connection.ts';
import { declaredKeyTypes, declaredTypes } from '../stored-types.ts';
import { committedIn } from './commits-table.ts';
import type { ConnectionParams } from './connection-params.ts';
import { OutputDatabase } from './output-database.ts';
import { statementProblem } from './server-errors.ts';
import { TableWriter } from './table-writer.ts';
import type { TargetSpec, WriteMode } from './target.ts';

interface Params {
  readonly table: string;
  readonly mode: WriteMode;
  readonly keys: readonly string[];
  readonly newer: string | null;
  readonly types: { readonly [column: string]: string };
}

export async function openTable(context: SinkContext<Params, { readonly rows: Schema }>): Promise<Writer> {
  const { params, inputs } = context;
  const connection: ConnectionParams = connectionOf(mysql, context);
  const name = `${connection.database} at ${connection.host}:${connection.port}`;
  const database = context.shared(`mysql-output:${name} as ${connection.user}`, () => new OutputDatabase(name, connection, context));
  const upserts = params.mode === 'upsert';
  const keys = upserts ? params.keys : [];
  const columns = inputs.rows.columns.map(({ name: column, type }) => ({
    name: column,
    type,
    declared: (Object.hasOwn(params.types, column) && params.types[column]) || (keys.includes(column) ? declaredKeyTypes : declaredTypes)[type],
  }));
  const spec: TargetSpec = { table: params.table, mode: params.mode, continues: context.resume !== null, columns, keys, newer: upserts ? params.newer : null };
  try {
    await database.open(params.table, context.resume);
    return await TableWriter.open(database, inputs.rows, spec, context);
  } catch (error) {
    throw statementProblem(error);
  }
}

export function committedTo(
  context: Pick<SinkContext<Params>, 'params' | 'connection' | 'path' | 'lineage' | 'signal'> & { readonly mustExist?: boolean },
): Promise<number | null> {
  return committedIn(connectionOf(mysql, context), context.params.table, context);
}
