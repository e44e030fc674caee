/** The table that a sink writes to: made and checked before the run's transaction begins, since the server commits when a table is made. */
import { MillraceError } from '@millrace/kit/errors';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import type { ColumnType } from '../../../model/values/types.ts';
import { holds, type TableColumn } from './insert-format.ts';
import { literal, quoteName, type Session, tableOf } from './session.ts';

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
  readonly sql: string;
  /** Aligned with the columns of the spec. */
  readonly columns: readonly TableColumn[];
  /** What comes before and after the rows of an INSERT. */
  readonly insert: { readonly head: string; readonly tail: string };
  /** It was made by this run, and nothing was committed to it. */
  readonly isNew: boolean;
  /** Its rows are to be deleted before the first one is written. */
  readonly clears: boolean;
}

/** The comment of a table to which nothing was committed. */
const unfinished = 'Millrace: nothing was committed yet';

/** Throws a MillraceError where the table cannot take these columns in this mode. No transaction may be open. */
export async function openTarget(session: Session, spec: TargetSpec): Promise<Target> {
  const { table, continues } = spec;
  const { schema, name, sql } = tableOf(table, session.params.database);
  const place = `table_schema = ${literal(schema)} AND table_name = ${literal(name)}`;
  const mode = continues && spec.mode !== 'upsert' ? 'append' : spec.mode;
  const found = (await session.query(`SELECT table_type, engine, table_comment FROM information_schema.tables WHERE ${place}`)).rows[0];
  const isLeftOver = !continues && found?.[2] === unfinished && (await isEmpty(session, sql));
  if (isLeftOver) await session.query(`DROP TABLE ${sql}`);
  const isNew = !found || isLeftOver;
  if (isNew) {
    if (continues) refuse('mysql/changed', `The table "${table}" is gone, though rows were committed to it.`, 'Restore it, or start from scratch.');
    await session.query(creation(session, spec, sql));
  } else {
    await refuseUnfit(session, spec, mode, found, sql);
    if (found[2] === unfinished) await finish(session, sql);
  }
  const columns = await columnsOf(session, spec, place);
  if (mode === 'upsert') await refuseOtherKeys(session, spec, place, sql);
  if (mode === 'replace') await refuseReferenced(session, table, schema, name);
  const names = spec.columns.map((column) => quoteName(column.name)).join(',');
  const insert = { head: `INSERT INTO ${sql} (${names}) VALUES `, tail: mode === 'upsert' ? updating(spec) : '' };
  return { spec, sql, columns, insert, isNew, clears: mode === 'replace' && !isNew };
}

/** Something was committed to a new table. No transaction may be open. */
export async function finish(session: Session, sql: string): Promise<void> {
  await session.query(`ALTER TABLE ${sql} COMMENT = ''`);
}

async function isEmpty(session: Session, sql: string): Promise<boolean> {
  const { rows } = await session.query(`SELECT 1 FROM ${sql} LIMIT 1`);
  await session.query('COMMIT');
  return rows.length === 0;
}

/** Assignments are made from left to right: the version is the last one. */
function updating({ columns, keys, newer }: TargetSpec): string {
  const others = columns.map(({ name }) => name).filter((name) => !keys.includes(name));
  const first = quoteName(keys[0] ?? '');
  if (others.length === 0) return ` ON DUPLICATE KEY UPDATE ${first} = ${first}`;
  if (newer === null) return ` ON DUPLICATE KEY UPDATE ${others.map((name) => `${quoteName(name)} = VALUES(${quoteName(name)})`).join(',')}`;
  const version = quoteName(newer);
  const isNewer = `VALUES(${version}) > ${version} OR (${version} IS NULL AND VALUES(${version}) IS NOT NULL)`;
  const sorted = [...others.filter((name) => name !== newer), newer].map(quoteName);
  return ` ON DUPLICATE KEY UPDATE ${sorted.map((name) => `${name} = IF(${isNewer}, VALUES(${name}), ${name})`).join(',')}`;
}

function creation({ isMariaDb, version }: Session, { columns, keys }: TargetSpec, sql: string): string {
  const lines = columns.map(({ name, declared }) => `${quoteName(name)} ${declared}${keys.includes(name) ? ' NOT NULL' : ' NULL'}`);
  if (keys.length > 0) lines.push(`PRIMARY KEY (${keys.map(quoteName).join(', ')})`);
  const collation = isMariaDb ? 'utf8mb4_nopad_bin' : version.startsWith('5.') ? 'utf8mb4_bin' : 'utf8mb4_0900_bin';
  return `CREATE TABLE ${sql} (${lines.join(', ')}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=${collation} COMMENT=${literal(unfinished)}`;
}

async function refuseUnfit(session: Session, { table }: TargetSpec, mode: WriteMode, found: readonly unknown[], sql: string): Promise<void> {
  const [type, engine] = found.map(String);
  if (!/TABLE/.test(type ?? '')) refuse('mysql/not-a-table', `"${table}" is a view.`, 'Choose another table name.');
  if (mode === 'create')
    refuse('mysql/table-exists', `Table "${table}" exists already.`, 'Choose another name, or one of the modes replace, append and upsert.');
  const { rows } = await session.query(`SELECT transactions FROM information_schema.engines WHERE engine = ${literal(engine ?? '')}`);
  if (rows[0]?.[0] === 'YES') return;
  const message = `Table "${table}" is of the engine ${engine}, which has no transactions: rows could be lost or come twice.`;
  refuse('mysql/no-transactions', message, `Change it: ALTER TABLE ${sql} ENGINE = InnoDB;`);
}

async function columnsOf(session: Session, { table, columns }: TargetSpec, place: string): Promise<TableColumn[]> {
  const { rows } = await session.query(
    `SELECT column_name, data_type, column_type, character_maximum_length, datetime_precision, is_nullable, column_default, extra FROM information_schema.columns WHERE ${place} ORDER BY ordinal_position`,
  );
  const there = new Map(
    rows.map(([name, type, declared, maxLength, precision, nullable, standard, extra]) => {
      const column: TableColumn = {
        name: String(name),
        type: String(type),
        declared: String(declared),
        maxLength: maxLength === null ? null : Number(maxLength),
        precision: Number(precision ?? 0),
      };
      const isGenerated = /GENERATED(?! BY)/i.test(String(extra)) && !/DEFAULT_GENERATED/i.test(String(extra));
      const isNeeded = nullable === 'NO' && standard === null && !/auto_increment|GENERATED/i.test(String(extra));
      return [String(name), { column, isGenerated, isNeeded }] as const;
    }),
  );
  const differences: string[] = [];
  for (const { name, type } of columns) {
    const found = there.get(name);
    if (!found) differences.push(`the table has no column "${name}"`);
    else if (found.isGenerated) differences.push(`"${name}" is a generated column`);
    else if (!holds(found.column, type)) differences.push(`"${name}" is ${found.column.declared} in the table and ${type} in the rows`);
  }
  const delivered = new Set(columns.map(({ name }) => name));
  for (const [name, { isNeeded }] of there) if (isNeeded && !delivered.has(name)) differences.push(`the table needs "${name}", which the rows do not have`);
  if (differences.length > 0) {
    const message = `The columns of table "${table}" differ from the rows: ${differences.join('; ')}.`;
    refuse('mysql/other-columns', message, 'Shape the rows with a Select node, or choose another table.');
  }
  return columns.flatMap(({ name }) => there.get(name)?.column ?? []);
}

/** A row that meets another one in any unique index replaces it: there must be one over the key, and no other that rows could meet in. */
async function refuseOtherKeys(session: Session, { table, keys, columns }: TargetSpec, place: string, sql: string): Promise<void> {
  const { rows } = await session.query(
    `SELECT s.index_name, s.column_name, s.sub_part, c.extra LIKE '%auto_increment%' OR (c.is_nullable = 'YES' AND (c.column_default IS NULL OR c.column_default = 'NULL'))
     FROM information_schema.statistics s LEFT JOIN information_schema.columns c USING (table_schema, table_name, column_name)
     WHERE s.non_unique = 0 AND ${place.replace('table_schema', 's.table_schema').replace('table_name', 's.table_name')} ORDER BY s.index_name, s.seq_in_index`,
  );
  const indexes = Map.groupBy(rows, ([index]) => String(index));
  const wanted = JSON.stringify([...keys].sort());
  const named = (parts: readonly (readonly unknown[])[]) => JSON.stringify(parts.map(([, column]) => String(column)).sort());
  const isKey = (parts: readonly (readonly unknown[])[]) => named(parts) === wanted && parts.every(([, , part]) => part === null);
  if (![...indexes.values()].some(isKey)) {
    const message = `Table "${table}" has no primary key or unique index over ${keys.map((key) => `"${key}"`).join(', ')}, which update by key requires.`;
    refuse('mysql/no-key', message, `Create one: CREATE UNIQUE INDEX millrace_key ON ${sql} (${keys.map(quoteName).join(', ')});`, 'keys');
  }
  const delivered = new Set(columns.map(({ name }) => name));
  const other = [...indexes].find(([, parts]) => !isKey(parts) && parts.every(([, column, , isFresh]) => delivered.has(String(column)) || !Number(isFresh)));
  if (!other) return;
  const message = `Table "${table}" has the unique index "${other[0]}" beside the key: a row that meets another one in it would change that one, whatever its key.`;
  refuse('mysql/other-key', message, 'Choose its columns as the key, leave one of them out of the rows, or drop it.', 'keys');
}

/** Rows of others would be deleted with the rows that they refer to, or keep them from being deleted. */
async function refuseReferenced(session: Session, table: string, schema: string, name: string): Promise<void> {
  const { rows } = await session.query(
    `SELECT table_schema, table_name FROM information_schema.key_column_usage WHERE referenced_table_schema = ${literal(schema)} AND referenced_table_name = ${literal(name)}
     AND NOT (table_schema = referenced_table_schema AND table_name = referenced_table_name) LIMIT 1`,
  );
  const other = rows[0];
  if (!other) return;
  const message = `Table "${table}" cannot be replaced: table "${String(other[0])}.${String(other[1])}" refers to it by a foreign key.`;
  refuse('mysql/referenced', message, 'Choose the mode append or upsert, or another table.');
}

function refuse(code: ProblemCode, message: string, hint: string, field = 'table'): never {
  throw new MillraceError({ code, message, hint, field });
}
