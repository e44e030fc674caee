/** The content of a POST as rows. All or nothing: for its sender, a request is one unit. */

import { convertRow } from '../../../io/text/row-conversion.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import type { CellFormats } from '../../formats/cells/cell-formats.ts';
import { hasDoubleKeys } from '../../formats/json/double-keys.ts';
import { isRecord, parseExactly, recordValue, syntaxMessage } from '../../formats/json/jsonl-record.ts';

export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  /** The first rows that are wrong. */
  readonly rows?: readonly { readonly index: number; readonly message: string }[];
}
/** An object or a list of objects, one object per line, the fields of one form; or JSON of either kind that is declared as text, or not at all. */
export type BodyKind = 'json' | 'lines' | 'form' | 'text';

export interface RowsOptions {
  readonly schema: Schema;
  /** The columns in an unusual format. */
  readonly formats?: CellFormats;
  readonly extra: 'ignore' | 'error';
  /** The keys that lead to the records within each object; none if the objects are the records. */
  readonly path: readonly string[];
}
interface Wrong {
  readonly index: number;
  readonly message: string;
}
const toldRows = 10;
const toldKeys = 10;
const doubleKey = 'it has a key twice in an object';

/** The kind of a body by its content type, or null for one that is not accepted. */
export function bodyKind(contentType: string | undefined): BodyKind | null {
  const type = (contentType ?? '').replace(/;.*/s, '').trim().toLowerCase();
  if (/^(application|text)\/(x-)?(ndjson|jsonl|jsonlines|json-lines)$/.test(type)) return 'lines';
  if (/^(application|text)\/([\w.+-]+\+|x-)?json$/.test(type)) return 'json';
  if (type === 'text/plain' || type === '') return 'text';
  return type === 'application/x-www-form-urlencoded' ? 'form' : null;
}

export function rowsOf(body: string, kind: BodyKind, options: RowsOptions): { readonly rows: readonly Row[] } | Refusal {
  const found = recordsOf(body, kind, options.path);
  return 'status' in found ? found : rowsOfRecords(found.records, found.wrong, options);
}

/**
 * The values of a body at the path, before they are matched to the columns. Undefined for a body that could not be read, whose errors are
 * in `wrong`.
 */
export function recordsOf(
  given: string,
  givenKind: BodyKind,
  path: readonly string[],
): { readonly records: readonly unknown[]; readonly wrong: Wrong[] } | Refusal {
  const body = given.replace(/^\ufeff/, '');
  const kind = writtenAs(body, givenKind);
  const wrong: Wrong[] = [];
  let records: unknown[];
  if (kind === 'lines') records = linesOf(body, wrong);
  else {
    try {
      const parsed = kind === 'form' ? formOf(body) : parseExactly(body);
      if (kind === 'json' && hasDoubleKeys(body, JSON.parse(body))) wrong.push({ index: 0, message: doubleKey });
      records = Array.isArray(parsed) ? parsed : [parsed];
    } catch (error) {
      const message = `The body is not JSON: ${syntaxMessage(error, body)}.`;
      return { status: 400, code: 'http/not-json', message, hint: 'Send an object, a list of objects, or one object a line as application/x-ndjson.' };
    }
  }
  if (path.length > 0) {
    const found = records.flatMap((record) => (record === undefined ? [record] : at(record, path)));
    if (found.length === 0 && records.length > 0) {
      const message = `There is nothing at "${path.join('.')}" in the body${keysOf(records)}.`;
      return { status: 400, code: 'http/no-records', message, hint: 'Send the rows there, or correct the path to the records.' };
    }
    records = found;
  }
  return { records, wrong };
}

/** Many send JSON without declaring it, such as curl -d, which declares a form. No form begins like JSON. */
function writtenAs(body: string, kind: BodyKind): Exclude<BodyKind, 'text'> {
  if (kind !== 'text' && !(kind === 'form' && /^\s*[[{]/.test(body))) return kind;
  try {
    JSON.parse(body);
    return 'json';
  } catch {
    return /^\s*\{.*\}\s*\n\s*\{/.test(body) ? 'lines' : 'json';
  }
}

function rowsOfRecords(records: readonly unknown[], wrong: Wrong[], options: RowsOptions): { readonly rows: readonly Row[] } | Refusal {
  const { schema } = options;
  const rows: Row[] = [];
  const strange: Wrong[] = [];
  records.forEach((record, index) => {
    if (record === undefined) return;
    const message = takeRecord(record, options, rows);
    if (message !== null) wrong.push({ index, message });
    else if (!schema.columns.some(({ name }) => Object.hasOwn(record as object, name))) strange.push({ index, message: 'it has none of the columns' });
  });
  if (wrong.length === 0 && rows.length > 0 && rows.every((row) => schema.columns.every(({ name }) => row[name] === null))) return onlyNulls(records, schema);
  wrong.push(...strange);
  const [first] = wrong;
  if (!first) return { rows };
  const count = wrong.length === 1 ? 'One row does' : `${thousands(wrong.length)} rows do`;
  const message = `${count} not fit the columns, so none of ${thousands(records.length)} was taken. Row ${first.index}: ${first.message}.`;
  return {
    status: 422,
    code: 'http/rows',
    message,
    hint: 'Correct the rows, or the columns of the source, and send them again.',
    rows: wrong.slice(0, toldRows),
  };
}

function linesOf(body: string, wrong: Wrong[]): unknown[] {
  const records: unknown[] = [];
  body.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    try {
      records.push(parseExactly(line));
      if (hasDoubleKeys(line, JSON.parse(line))) wrong.push({ index: records.length - 1, message: doubleKey });
    } catch (error) {
      records.push(undefined);
      wrong.push({ index: records.length - 1, message: `Line ${i + 1} is not JSON: ${syntaxMessage(error, line)}` });
    }
  });
  return records;
}

/** The fields of a form; one that occurs several times is a list. */
function formOf(body: string): { readonly [name: string]: unknown } {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body)) fields.set(name, [...(fields.get(name) ?? []), value]);
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

/** The values at a path: the elements of a list, or one value. Lists on the way are read item by item, and text is read as JSON. */
function at(value: unknown, path: readonly string[]): unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => at(item, path));
  if (typeof value === 'string') {
    try {
      return at(parseExactly(value), path);
    } catch {
      return path.length === 0 ? [value] : [];
    }
  }
  const [key, ...rest] = path;
  if (key === undefined) return [value];
  return isRecord(value as never) && Object.hasOwn(value as object, key) ? at((value as { readonly [key: string]: unknown })[key], rest) : [];
}

/** A sender of rows without any known key means other keys. */
function onlyNulls(records: readonly unknown[], schema: Schema): Refusal {
  const columns = schema.columns.map(({ name }) => `"${name}"`).join(', ');
  const message = `The body has a value for none of the columns (${columns})${keysOf(records)}.`;
  const hint = 'Use the names of the columns as keys, in the same case. Where the rows are within an object, set the path to the records.';
  return { status: 400, code: 'http/no-values', message, hint };
}

function keysOf(records: readonly unknown[]): string {
  const keys = new Set(records.flatMap((record) => (isRecord(record as never) ? Object.keys(record as object) : [])));
  if (keys.size === 0) return '';
  const told = [...keys].slice(0, toldKeys).map((key) => `"${key}"`);
  return `; its keys are ${told.join(', ')}${keys.size > toldKeys ? ' and others' : ''}`;
}

/** Adds the record's row, or its errors. */
function takeRecord(record: unknown, { schema, formats, extra }: RowsOptions, rows: Row[]): string | null {
  if (!isRecord(record as never)) return 'it is not an object';
  const fields = record as { readonly [key: string]: unknown };
  const unknown = extra === 'error' ? Object.keys(fields).find((key) => !schema.columns.some(({ name }) => name === key)) : undefined;
  if (unknown !== undefined) return `there is no column "${unknown}"`;
  const found = convertRow(schema, (column) => recordValue(fields, column, true, formats?.of(column.name, column.type) ?? null));
  if (!('row' in found)) return `column "${found.column.name}" is of type ${found.column.type}: ${found.message}`;
  rows.push(found.row);
  return null;
}
