/** How a table or a query of a SQLite database is sampled and read. */
import type { DiscoverContext, Discovery, Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../../formats/cells/cell-formats.ts';
import { discoverQuery, queryOf } from './sqlite-input.ts';
import { openRows } from './sqlite-rows.ts';

export { firstTable } from './first-table.ts';

interface Params {
  readonly path: string;
  readonly read: 'table' | 'query';
  readonly table: string;
  readonly sql: string;
  readonly types: readonly ColumnEntry[];
}

export async function discoverRows({ params, path, signal }: DiscoverContext<Params>): Promise<Discovery> {
  if (!params.path || !(params.read === 'table' ? params.table : params.sql)) return { schema: null };
  const query = queryOf(params, path);
  try {
    return await discoverQuery(query, signal);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [{ field: 'path', ...error.problem }], dependsOn: [query.path, `${query.path}-wal`] };
  }
}

export function openQueryRows(context: SourceContext<Params, { readonly rows: Schema }>): Promise<Reader> {
  return openRows(queryOf(context.params, context.path), context.outputs.rows, new CellFormats(context.params.types), context);
}
