/** What the catalogue of a server says of a table that is read. */
import { MillraceError } from '@millrace/kit/errors';
import type { ServerType } from './read-values.ts';
import { literal, quoteName, type Session, tableOf } from './session.ts';

export interface FactColumn {
  readonly name: string;
  /** As `format_type` gives it, of what a domain stands for: `numeric(10,2)`. */
  readonly declared: string;
  /** Of what a domain stands for. */
  readonly server: ServerType;
  /** Of the column itself. */
  readonly typeOid: number;
  readonly nullable: boolean;
  /** Values may be so large that an update which leaves them as they are does not send them. */
  readonly isToasted: boolean;
}
export interface TableFacts {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** To be put into statements. */
  readonly sql: string;
  /** `r` for a table, `p` for a partitioned one. */
  readonly kind: string;
  readonly columns: readonly FactColumn[];
  /** Names of the primary key's columns, in its order; none where there is none. */
  readonly key: readonly string[];
  /** See `Relation.identity`. */
  readonly identity: string;
}

/** Throws a MillraceError where there is no such table. Generated columns are left out: changes do not have them. */
export async function tableFacts(session: Session, table: string): Promise<TableFacts> {
  const { schema, name } = tableOf(table);
  const facts = await factsWhere(session, `n.nspname = ${literal(schema)} AND c.relname = ${literal(name)}`);
  if (!facts)
    throw new MillraceError({
      code: 'postgres/no-table',
      message: `There is no table "${table}".`,
      hint: 'Choose one of the tables of the database.',
      field: 'table',
    });
  if (facts.kind === 'r' || facts.kind === 'p') return facts;
  throw new MillraceError({
    code: 'postgres/not-a-table',
    message: `"${table}" is no table: the log has the changes of tables alone.`,
    hint: 'Choose a table.',
    field: 'table',
  });
}

/** What it is now, whatever it is called; null where it was dropped. */
export function tableFactsOf(session: Session, oid: number): Promise<TableFacts | null> {
  return factsWhere(session, `c.oid = ${oid}`);
}

async function factsWhere(session: Session, where: string): Promise<TableFacts | null> {
  const found = await session.query(
    `SELECT n.nspname, c.relname, c.oid, c.relkind, c.relreplident,
       (SELECT json_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[]) WHERE i.indrelid = c.oid AND i.indisprimary)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${where}`,
  );
  const [schema, name, oid, kind, identity, key] = found.rows[0] ?? [];
  if (oid == null) return null;
  const { rows } = await session.query(
    `SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
       b.typname, b.typcategory, i.typname, a.attnotnull, a.attstorage <> 'p', a.atttypid
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
     LEFT JOIN pg_type i ON i.oid = b.typelem AND b.typcategory = 'A'
     WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`,
  );
  return {
    oid: Number(oid),
    schema: schema ?? '',
    name: name ?? '',
    sql: `${quoteName(schema ?? '')}.${quoteName(name ?? '')}`,
    kind: kind ?? '',
    identity: identity ?? '',
    key: JSON.parse(key ?? '[]') as string[],
    columns: rows.map(([column, declared, type, category, item, notNull, isToasted, typeOid]) => ({
      name: column ?? '',
      declared: declared ?? '',
      server: { name: type ?? '', category: category ?? '', item: item ?? null },
      nullable: notNull !== 't',
      isToasted: isToasted === 't',
      typeOid: Number(typeOid),
    })),
  };
}

export function columnList(columns: readonly { readonly name: string }[]): string {
  return columns.length === 0 ? 'NULL' : columns.map(({ name }) => quoteName(name)).join(', ');
}
