/** Days through every format, and where a time is wanted. */

import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextBuffer } from '../../io/text/text-buffer.ts';
import { castValue, conformValue } from '../../model/values/values.ts';
import csvFile from '../../nodes/csv/csv-file.ts';
import { csvWriter } from '../../nodes/formats/csv/csv-write.ts';
import { jsonlWriter } from '../../nodes/formats/json/jsonl-write.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import { conditionExpression } from '../../nodes/rows/condition.ts';

const day = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
const column = { name: 'day', type: 'date', nullable: true } as const;
const written = (writer: typeof csvWriter | typeof jsonlWriter, rows: readonly { day: string | null }[]): string => {
  const into = new TextBuffer();
  (writer as (schema: object, format: object) => (rows: readonly object[], into: TextBuffer) => void)({ columns: [column] }, { delimiter: ',' })(rows, into);
  return Buffer.from(into.take()).toString();
};

it('are written as they were read, in CSV and JSON Lines', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(day), { minLength: 1, maxLength: 20 }), async (days) => {
      const rows = days.map((each) => ({ day: each }));
      if (days.every((each) => each === null)) return;
      const csv = await readSource(csvFile, folderOf({ 'x.csv': `day\n${written(csvWriter, rows)}` }), { path: 'x.csv' });
      const jsonl = await readSource(jsonlFile, folderOf({ 'x.jsonl': written(jsonlWriter, rows) }), { path: 'x.jsonl' });
      for (const { schema, rows: found } of [csv, jsonl]) {
        expect(schema!.columns[0]!.type).toBe('date');
        expect(found).toEqual(rows);
      }
    }),
    { numRuns: 30 },
  );
});

describe('a value', () => {
  it.each([
    ['2026-01-31', 'date', '2026-01-31'],
    ['2026-01-31T00:00:00Z', 'date', '2026-01-31'],
    [Date.UTC(2026, 0, 31), 'date', '2026-01-31'],
    ['2026-01-31', 'timestamp', Date.UTC(2026, 0, 31)],
    ['2026-01-31', 'string', '2026-01-31'],
  ] as const)('%s is as %s %s', (value, type, expected) => expect(castValue(value, type)).toEqual({ ok: true, value: expected }));
  it.each(['2026-01-31T12:00:00Z', '2026-02-30', '31.01.2026', 1, true])('%s is no day', (value) => expect(castValue(value, 'date').ok).toBe(false));
  it('of users’ code is a day as text, or a Date at midnight', () => {
    expect(conformValue(new Date('2026-01-31'), column)).toEqual({ ok: true, value: '2026-01-31' });
    expect(conformValue(new Date('2026-01-31T12:00:00Z'), column).ok).toBe(false);
    expect(conformValue('2026-02-30', column).ok).toBe(false);
  });
  it('is compared as a day by rules', () => {
    const rule = (operator: string, value: string) =>
      conditionExpression({ match: 'all', rules: [{ column: 'day', operator, value }] } as never, { columns: [column] });
    const test = (source: string, value: string) => new Function('row', `return ${source}`)({ day: value }) as boolean;
    expect(test(rule('>=', '2026-01-31'), '2026-02-01')).toBe(true);
    expect(test(rule('<', '2026-01-31'), '2026-01-31')).toBe(false);
    expect(test(rule('startsWith', '2026-01'), '2026-01-31')).toBe(true);
    expect(test(rule('in', '2026-01-30, 2026-01-31'), '2026-01-31')).toBe(true);
  });
});

it('and times in one column are times', async () => {
  const { schema, rows } = await readSource(csvFile, folderOf({ 'x.csv': 'at,v\n2026-01-31,1\n2026-02-01T12:00:00Z,2\n' }), { path: 'x.csv' });
  expect(schema!.columns[0]!.type).toBe('timestamp');
  expect(rows[0]!['at']).toBe(Date.UTC(2026, 0, 31));
});
