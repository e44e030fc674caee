/** How tables and queries are sampled and read. */
import type { DiscoverContext, Discovery, NodeProblem, Reader, SourceContext } from '@millrace/kit/node';
import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import type { Column, Schema } from '../../../model/values/types.ts';
import type { QueryParams } from '../query-params.ts';
import { QueryCursor, type Texts } from './query-cursor.ts';
import { queryProblem } from './query-problems.ts';
import { QueryReader } from './query-reader.ts';
import { columnTypeOf, isFiner } from './read-values.ts';
import { type ConnectionParams, Session } from './session.ts';
import { notNullOf, statementOf, typesOf } from './table-facts.ts';

/** What a preview waits for the server. */
export const sampleMs = 5000;
const sampleRows = 1000;

/** `connection` throws where none is chosen. */
export async function discoverRows({ params, signal }: DiscoverContext<QueryParams>, connection: () => ConnectionParams): Promise<Discovery> {
  const statement = statementOf(params);
  if (!params.connection || statement === '') return { schema: null };
  try {
    const session = await Session.open(connection(), signal);
    const stop = () => session.abandon();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await described(session, params, statement);
    } catch (error) {
      throw await queryProblem(error, session, params, sampleMs);
    } finally {
      signal.removeEventListener('abort', stop);
      session.close();
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [error.problem] };
  }
}

async function described(session: Session, params: QueryParams, statement: string): Promise<Discovery> {
  const cursor = await QueryCursor.open(session, statement, { limitMs: sampleMs, isForFirst: true });
  const rows: Texts[] = [];
  for (let portion = await cursor.next(); portion.length > 0 && rows.length < sampleRows; portion = await cursor.next()) rows.push(...portion);
  await cursor.close();
  const found = cursor.fields.map(({ name }) => name);
  const names = inferFromText(found, []).columns.map(({ name }) => name);
  const servers = await typesOf(session, cursor.fields);
  const full = params.read === 'table' ? await notNullOf(session, params.table) : new Set<string>();
  const problems: NodeProblem[] = [];
  const columns = names.map((name, i): Column => {
    const type = columnTypeOf(itemAt(servers, i), params.finer);
    const values = rows.map((row) => row[i] ?? null);
    const isWide = type === 'integer' && values.some((text) => text !== null && !Number.isSafeInteger(Number(text)));
    if (type === 'timestamp' && params.finer === 'cut' && values.some((text) => text !== null && isFiner(text))) problems.push(cutProblem(name));
    if (full.has(name)) return { name, type: isWide ? 'decimal' : type, nullable: false };
    return { name, type: isWide ? 'decimal' : type, nullable: true, ...(values.length > 0 && !values.includes(null) && { nulls: 'unseen' }) };
  });
  const renamed = found.findIndex((name, i) => name !== names[i]);
  if (renamed !== -1) problems.push(twice(itemAt(found, renamed), itemAt(names, renamed)));
  return { schema: { columns }, problems };
}

/** Of a column whose times are cut. */
export function cutProblem(column: string): NodeProblem {
  return {
    code: 'postgres/finer',
    severity: 'info',
    message: `Times of "${column}" are cut to milliseconds.`,
    hint: 'To keep microseconds, set "Finer than 1 ms" to text.',
    field: 'finer',
  };
}

function twice(name: string, called: string): NodeProblem {
  const message = `The query has more than one column "${name}"; it is called "${called}" here.`;
  return { code: 'postgres/column-name', severity: 'warning', message, hint: 'Give it a name of its own with AS.', field: 'sql' };
}

export async function openRows(context: SourceContext<QueryParams, { readonly rows: Schema }>, connection: ConnectionParams): Promise<Reader> {
  const { params } = context;
  const reader = new QueryReader(context, connection, statementOf(params), context.sample ? sampleMs : null);
  await reader.open();
  return reader;
}
