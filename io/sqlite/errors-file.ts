/** The table of rows that failed, and which of them are still to be replayed. */
import type { Json, Row, Schema } from '../../model/values/types.ts';
import { castValue, conformValue, decodeBytes } from '../../model/values/values.ts';
import { convertRow } from '../text/row-conversion.ts';
import type { SqliteConnection } from './sqlite-library.ts';

/** The file's table for rows that failed. */
export const errorsTable = 'errors';

/**
 * Written by the sink. Set later: `superseded_at`, and `replayed_at` with the lineage and the number of the checkpoint that contains the
 * row's results.
 */
const createErrors = `
CREATE TABLE IF NOT EXISTS ${errorsTable} (
  id INTEGER PRIMARY KEY AUTOINCREMENT, failed_at TIMESTAMP, pipeline TEXT, run TEXT, node TEXT, port TEXT, error TEXT, code TEXT, field TEXT,
  source TEXT, line INTEGER, row JSON, replay_of INTEGER, replayed_at TIMESTAMP, replayed_by TEXT, replayed_with INTEGER,
  superseded_at TIMESTAMP
);
CREATE INDEX IF NOT EXISTS ${errorsTable}_waiting ON ${errorsTable} (node, replayed_at)`;

export function makeErrorsTable(connection: SqliteConnection): void {
  connection.exec(createErrors);
  completeErrorsTable(connection);
}

/** Adds missing columns to a table of an earlier version. Throws if there is no table. */
export function completeErrorsTable(connection: SqliteConnection): void {
  for (const [name, type] of addedLater) {
    if (!hasColumn(connection, name)) connection.exec(`ALTER TABLE ${errorsTable} ADD COLUMN ${name} ${type}`);
  }
}

function hasTable(connection: SqliteConnection): boolean {
  return connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(errorsTable) !== undefined;
}

const addedLater = [
  ['port', 'TEXT'],
  ['replayed_by', 'TEXT'],
  ['replayed_with', 'INTEGER'],
] as const;

/** Whether the table has a column of a later version. */
export function hasColumn(connection: SqliteConnection, name: (typeof addedLater)[number][0]): boolean {
  return connection.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(errorsTable, name) !== undefined;
}

/** True for rows that are still to be replayed. */
export const isWaiting = 'replayed_at IS NULL AND superseded_at IS NULL AND row IS NOT NULL';

export interface KeptError {
  readonly id: number;
  readonly failedAt: string;
  readonly node: string;
  readonly error: string;
  readonly source: string | null;
  readonly line: number | null;
}

export interface Waiting {
  /** How many rows wait to be replayed, by node. */
  readonly counts: ReadonlyMap<string, number>;
  /** The inputs at which they failed, by node; null if that was not recorded, as for nodes with one input. */
  readonly ports: ReadonlyMap<string, readonly (string | null)[]>;
  /** The newest of them first. */
  readonly rows: readonly KeptError[];
  /** The greatest id of all rows; 0 if there are none. */
  readonly last: number;
}
export const nothingWaits: Waiting = { counts: new Map(), ports: new Map(), rows: [], last: 0 };

/** How many rows were replayed and kept again after an id, by the node at which they had failed. */
export function readKeptAgain(connection: SqliteConnection, after: number): ReadonlyMap<string, number> {
  if (!hasTable(connection)) return new Map();
  const found = connection
    .prepare<[number], { node: string; rows: number }>(
      `SELECT first.node, count(DISTINCT first.id) AS rows FROM ${errorsTable} again JOIN ${errorsTable} first ON first.id = again.replay_of
       WHERE again.id > ? GROUP BY 1`,
    )
    .all(after);
  return new Map(found.map(({ node, rows }) => [node, rows]));
}

/** The rows up to an id. Empty if the file has no such table. */
export function readWaiting(connection: SqliteConnection, newest: number, through = Number.MAX_SAFE_INTEGER): Waiting {
  if (!hasTable(connection)) return nothingWaits;
  const found = connection
    .prepare<[number], { node: string; port: string | null; rows: number }>(
      `SELECT node, ${hasColumn(connection, 'port') ? 'port' : 'NULL AS port'}, count(*) AS rows FROM ${errorsTable}
       WHERE ${isWaiting} AND id <= ? GROUP BY 1, 2 ORDER BY 1, 2`,
    )
    .all(through);
  const counts = new Map<string, number>();
  const ports = new Map<string, (string | null)[]>();
  for (const { node, port, rows } of found) {
    counts.set(node, (counts.get(node) ?? 0) + rows);
    ports.set(node, [...(ports.get(node) ?? []), port]);
  }
  const rows = connection
    .prepare<[number, number], KeptError>(
      `SELECT id, failed_at AS failedAt, node, error, source, line FROM ${errorsTable} WHERE ${isWaiting} AND id <= ? ORDER BY id DESC LIMIT ?`,
    )
    .all(through, newest);
  const last = connection.prepare<[], { last: number | null }>(`SELECT max(id) AS last FROM ${errorsTable}`).get()?.last;
  return { counts, ports, rows, last: last ?? 0 };
}

/** A kept row, with the columns that its node accepts now; or why it does not fit them. Deterministic. */
export function rowOf(text: string, schema: Schema): { readonly row: Row } | { readonly message: string } {
  let kept: { readonly [column: string]: Json };
  try {
    kept = JSON.parse(text) as typeof kept;
  } catch {
    return { message: 'it is no longer valid JSON' };
  }
  const found = convertRow(schema, (column) => {
    const { name, type, nullable } = column;
    const value = (Object.hasOwn(kept, name) ? kept[name] : null) ?? null;
    const plain = type === 'bytes' ? decodeBytes(value) : value;
    const exact = conformValue(plain, column);
    if (exact.ok) return exact;
    const cast = castValue(plain, type);
    if (!cast.ok) return cast;
    return cast.value === null && !nullable ? { ok: false, message: 'it has no value there' } : cast;
  });
  return 'row' in found ? found : { message: `column "${found.column.name}": ${found.message}` };
}
