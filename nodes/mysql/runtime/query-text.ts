/** The statements that a source sends. */
import { MillraceError, Permanent } from '@millrace/kit/errors';
import { itemAt } from '../../../model/faults/missing.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import { cursorNames } from '../cursor-columns.ts';
import { hasOrder, isFloat, typeOf } from './fields.ts';
import { messageOf, numberOf } from './server-errors.ts';
import { type Cells, type Field, literal, quoteName, type Session, tableOf } from './session.ts';

export interface QueryParams {
  readonly read: 'table' | 'query';
  readonly table: string;
  readonly sql: string;
  readonly cursor: string | null;
}
/** A query that the server has looked at. */
export interface Query {
  readonly fields: readonly Field[];
  /** Of the columns; different where the server gives one name twice. */
  readonly names: readonly string[];
  /** The places of the columns by which rows are in order; empty for none. */
  readonly cursor: readonly number[];
  /** The statement for the rows after one; for all of them with null. */
  after(position: readonly string[] | null): string;
}

/** Rejects with a MillraceError where it is wrong. Nothing is read. */
export async function describeQuery(session: Session, params: QueryParams): Promise<Query> {
  const { read, sql } = params;
  const table = tableOf(params.table, session.params.database);
  const given = read === 'table' ? `SELECT * FROM ${table.sql}` : sql.trim().replace(/;$/, '');
  const { fields, placeholders } = await session.describe(given).catch((error: unknown) => {
    throw queryProblem(error, params);
  });
  if (placeholders > 0) {
    const message = 'The query has placeholders such as ?, for which there are no values.';
    throw wrong(message, 'Write the values themselves, or ${name} for a parameter of the pipeline.');
  }
  if (fields.length === 0) throw wrong('The query returns no rows.', 'Write one SELECT statement: a source only reads.');
  const names = inferFromText(
    fields.map(({ name }) => name),
    [],
  ).columns.map(({ name }) => name);
  const cursor = cursorNames(params.cursor).map((name) => cursorPlace(name, names, fields));
  const whole = read === 'query' ? given : `SELECT ${fields.map(selected).join(', ')} FROM ${table.sql}`;
  if (cursor.length === 0) return { fields, names, cursor, after: () => whole };
  const from = read === 'query' ? `SELECT * FROM (${given}\n) AS millrace` : whole;
  const columns = cursor.map((place) => quoteName(itemAt(fields, place).name));
  const after = (position: readonly string[] | null) =>
    `${from}${position ? ` WHERE ${greater(columns, position)}` : ''} ORDER BY ${columns.map((column) => column).join(', ')}`;
  return { fields, names, cursor, after };
}

/** The position after a row, in the texts that `after` takes; null where a column by which rows are in order is null. */
export function positionAfter({ cursor, fields }: Query, cells: Cells): string[] | null {
  const texts = cursor.map((place) => {
    const cell = cells[place];
    if (cell === null || cell === undefined) return null;
    const isNumber = ['integer', 'decimal', 'number'].includes(typeOf(itemAt(fields, place)));
    return isNumber ? String(cell) : literal(String(cell));
  });
  return texts.every((text) => text !== null) ? texts : null;
}

/** `a > 1 OR (a = 1 AND b > 2)`, with what an index can be used for in front. */
function greater(columns: readonly string[], position: readonly string[]): string {
  const at = (i: number) => itemAt(position, i);
  const cases = columns.map((column, i) => [...columns.slice(0, i).map((before, k) => `${before} = ${at(k)}`), `${column} > ${at(i)}`].join(' AND '));
  return columns.length === 1 ? (cases[0] ?? '') : `${columns[0]} >= ${at(0)} AND (${cases.map((each) => `(${each})`).join(' OR ')})`;
}

/** Servers write a FLOAT with six digits, and a DOUBLE with all that it has. */
function selected(field: Field): string {
  const name = quoteName(field.name);
  return isFloat(field) ? `${name} + 0e0 AS ${name}` : name;
}

function cursorPlace(name: string, names: readonly string[], fields: readonly Field[]): number {
  const place = names.indexOf(name);
  const field = fields[place];
  const refused = (message: string, hint: string) => new Permanent({ code: 'mysql/cursor', message, hint, field: 'cursor' });
  if (!field) throw refused(`There is no column "${name}".`, `The columns are: ${names.join(', ')}.`);
  if (field.name !== name) throw refused(`More than one column is called "${field.name}".`, 'Name one of them with AS.');
  if (!hasOrder(field))
    throw refused(`Rows cannot be told by "${name}", which is neither a number nor a time.`, 'Choose another column, such as a key or a time of change.');
  return place;
}

function wrong(message: string, hint: string, cause?: unknown): MillraceError {
  return new Permanent({ code: 'mysql/query', message, hint, field: 'sql' }, { cause });
}

/** What the server says about a statement that reads. */
export function queryProblem(error: unknown, { read, table }: Pick<QueryParams, 'read' | 'table'>): unknown {
  const number = numberOf(error);
  if (error instanceof MillraceError || number === 0) return error;
  const says = messageOf(error);
  const cause = { cause: error };
  if (number === 1146 && read === 'table') {
    const message = `The database has no table "${table}".`;
    return new Permanent({ code: 'mysql/no-table', message, hint: 'Choose one of its tables.', field: 'table' }, cause);
  }
  if ([1142, 1143, 1044, 1370].includes(number)) {
    const message = `The server refuses it: ${says}.`;
    return new Permanent({ code: 'mysql/denied', message, hint: 'Ask an administrator for that right.', field: 'connection' }, cause);
  }
  if (number === 1792) return wrong('The query would change something.', 'Write one SELECT statement: a source only reads.', error);
  if ([1205, 1213, 1317, 1969, 3024].includes(number)) {
    const message = `The server has ended the query: ${says}.`;
    return new MillraceError({ code: 'mysql/failed', message, hint: 'See what the server says.', behaviour: 'transient' }, cause);
  }
  return wrong(`The query is wrong: ${says}.`, 'Correct it: one SELECT statement in the SQL of the server.', error);
}
