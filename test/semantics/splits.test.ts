/** Files that are read in stretches give what one reader gives: rows, failures and places. */

import type { SourceDefinition } from '@millrace/kit/node';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { readInSplits } from '@millrace/kit/testing/read-splits';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import csvFile from '../../nodes/csv/csv-file.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import textFile from '../../nodes/text/text-file.ts';

const nullable = true;
const csvSchema = {
  columns: [
    { name: 'a', type: 'number' as const, nullable },
    { name: 'b', type: 'string' as const, nullable },
  ],
};

async function isAsOne(
  definition: SourceDefinition<any>,
  files: { readonly [path: string]: string | Uint8Array },
  params: object,
  most: number,
  schema?: object,
) {
  const folder = folderOf(files);
  const options = { batchSize: 3, ...(schema && { schema: schema as typeof csvSchema }) };
  const whole = await readSource(definition, folder, params as never, options);
  const { rows, places, failures, ...how } = await readInSplits(definition, folder, params as never, { most, leastBytes: 1 }, options);
  expect({ rows, places, failures }).toEqual({ rows: whole.rows, places: whole.places, failures: whole.failures });
  return how;
}

const cell = fc.constantFrom(
  '1',
  '2.5',
  '1.10',
  '1.9',
  '',
  'x',
  '""',
  '"x"',
  '"a\nb"',
  '"a\r\n1,2\n"',
  '"q""q"',
  '"open',
  'in"side',
  '1,2',
  '"a,b"',
  '"x"y',
  'ä',
  '\0',
);
const csvLine = fc
  .tuple(fc.constantFrom('1', '2.50', '0.5', '7', '', 'no', '1.10', '1.9'), cell, fc.constantFrom('\n', '\r\n', '\n\n'))
  .map(([a, b, end]) => `${a},${b}${end}`);
const csvText = fc
  .tuple(fc.constantFrom('', '\ufeff'), fc.array(csvLine, { maxLength: 30 }), fc.constantFrom('', '3,last'))
  .map(([mark, lines, last]) => `${mark}a,b\n${lines.join('')}${last}`);

const jsonLine = fc.constantFrom('{"a":1}', '{"a":"x\\n"}', '', '{"a":', '[1]', '{"a":1,"a":2}', '{"b":1}', '{"a":null}', 'ä');
const jsonText = fc
  .tuple(fc.constantFrom('', '\ufeff'), fc.array(fc.tuple(jsonLine, fc.constantFrom('\n', '\r\n')), { maxLength: 30 }), fc.constantFrom('', '{"a":9}'))
  .map(([mark, lines, last]) => `${mark}${lines.map(([line, end]) => line + end).join('')}${last}`);

const splits = fc.integer({ min: 1, max: 7 });

describe('a file that is read in stretches', () => {
  it('is one CSV file', () =>
    fc.assert(
      fc.asyncProperty(
        csvText,
        splits,
        async (text, most) => void (await isAsOne(csvFile, { 'x.csv': text }, { path: 'x.csv', delimiter: 'comma' }, most, csvSchema)),
      ),
      { numRuns: 60 },
    ));
  it('is one of several CSV files', () =>
    fc.assert(
      fc.asyncProperty(fc.array(csvText, { minLength: 2, maxLength: 4 }), splits, async (texts, most) => {
        const files = Object.fromEntries(texts.map((text, i) => [`${i}.csv`, text]));
        await isAsOne(csvFile, files, { path: '*.csv', delimiter: 'comma' }, most, csvSchema);
      }),
      { numRuns: 20 },
    ));
  it('is one JSON Lines file', () =>
    fc.assert(
      fc.asyncProperty(jsonText, splits, async (text, most) => {
        const schema = { columns: [{ name: 'a', type: 'integer', nullable }] };
        await isAsOne(jsonlFile, { 'x.jsonl': text }, { path: 'x.jsonl', layout: 'lines' }, most, schema);
      }),
      { numRuns: 30 },
    ));
  it('is one text', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a\n', '\n', 'b\r\n', '\0\0\n', '\0\0\0\0\0\0\0\0\0', 'c'), { maxLength: 40 }), splits, async (parts, most) => {
        await isAsOne(textFile, { 'x.txt': parts.join('') }, { path: 'x.txt' }, most);
      }),
      { numRuns: 30 },
    ));

  const rows = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join('');
  it('is split where its rows can be told apart', async () => {
    const text = `a,b\n${rows(4000, (i) => `${i},"x ""${i}""\nsecond"\n`)}`;
    expect(await isAsOne(csvFile, { 'x.csv': text }, { path: 'x.csv' }, 5)).toEqual({ splits: 5, isReadOn: false });
  });
  it('is read on where a long text within quotes looks like rows', async () => {
    const text = `a,b\n1,x\n2,"${rows(2000, (i) => `${i},y\n`)}"\n3,z\n`;
    expect(await isAsOne(csvFile, { 'x.csv': text }, { path: 'x.csv', delimiter: 'comma' }, 3, csvSchema)).toMatchObject({ isReadOn: true });
  });
  it('is read on where zeros at the end tell something across the stretches', async () => {
    const text = `a,b\n${rows(300, (i) => `${i}.5,x\n`)}${rows(700, () => '1.10,x\n')}`;
    expect(await isAsOne(csvFile, { 'x.csv': text }, { path: 'x.csv', delimiter: 'comma' }, 2, csvSchema)).toMatchObject({ isReadOn: true });
  });
  it.each([
    ['UTF-16', Buffer.from(`\ufeffa,b\n${rows(100, (i) => `${i},x\n`)}`, 'utf16le'), {}],
    ['windows-1252', Buffer.from(`a,b\n${rows(100, () => '1,\xe4\n')}`, 'latin1'), { encoding: 'windows-1252' }],
    ['carriage returns', Buffer.from(`a,b\r${rows(100, (i) => `${i},x\r`)}`), {}],
    ['mixed line ends', Buffer.from(`a,b\r\n${rows(100, (i) => `${i},x\r`)}`), { lineEnds: 'any' }],
  ])('is not split: %s', async (_, bytes, params) => {
    expect(await isAsOne(csvFile, { 'x.csv': bytes }, { path: 'x.csv', ...params }, 4)).toMatchObject({ splits: 1 });
  });
});
