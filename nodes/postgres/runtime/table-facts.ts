/** What the catalogue of a server knows about tables and types. */
import type pg from 'pg';
import type { QueryParams } from '../query-params.ts';
import type { ServerType } from './read-values.ts';
import { literal, type Session, tableOf } from './session.ts';

/** Empty where it is not said yet what to read. */
export function statementOf({ read, table, sql }: Pick<QueryParams, 'read' | 'table' | 'sql'>): string {
  if (read === 'table') return table.trim() === '' ? '' : `SELECT * FROM ${tableOf(table).sql}`;
  return sql.trim().replace(/(?:\s*;)+$/, '');
}

/** Aligned with the fields. */
export async function typesOf(session: Session, fields: readonly pg.FieldDef[]): Promise<ServerType[]> {
  const ids = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))];
  if (ids.length === 0) return [];
  const { rows } = await session.query(
    `SELECT t.oid, t.typname, t.typcategory, i.typname FROM pg_type t LEFT JOIN pg_type i ON i.oid = t.typelem AND t.typcategory = 'A' WHERE t.oid IN (${ids.join(', ')})`,
  );
  const types = new Map(rows.map(([id, name, category, item]) => [Number(id), { name: name ?? '', category: category ?? '', item: item ?? null }]));
  return fields.map(({ dataTypeID }) => types.get(dataTypeID) ?? { name: '', category: '', item: null });
}

/** Columns of a table that cannot be null. */
export async function notNullOf(session: Session, table: string): Promise<Set<string>> {
  const relation = literal(tableOf(table).sql);
  const query = `SELECT attname FROM pg_attribute WHERE attrelid = ${relation}::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull`;
  return new Set((await session.query(query)).rows.map(([name]) => name ?? ''));
}

/** The columns of a table's primary key; none for a view. */
export async function keyOf(session: Session, table: string): Promise<string[]> {
  const { rows } = await session.query(
    `SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(number, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = ${literal(tableOf(table).sql)}::regclass AND i.indisprimary ORDER BY k.place`,
  );
  return rows.map(([name]) => name ?? '');
}

/** The first tables that there are, for messages. */
export async function someTables(session: Session): Promise<string> {
  const { rows } = await session.query(
    `SELECT CASE WHEN schemaname = 'public' THEN tablename ELSE concat(schemaname, '.', tablename) END FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)' AND tablename <> '_millrace_commits' ORDER BY 1 LIMIT 21`,
  );
  if (rows.length === 0) return 'The database has no tables.';
  const names = rows.slice(0, 20).map(([name]) => name);
  return `It has: ${names.join(', ')}${rows.length > names.length ? ', ...' : ''}.`;
}
