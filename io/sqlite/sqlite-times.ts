/**
 * How the times of an existing column are written. SQLite has no type for times and compares their texts: "2026-01-31 12:00:00", from its
 * own datetime(), and "2026-01-31T12:00:00.000Z" are two keys, and their order says nothing about which is newer.
 */

import { quoteName } from '@millrace/kit/formats/sqlite-name';
import { MillraceError } from '../../model/problems/problem.ts';
import { formatTimestamp } from '../../model/time/timestamp.ts';
import type { SqliteConnection } from './sqlite-library.ts';

export interface TimeForm {
  /** Between day and time; empty: the column contains days. */
  readonly mark: 'T' | ' ' | '';
  /** Digits behind the second. */
  readonly digits: 0 | 3 | 6;
  /** Whether whole seconds have a fraction too. */
  readonly isFixed: boolean;
  readonly end: 'Z' | '';
}

const shape = /^\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z?))?$/;
/** Texts of one form agree in these. One of each is checked. */
const traits = (name: string) => `typeof(${name}), length(${name}), substr(${name}, 11, 1), substr(${name}, -1) = 'Z'`;

/**
 * For a column by which rows are found or compared; null if it has no value in the table. Throws a MillraceError if values have another
 * form, or several forms: rows would not match them.
 */
export function timeFormOf(connection: SqliteConnection, table: string, column: string): TimeForm | null {
  const name = quoteName(column);
  const sql = `SELECT min(${name}) AS value FROM ${quoteName(table)} WHERE ${name} IS NOT NULL GROUP BY ${traits(name)} LIMIT 20`;
  const values = connection
    .prepare<[], { value: unknown }>(sql)
    .all()
    .map(({ value }) => value);
  if (values.length === 0) return null;
  const forms = values.map((value) => (typeof value === 'string' ? shape.exec(value) : null));
  const [first] = forms;
  const unknown = forms.indexOf(null);
  if (unknown !== -1 || !first) throw otherForm(table, column, [values[unknown]], 'Rows with times would not meet these');
  const [, mark = '', , end = ''] = first;
  const fractions = new Set(forms.map((form) => form?.[2]?.length ?? 1));
  const isOne = forms.every((form) => (form?.[1] ?? '') === mark && (form?.[3] ?? '') === end);
  // Whole seconds without a fraction beside others with one: Python writes them that way.
  const digits = Math.max(...fractions) - 1;
  if (!isOne || fractions.size > 2 || (fractions.size === 2 && !fractions.has(1))) {
    throw otherForm(table, column, values, 'A time in one of these forms does not meet the same time in another');
  }
  return { mark: mark as TimeForm['mark'], digits: digits as TimeForm['digits'], isFixed: digits > 0 && fractions.size === 1, end: end as TimeForm['end'] };
}

/** The text of an instant, or null if the form cannot represent it. */
export function formTime(ms: number, { mark, digits, isFixed, end }: TimeForm): string | null {
  const iso = formatTimestamp(ms);
  // Years beyond 9999 have more places.
  if (iso.length !== 24) return null;
  const fraction = iso.slice(20, 23);
  if (mark === '') return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : null;
  // "12:00:00.500Z" would be before "12:00:00Z".
  if (fraction !== '000' && digits === 0 && end === 'Z') return null;
  const isWhole = fraction === '000' && !isFixed;
  return `${iso.slice(0, 10)}${mark}${iso.slice(11, 19)}${isWhole ? '' : `.${digits === 6 ? `${fraction}000` : fraction}`}${end}`;
}

function otherForm(table: string, column: string, values: readonly unknown[], why: string): MillraceError {
  const shown = values.slice(0, 3).map((value) => (typeof value === 'string' ? `"${value}"` : value instanceof Uint8Array ? 'a BLOB' : String(value)));
  const message = `Column "${column}" of table "${table}" holds ${shown.join(' and ')}. ${why}.`;
  const hint = 'Write its times in one form, such as 2026-01-31 12:00:00; or give the rows what it holds: text, or a number such as milliseconds since 1970.';
  return new MillraceError({ code: 'sqlite/time-form', message, hint, field: 'table' });
}
