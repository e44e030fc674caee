/** How rows are written into a table of a PostgreSQL database. */
import { connectionOf } from '@millrace/kit/connection';
import type { SinkContext, Writer } from '@millrace/kit/node';
import type { Schema } from '../../../model/values/types.ts';
import postgres from '../postgres-connection.ts';
import { declaredTypes } from '../stored-types.ts';
import { committedIn, OutputDatabase } from './output-database.ts';
import type { ConnectionParams } from './session.ts';
import { problemOf, TableWriter } from './table-writer.ts';
import type { WriteMode } from './target.ts';

interface Params {
  readonly table: string;
  readonly mode: WriteMode;
  readonly keys: readonly string[];
  readonly newer: string | null;
  readonly types: { readonly [column: string]: string };
}

let opened = 0;

export async function openTable(context: SinkContext<Params, { readonly rows: Schema }>): Promise<Writer> {
  const { params, inputs } = context;
  const connection: ConnectionParams = connectionOf(postgres, context);
  const name = `${connection.database} at ${connection.host}:${connection.port}`;
  const database = context.shared(`postgres-output:${name} as ${connection.user}`, () => new OutputDatabase(name, connection, context));
  try {
    await database.open(params.table, context.resume);
    const upserts = params.mode === 'upsert';
    const columns = inputs.rows.columns.map(({ name, type }) => ({
      name,
      type,
      declared: (Object.hasOwn(params.types, name) && params.types[name]) || declaredTypes[type],
    }));
    const spec = {
      table: params.table,
      mode: params.mode,
      continues: context.resume !== null,
      columns,
      keys: upserts ? params.keys : [],
      newer: upserts ? params.newer : null,
    };
    return await TableWriter.open(database, inputs.rows, spec, opened++, context);
  } catch (error) {
    throw problemOf(error);
  }
}

export function committedTo(
  context: Pick<SinkContext<Params>, 'params' | 'connection' | 'path' | 'lineage' | 'signal'> & { readonly mustExist?: boolean },
): Promise<number | null> {
  const { lineage, params, signal } = context;
  return committedIn(connectionOf(postgres, context), { lineage, table: params.table }, signal);
}
