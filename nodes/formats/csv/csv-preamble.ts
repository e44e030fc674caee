/** Where the table of a CSV file begins, if other lines stand before it: the name of a report, an account, a period. */

import { itemAt } from '../../../model/faults/missing.ts';
import type { CsvField } from './csv-record.ts';

/** A record of the sample; `fields` is empty if it cannot be read. */
export interface Seen {
  readonly fields: readonly CsvField[];
  readonly line: number;
  /** A blank line stands before it. */
  readonly isApart: boolean;
}

/** Lines before a table, at most. */
const mostBefore = 30;
const numeric = /^[-+]?\d[\d.,:/ -]*$/;
const isBlank = ({ text }: CsvField): boolean => text.trim() === '';
const isNumeric = ({ text }: CsvField): boolean => numeric.test(text);
const filled = ({ fields }: Seen): number => fields.filter((field) => !isBlank(field)).length;

/**
 * The header of the table after other lines: -1 if that is not certain. The table is the largest block of records of one width; what
 * precedes it is much narrower, or separated by a blank line.
 */
export function headerBehindPreamble(records: readonly Seen[]): number {
  let header = -1;
  let largest = 0;
  for (let from = 0; from < records.length; ) {
    const width = itemAt(records, from).fields.length;
    let to = from + 1;
    while (to < records.length && records[to]?.fields.length === width) to++;
    if (width >= 2 && to - from >= 2 && (to - from) * width > largest) {
      largest = (to - from) * width;
      header = from;
    }
    from = to;
  }
  if (header <= 0) return -1;
  const { fields, isApart } = itemAt(records, header);
  const names = fields.at(-1)?.text === '' ? fields.slice(0, -1) : fields;
  const before = Math.max(...records.slice(0, header).map((record) => record.fields.length));
  if (names.length <= before || names.some(isBlank)) return -1;
  if (names.length < Math.max(3, 2 * before) && !isApart && !standsOut(records.slice(header))) return -1;
  return names.filter(isNumeric).length * 2 > names.length ? -1 : header;
}

/**
 * The same if the lines before are as wide as the table: a spreadsheet fills its rows up with delimiters, as in `Report;;;`. They have text
 * in at most half of the fields, and the header in all.
 */
export function headerBehindPadding(records: readonly Seen[]): number {
  const header = records.slice(0, mostBefore).findIndex(({ fields }) => !fields.some(isBlank));
  if (header <= 0) return -1;
  const before = records.slice(0, header);
  const most = Math.max(...before.map(filled));
  const { fields } = itemAt(records, header);
  if (most > Math.max(1, fields.length / 2) || fields.some(isNumeric) || header + 1 === records.length) return -1;
  const areTitles = most <= 1 && (fields.length > 2 || before.some((record) => filled(record) === 0));
  return areTitles || standsOut(records.slice(header)) ? header : -1;
}

/** A record after a blank line that looks like the header of the rows after it; -1 if there is none. */
export function headerApart(records: readonly Seen[]): number {
  return records.slice(0, mostBefore).findIndex(({ isApart }, at) => at > 0 && isApart && standsOut(records.slice(at)));
}

/** Whether nothing before a separate header is a row of a table: a key and its value, not names above numbers. */
export function isPreamble(before: readonly Seen[]): boolean {
  return itemAt(before, 0).fields.some((field) => isNumeric(field) || isBlank(field) || field.text.trimEnd().endsWith(':'));
}

/** Whether the first record is text above a column of nothing but numbers, or times. */
function standsOut([header, ...rows]: readonly Seen[]): boolean {
  if (!header || rows.length === 0 || header.fields.length < 2 || header.fields.some((field) => isNumeric(field) || isBlank(field))) return false;
  return header.fields.some((_, column) => {
    const cells = rows.flatMap(({ fields }) => (fields[column] && !isBlank(fields[column]) ? [fields[column]] : []));
    return cells.length > 0 && cells.every(isNumeric);
  });
}
