/** What a POST carries, as rows. All of it or nothing: a request is one unit for whoever sent it. */
import type { Row, Schema } from '../../engine/schema/types.ts';
import { isRecord, parseExactly, recordValue, syntaxMessage } from './jsonl-record.ts';
import { convertRow } from './row-conversion.ts';

export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** The first rows that are wrong. */
  readonly rows?: readonly { readonly index: number; readonly message: string }[];
}
const toldRows = 10;

/** `application/json` is an object or a list of objects, `application/x-ndjson` one object a line. */
export function rowsOf(body: string, isLines: boolean, schema: Schema, extra: 'ignore' | 'error'): { readonly rows: readonly Row[] } | Refusal {
  const records: unknown[] = [];
  const wrong: { index: number; message: string }[] = [];
  if (isLines) {
    body.split('\n').forEach((line, i) => {
      if (line.trim() === '') return;
      try {
        records.push(parseExactly(line));
      } catch (error) {
        records.push(undefined);
        wrong.push({ index: records.length - 1, message: `Line ${i + 1} is not JSON: ${syntaxMessage(error, line)}` });
      }
    });
  } else {
    try {
      const parsed = parseExactly(body);
      for (const record of Array.isArray(parsed) ? parsed : [parsed]) records.push(record);
    } catch (error) {
      const message = `The body is not JSON: ${syntaxMessage(error, body)}.`;
      return { status: 400, code: 'http/not-json', message, hint: 'Send an object, a list of objects, or one object a line as application/x-ndjson.' };
    }
  }
  const rows: Row[] = [];
  records.forEach((record, index) => {
    if (record === undefined) return;
    const message = takeRecord(record, schema, extra, rows);
    if (message !== null) wrong.push({ index, message });
  });
  const [first] = wrong;
  if (!first) return { rows };
  const count = wrong.length === 1 ? 'One row does' : `${wrong.length.toLocaleString('en')} rows do`;
  const message = `${count} not fit the columns, so none of ${records.length.toLocaleString('en')} was taken. Row ${first.index}: ${first.message}.`;
  return {
    status: 422,
    code: 'http/rows',
    message,
    hint: 'Correct the rows, or the columns of the source, and send them again.',
    rows: wrong.slice(0, toldRows),
  };
}

/** Adds the record's row, or says what is wrong with it. */
function takeRecord(record: unknown, schema: Schema, extra: 'ignore' | 'error', rows: Row[]): string | null {
  if (!isRecord(record as never)) return 'it is not an object';
  const fields = record as { readonly [key: string]: unknown };
  const unknown = extra === 'error' ? Object.keys(fields).find((key) => !schema.columns.some(({ name }) => name === key)) : undefined;
  if (unknown !== undefined) return `there is no column "${unknown}"`;
  const found = convertRow(schema, (column) => recordValue(fields, column, true));
  if (!('row' in found)) return `column "${found.column.name}" is of type ${found.column.type}: ${found.message}`;
  rows.push(found.row);
  return null;
}
