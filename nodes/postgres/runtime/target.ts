/** The table that a sink writes to: made, checked and filled within the run's transaction. */
import { MillraceError } from '@millrace/kit/errors';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import type { ColumnType } from '../../../model/values/types.ts';
import { literal, quoteName, type Session, tableOf } from './session.ts';
import { holds, type TableColumn } from './stored-values.ts';

export type WriteMode = 'create' | 'append' | 'replace' | 'upsert';
export type TargetSpec = {
  readonly table: string;
  readonly mode: WriteMode;
  /** Rows of this run are in the table already: it must exist, and more will follow. */
  readonly continues: boolean;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly declared: string }[];
  readonly keys: readonly string[];
  readonly newer: string | null;
};
export interface Target {
  readonly spec: TargetSpec;
  /** Aligned with the columns of the spec. */
  readonly columns: readonly TableColumn[];
  /** What writes a batch: statements of which one is a COPY from standard input. */
  readonly copy: string;
  /** What puts rows that were written aside into the table, before a commit; empty for nothing. */
  readonly publish: string;
}

/** Throws a MillraceError where the table cannot take these columns in this mode. `index` tells the targets of a session apart. */
export async function openTarget(session: Session, spec: TargetSpec, index: number): Promise<Target> {
  const { table, continues } = spec;
  const { schema, name, sql } = tableOf(table);
  const mode = continues && spec.mode !== 'upsert' ? 'append' : spec.mode;
  const kind = (
    await session.query(
      `SELECT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${literal(schema)} AND c.relname = ${literal(name)}`,
    )
  ).rows[0]?.[0];
  if (kind === undefined) {
    if (continues) refuse('postgres/changed', `The table "${table}" is gone, though rows were committed to it.`, 'Restore it, or start from scratch.');
    await session.query(creation(spec, sql));
  } else if (kind !== 'r' && kind !== 'p') {
    refuse('postgres/not-a-table', `"${table}" is ${kind === 'v' || kind === 'm' ? 'a view' : 'no table'}.`, 'Choose another table name.');
  } else if (mode === 'create') {
    refuse('postgres/table-exists', `Table "${table}" exists already.`, 'Choose another name, or one of the modes replace, append and upsert.');
  }
  const columns = await columnsOf(session, spec, sql);
  if (mode === 'upsert') await refuseMissingKey(session, spec, sql);
  if (mode === 'replace') await refuseReferenced(session, table, sql);
  const names = spec.columns.map((column) => quoteName(column.name)).join(', ');
  const isAside = mode === 'upsert' || (mode === 'replace' && kind !== undefined);
  if (!isAside) return { spec, columns, copy: `COPY ${sql} (${names}) FROM STDIN`, publish: '' };
  const stage = `pg_temp.${quoteName(`_millrace_${index}`)}`;
  await session.query(
    `DROP TABLE IF EXISTS ${stage}; CREATE TEMP TABLE ${quoteName(`_millrace_${index}`)} AS SELECT ${names} FROM ${sql} WITH NO DATA; ALTER TABLE ${stage} ADD COLUMN _millrace_n bigserial`,
  );
  const copy = `COPY ${stage} (${names}) FROM STDIN`;
  if (mode === 'replace') {
    return {
      spec,
      columns,
      copy,
      publish: `DELETE FROM ${sql}; INSERT INTO ${sql} (${names}) SELECT ${names} FROM ${stage} ORDER BY _millrace_n; DROP TABLE ${stage}`,
    };
  }
  return { spec, columns, copy: `${copy}; ${merge(spec, sql, stage, names)}; TRUNCATE ${stage}`, publish: '' };
}

/** A row of each key, as the rows one after another would have left it. */
function merge({ columns, keys, newer }: TargetSpec, into: string, stage: string, names: string): string {
  const key = keys.map(quoteName).join(', ');
  const others = columns.filter(({ name }) => !keys.includes(name)).map(({ name }) => quoteName(name));
  const version = newer === null ? null : quoteName(newer);
  const order = version === null ? '_millrace_n DESC' : `${version} DESC NULLS LAST, _millrace_n`;
  const last = `SELECT DISTINCT ON (${key}) ${names}, _millrace_n FROM ${stage} ORDER BY ${key}, ${order}`;
  const update = others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  const where =
    version === null || others.length === 0
      ? ''
      : ` WHERE excluded.${version} > millrace.${version} OR (millrace.${version} IS NULL AND excluded.${version} IS NOT NULL)`;
  return `INSERT INTO ${into} AS millrace (${names}) SELECT ${names} FROM (${last}) AS latest ORDER BY _millrace_n ON CONFLICT (${key}) DO ${update}${where}`;
}

function creation({ columns, keys }: TargetSpec, sql: string): string {
  const lines = columns.map(({ name, declared }) => `${quoteName(name)} ${declared}`);
  if (keys.length > 0) lines.push(`PRIMARY KEY (${keys.map(quoteName).join(', ')})`);
  return `CREATE TABLE ${sql} (${lines.join(', ')})`;
}

async function columnsOf(session: Session, { table, columns }: TargetSpec, sql: string): Promise<TableColumn[]> {
  const { rows } = await session.query(
    `SELECT a.attname, format_type(a.atttypid, NULL), format_type(a.atttypid, a.atttypmod), t.typcategory, a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated <> '' OR a.attidentity = 'a'
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = ${literal(sql)}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  );
  const differences: string[] = [];
  const found = new Map(
    rows.map(([name, type, declared, category, , generated]) => [
      name,
      { column: { name, type, declared, category } as TableColumn, generated: generated === 't' },
    ]),
  );
  for (const { name, type } of columns) {
    const there = found.get(name);
    if (!there) differences.push(`the table has no column "${name}"`);
    else if (there.generated) differences.push(`"${name}" is a generated column`);
    else if (!holds(there.column, type)) differences.push(`"${name}" is ${there.column.declared} in the table and ${type} in the rows`);
  }
  const delivered = new Set(columns.map(({ name }) => name));
  for (const [name, , , , needed] of rows)
    if (needed === 't' && !delivered.has(name ?? '')) differences.push(`the table needs "${name}", which the rows do not have`);
  if (differences.length > 0) {
    refuse(
      'postgres/other-columns',
      `The columns of table "${table}" differ from the rows: ${differences.join('; ')}.`,
      'Shape the rows with a Select node, or choose another table.',
    );
  }
  return columns.flatMap(({ name }) => found.get(name)?.column ?? []);
}

async function refuseMissingKey(session: Session, { table, keys }: TargetSpec, sql: string): Promise<void> {
  const { rows } = await session.query(
    `SELECT (SELECT json_agg(a.attname ORDER BY a.attname) FROM unnest(i.indkey[0:i.indnkeyatts - 1]) k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)
     FROM pg_index i WHERE i.indrelid = ${literal(sql)}::regclass AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL`,
  );
  const wanted = JSON.stringify([...keys].sort());
  if (rows.some(([names]) => JSON.stringify((JSON.parse(names ?? '[]') as string[]).sort()) === wanted)) return;
  refuse(
    'postgres/no-key',
    `Table "${table}" has no primary key or unique index over ${keys.map((key) => `"${key}"`).join(', ')}, which update by key requires.`,
    `Create one: CREATE UNIQUE INDEX ON ${sql} (${keys.map(quoteName).join(', ')});`,
    'keys',
  );
}

/** Rows of others would be left without those that they refer to. */
async function refuseReferenced(session: Session, table: string, sql: string): Promise<void> {
  const { rows } = await session.query(
    `SELECT conrelid::regclass FROM pg_constraint WHERE confrelid = ${literal(sql)}::regclass AND conrelid <> confrelid LIMIT 1`,
  );
  const other = rows[0]?.[0];
  if (!other) return;
  refuse(
    'postgres/referenced',
    `Table "${table}" cannot be replaced: table "${other}" refers to it by a foreign key.`,
    'Choose the mode append or upsert, or another table.',
  );
}

function refuse(code: ProblemCode, message: string, hint: string, field = 'table'): never {
  throw new MillraceError({ code, message, hint, field });
}
