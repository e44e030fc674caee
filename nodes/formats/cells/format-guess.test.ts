/** Likely formats of cells are offered, each possible reading, and applying an offer reads them that way. */

import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { expect, it } from 'vitest';
import type { EntryFix } from '../../../model/problems/problem.ts';
import csvFile from '../../csv/csv-file.ts';
import { guessFormats } from './format-guess.ts';

const guesses = (cells: readonly string[], column = 'c', type: 'string' | 'integer' = 'string') =>
  guessFormats(column, cells, type).map(({ kind, how, examples }) => [`${kind} ${how}`.trim(), examples[0]]);

it.each<[readonly string[], readonly (readonly string[])[]]>([
  [['1.299,99', '0,50'], [['numbers with a decimal comma', '"1.299,99" is 1299.99']]],
  [['1 234,5', '2,0'], [['numbers with a decimal comma', '"1 234,5" is 1234.5']]],
  [['1,299.50', '3.00'], [['numbers with a comma between thousands', '"1,299.50" is 1299.5']]],
  [["1'299", '5'], [['numbers with an apostrophe between thousands', '"1\'299" is 1299']]],
  [
    ['1,299', '5,000'],
    [
      ['numbers with a decimal comma', '"1,299" is 1.299'],
      ['numbers with a comma between thousands', '"1,299" is 1299'],
    ],
  ],
  [['$1,200.75', '($5.00)'], [['numbers with a comma between thousands, $ and brackets for negatives', '"$1,200.75" is 1200.75']]],
  [['12,5 %', '3 %'], [['numbers with a decimal comma and a percent sign', '"12,5 %" is 0.125']]],
  [['12.5 €', '3 €'], [['numbers with €', '"12.5 €" is 12.5']]],
  [['Ja', 'nein', 'JA'], [['ja or nein', '"nein" is false']]],
  [['31.01.2026', '01.02.2026'], [['days in the form dd.MM.yyyy', '"31.01.2026" is 2026-01-31']]],
  [['31.1.2026', '1.2.2026'], [['days in the form d.M.yyyy', '"31.1.2026" is 2026-01-31']]],
  [['31/01/2026 12:00:05', '01/02/2026 00:00:00'], [['times in the form dd/MM/yyyy HH:mm:ss', '"31/01/2026 12:00:05" is 2026-01-31T12:00:05.000Z']]],
  [
    ['01/02/2026', '03/04/2026'],
    [
      ['days in the form dd/MM/yyyy', '"01/02/2026" is 2026-02-01'],
      ['days in the form MM/dd/yyyy', '"01/02/2026" is 2026-01-02'],
    ],
  ],
  [['83', '2', 'NA', '-'], [['whole numbers beside marks for missing values', '"83" is 83']]],
  [['1,5', 'n/a'], [['numbers with a decimal comma', '"1,5" is 1.5']]],
])('%j', (cells, expected) => expect(guesses(cells)).toEqual(expected));

it.each([
  [['007', '12']],
  [['1.9', '1.10']],
  [['1.2.3.4', '5.6.7.8']],
  [['+49 30 123', '+49 31 22']],
  [['12E5', '3E7']],
  [['yes', 'maybe', 'no']],
  [['y', 'y']],
  [['2026-01-31T12:00:00.123456Z']],
  [['31.02.2026']],
  [['NA', '-']],
  [[]],
  [['0,125.5', '1']],
])('offers nothing for %j', (cells) => expect(guesses(cells)).toEqual([]));

it('takes whole numbers for times where their name says so and their size fits', () => {
  expect(guesses(['1706702400', '1706702460'], 'created_at', 'integer')).toEqual([
    ['what look like times in seconds since 1970', '"1706702400" is 2024-01-31T12:00:00.000Z'],
  ]);
  expect(guesses(['1706702400123'], 'timestamp', 'integer')[0]![0]).toContain('milliseconds');
  expect(guesses(['1706702400123000000'], 'ts')[0]![0]).toContain('nanoseconds');
  expect(guesses(['1706702400123456'], 'ts', 'integer')).toEqual([]);
  expect(guesses(['1706702400'], 'amount', 'integer')).toEqual([]);
  expect(guesses(['12'], 'time', 'integer')).toEqual([]);
});

it('is applied by one click to a column, or to all that can be nothing else', async () => {
  const folder = folderOf({ 'x.csv': 'price;on;paid;us\n1.299,99;31.01.2026;ja;01/02/2026\n0,50;01.02.2026;nein;03/04/2026\n' });
  const before = await readSource(csvFile, folder, { path: 'x.csv' });
  expect(before.rows[0]).toEqual({ price: '1.299,99', on: '31.01.2026', paid: 'ja', us: '01/02/2026' });
  const [all, one] = before.problems;
  expect(all).toMatchObject({ code: 'column/formats-found', severity: 'info', message: expect.stringContaining('price, on, paid'), field: 'types' });
  expect(one).toMatchObject({ message: 'Column "price" holds numbers with a decimal comma: "1.299,99" is 1299.99, "0,50" is 0.5.' });
  expect(before.problems.at(-1)?.fix?.title).toBe('Read "us" as date in the form MM/dd/yyyy');

  const { entry, more } = all!.fix as EntryFix;
  const types = [entry, ...more!];
  const after = await readSource(csvFile, folder, { path: 'x.csv', types });
  expect(after.rows).toEqual([
    { price: 1299.99, on: '2026-01-31', paid: true, us: '01/02/2026' },
    { price: 0.5, on: '2026-02-01', paid: false, us: '03/04/2026' },
  ]);
  expect(after.problems.map(({ message }) => message)).toEqual([expect.stringContaining('"us" may hold'), expect.stringContaining('"us" may hold')]);
});

it('keeps the marks of the source among those that it offers for a column', async () => {
  const folder = folderOf({ 'x.csv': 'country,t\nDE,1.5\nNA,NA\nFR,\nSE,null\n' });
  const [offer] = guessFormats('t', ['1.5', null, '', 'null'], 'string', ['NA']);
  expect(offer!.entry).toEqual({ type: 'auto', missing: 'NA, null' });
  const { rows } = await readSource(csvFile, folder, { path: 'x.csv', nullText: 'NA', types: [{ column: 't', ...offer!.entry }] });
  expect(rows.map(({ t }) => t)).toEqual([1.5, null, null, null]);
});
