import { foldName, quoteName } from '@millrace/kit/formats/sqlite-name';
import { type Affinity, affinityOf } from '@millrace/kit/formats/sqlite-types';
import { itemAt, missing } from '../../model/faults/missing.ts';
import { formatTimestamp, midnightOf } from '../../model/time/timestamp.ts';
import { decimalKey } from '../../model/values/decimal.ts';
import { isExactDecimal } from '../../model/values/exact.ts';
import type { Row, Schema, Value } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';
import { generatedFunction } from '../text/generated-function.ts';
import { stringLiteral } from '../text/row-code.ts';
import { timestampFormatter } from '../text/timestamp-text.ts';
import type { SqliteConnection } from './sqlite-library.ts';
import type { Target, TargetColumn, TargetSpec } from './sqlite-target.ts';
import { formTime } from './sqlite-times.ts';
import type { Recorder } from './sqlite-values.ts';

/** A value that cannot be stored as its column requires. */
export class ValueRefused extends Error {}
/**
 * Inserts `rows[from]` and the next ones, as many as the statement takes; returns how many rows of the table were inserted or updated.
 * Throws SQLite's errors and ValueRefused.
 */
export type Insert = (rows: readonly Row[], from: number) => number;
/** What determines an INSERT statement. */
export type InsertSpec = Pick<TargetSpec, 'columns' | 'keys' | 'newer'>;

/** An INSERT of several rows, with positional values. Rows of equal keys are updated. */
export function insertSql(target: Target, { columns, keys, newer }: InsertSpec, rows: number): string {
  const names = columns.map(({ name }) => quoteName(name));
  const tuple = `(${names.map(() => '?').join(',')})`;
  return `INSERT INTO ${quoteName(target.into)} (${names.join(',')}) VALUES ${Array(rows).fill(tuple).join(',')}${onConflict(columns, keys, newer ?? null)}`;
}

/**
 * An INSERT of several rows, with positional values: naming parameters costs a third more, and one row per statement another third. The
 * function that binds them is generated for the schema. `record` receives what was bound for accepted rows.
 */
export function prepareInsert(
  connection: SqliteConnection,
  target: Target,
  schema: Schema,
  spec: InsertSpec,
  rowsPerStatement: number,
  record: Recorder | null,
): Insert {
  const { columns } = spec;
  const statement = connection.prepare(insertSql(target, spec, rowsPerStatement));
  const keys = new Set(spec.keys.map((key) => foldName(key)));
  const heads: string[] = [];
  const values: string[] = [];
  for (let i = 0; i < rowsPerStatement; i++) {
    heads.push(`const r${i}=rows[from+${i}];`);
    schema.columns.forEach(({ name, type }, c) => {
      const column = itemAt(columns, c);
      let value = `r${i}[${stringLiteral(name)}]`;
      if (column.type !== type) value = `cast(${value},${c})`;
      const isKey = keys.has(foldName(name));
      // Equal decimals are one key, however they are written.
      if (isKey && column.type === 'decimal') value = `shortest(${value})`;
      value = target.times[c] ? `formed(${value},${c})` : stored(value, column, itemAt(target.declared, c), c);
      values.push(isKey ? `key(${value},${c})` : value);
    });
  }
  const iso = timestampFormatter();
  const cast = (value: Value, index: number): Value => {
    const { name, type } = itemAt(columns, index);
    const result = castValue(value, type, itemAt(schema.columns, index).type);
    if (result.ok) return result.value;
    throw new ValueRefused(`Column "${name}" is to be stored as ${type}: ${result.message}.`);
  };
  /** For columns that convert texts to numbers. */
  const numeric = (decimal: string | null, affinity: Affinity, index: number): number | bigint | null => {
    if (decimal === null) return null;
    const number = numberOf(decimalKey(decimal), affinity);
    if (number !== null) return number;
    const { name } = itemAt(columns, index);
    throw new ValueRefused(`Column "${name}" is declared ${target.declared[index]}, which keeps doubles: ${decimal} would be rounded.`);
  };
  const formed = (time: number | string | null, index: number): string | null => {
    const form = target.times[index] ?? missing(`the form of the times of column ${index}`);
    if (time === null || (form.mark === '' && typeof time === 'string')) return time as string | null;
    const ms = typeof time === 'number' ? time : midnightOf(time);
    const text = formTime(ms, form);
    if (text !== null) return text;
    throw new ValueRefused(`Column "${itemAt(columns, index).name}" of the table holds times in a form in which ${formatTimestamp(ms)} would be cut.`);
  };
  const key = (value: unknown, index: number): unknown => {
    if (value === null) throw new ValueRefused(`The key column "${itemAt(columns, index).name}" is null.`);
    return value;
  };
  // Bound as an array they take longer, but can be recorded.
  const run = record
    ? `const bound=[${values.join(',')}];const {changes}=statement.run.apply(statement,bound);record(bound);return changes;`
    : `return statement.run(${values.join(',')}).changes;`;
  return generatedFunction<Insert>(
    {
      statement,
      record,
      iso: (ms: number | null) => (ms === null ? null : iso(ms)),
      midnight: (day: string | null) => (day === null ? null : iso(midnightOf(day))),
      stringify: JSON.stringify,
      shortest: (decimal: string | null) => (decimal === null ? null : decimalKey(decimal)),
      numeric,
      formed,
      cast,
      key,
    },
    `(rows,from)=>{${heads.join('')}${run}}`,
  );
}

/** A decimal as the integer or double that SQLite keeps of it, or null if that would be another value. */
function numberOf(decimal: string, affinity: Affinity): number | bigint | null {
  if (affinity !== 'REAL' && /^-?\d{1,18}$/.test(decimal)) return BigInt(decimal);
  const isKept = /^-?\d+$/.test(decimal) ? Number.isSafeInteger(Number(decimal)) : isExactDecimal(decimal);
  return isKept ? Number(decimal) : null;
}

/** A column's value as SQLite's binding takes it. */
function stored(value: string, column: TargetColumn, declared: string, index: number): string {
  switch (column.type) {
    case 'timestamp':
      return `iso(${value})`;
    case 'date':
      // Beside timestamps, a day is the text of its midnight, so that the same day has one text.
      return /^(TIMESTAMP|DATETIME)/i.test(declared) ? `midnight(${value})` : value;
    case 'boolean':
      return `(${value}===null?null:${value}?1:0)`;
    case 'json':
      // A column of numbers would read a text of digits as a number, and not always as the nearest double.
      if (affinityOf(declared) === 'NUMERIC') return `(typeof ${value}==='number'||${value}===null?${value}:stringify(${value}))`;
      return `(${value}===null?null:stringify(${value}))`;
    case 'integer':
      // Numbers are bound as doubles. Most columns convert them to integers; one without a type would keep 1.0.
      return affinityOf(declared) === 'BLOB' ? `(${value}===null?null:BigInt(${value}))` : value;
    case 'decimal': {
      const affinity = affinityOf(declared);
      return affinity === 'TEXT' || affinity === 'BLOB' ? value : `numeric(${value},${JSON.stringify(affinity)},${index})`;
    }
    default:
      return value;
  }
}

function onConflict(columns: readonly TargetColumn[], keys: readonly string[], newer: string | null): string {
  if (keys.length === 0) return '';
  const lower = new Set(keys.map((key) => foldName(key)));
  const updates = columns.filter(({ name }) => !lower.has(foldName(name))).map(({ name }) => `${quoteName(name)}=excluded.${quoteName(name)}`);
  if (updates.length === 0) return ` ON CONFLICT (${keys.map(quoteName).join(',')}) DO NOTHING`;
  return ` ON CONFLICT (${keys.map(quoteName).join(',')}) DO UPDATE SET ${updates.join(',')}${newer === null ? '' : isNewer(quoteName(newer))}`;
}

/** A row without a version is older than any that has one. */
function isNewer(version: string): string {
  return ` WHERE excluded.${version}>${version} OR (${version} IS NULL AND excluded.${version} IS NOT NULL)`;
}
