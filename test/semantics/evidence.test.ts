import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { describe, expect, it } from 'vitest';
import type { Detected } from '../../model/schema/detected.ts';
import csv from '../../nodes/csv/csv-file.ts';
import json from '../../nodes/json/jsonl-file.ts';

async function detect(
  source: typeof csv | typeof json,
  files: { readonly [path: string]: string | Uint8Array },
  given: { readonly [param: string]: unknown } = {},
) {
  const folder = folderOf(files);
  const defaults = Object.fromEntries(Object.entries(source.params).map(([name, field]) => [name, (field as { default?: unknown }).default ?? null]));
  const params = { ...defaults, path: Object.keys(files)[0], ...given } as never;
  const { detected = [] } = await source.discover!({ params, path: (path) => resolve(folder, path), signal: new AbortController().signal });
  return (param: string, column?: string): Partial<Detected> => detected.find((each) => each.param === param && each.column === column) ?? {};
}
const lines = ({ lines: all = [] }: Partial<Detected>) => all.map(({ line, text }) => `${line}: ${text}`);

describe('what is detected of a CSV file', () => {
  it("tells a bank's export line by line", async () => {
    const bank = 'Kontoauszug;Müller\r\nZeitraum;2026\r\n\r\nDatum;Betrag;Text;PLZ\r\n31.01.2026;1,50;"Miete; Mai";01730\r\n01.02.2026;2,75;x;1730\r\n';
    const found = await detect(csv, { 'bank.csv': Buffer.from(bank, 'latin1') });
    expect(found('delimiter')).toMatchObject({ value: 'Semicolon ;', because: 'All of the first 2 rows have 4 fields with it.' });
    expect(lines(found('header'))).toEqual(['4: Datum;Betrag;Text;PLZ', '5: 31.01.2026;1,50;"Miete; Mai";01730']);
    expect(found('skip')).toMatchObject({ value: '3 lines', notable: true });
    expect(lines(found('skip'))).toHaveLength(4);
    expect(found('encoding')).toMatchObject({ value: 'UTF-8, with faults', doubtful: true, instead: { value: 'windows-1252' } });
    expect(lines(found('encoding'))).toEqual(['1: Kontoauszug;Müller']);
    expect(found('quote')).toMatchObject({ value: '"', because: 'One of the first rows has fields in quotes.' });
    expect(found('lineEnds')).toMatchObject({ value: 'CR LF' });
    expect(found('types', 'PLZ')).toMatchObject({ value: 'string', because: '"01730" as an integer would not be what was written.' });
    const set = await detect(csv, { 'bank.csv': Buffer.from(bank, 'latin1') }, { encoding: 'windows-1252', delimiter: 'comma', skip: 0 });
    expect(set('encoding')).toMatchObject({ value: 'windows-1252', because: 'It was set here.' });
    expect(lines(set('encoding'))).toEqual(['1: Kontoauszug;Müller']);
    expect(set('delimiter')).toMatchObject({ value: 'Comma ,' });
    expect(set('skip')).toMatchObject({ value: 'None', because: 'It was set here.' });
  });

  it('tells the encoding, with the edit that sets it, where not even the header can be read', async () => {
    const bank = Buffer.from('Buchung;Empf\u00e4nger\r\n31.01.2026;M\u00fcller\r\n', 'latin1');
    const found = await detect(csv, { 'bank.csv': bank });
    expect(found('encoding')).toMatchObject({ doubtful: true, instead: { value: 'windows-1252' }, lines: [{ line: 1, text: 'Buchung;Empf\u00e4nger' }] });
    const fix = { title: 'Read as windows-1252', param: 'encoding', value: 'windows-1252' };
    expect((await readSource(csv, folderOf({ 'bank.csv': bank }), { path: 'bank.csv' })).problems).toMatchObject([{ code: 'csv/encoding', fix }]);
    const rows = Buffer.from('Buchung;Name\r\n31.01.2026;M\u00fcller\r\n', 'latin1');
    expect((await readSource(csv, folderOf({ 'rows.csv': rows }), { path: 'rows.csv' })).problems).toMatchObject([{ code: 'csv/unreadable-rows', fix }]);
  });

  it('tells marks, comments, escapes, trailing delimiters and the line sep=', async () => {
    const marked = await detect(csv, { 'a.csv': gzipSync('\ufeffsep=\t\na\tb\t\n1\tx\t\n2\ty\t\n') });
    expect(marked('encoding')).toMatchObject({ value: 'UTF-8, in gzip', because: 'The file begins with a byte order mark. Its content is packed with gzip.' });
    expect(marked('delimiter')).toMatchObject({ value: 'Tab', because: 'Line 1 names it: all of the first 2 rows have 2 fields.' });
    expect(marked('trailing')).toMatchObject({ value: 'Ignored', notable: true });
    const commented = await detect(csv, { 'b.csv': '# by x\na,b\n1,"x \\" y"\n# more\n2,"\\"z\\""\n' });
    expect(commented('comment')).toMatchObject({ value: '#', because: '2 lines begin with it, and would not make rows of the table.' });
    expect(lines(commented('comment'))).toEqual(['1: # by x']);
    expect(commented('escape')).toMatchObject({ value: 'Behind a backslash \\"' });
    const wide = await detect(csv, { 'c.csv': Buffer.from('\ufeffa;b\n1;2\n', 'utf16le') });
    expect(wide('encoding')).toMatchObject({ value: 'UTF-16 LE' });
    const bare = await detect(csv, { 'd.csv': '1,2\n3,4\n' });
    expect(bare('header')).toMatchObject({ doubtful: true, instead: { value: false } });
  });

  it('names the file and line of the cell that decided a type, over several files', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${1000 + i}\n`).join('');
    const found = await detect(csv, { 'a.csv': `id,zip\n${rows}`, 'b.csv': `zip;id\n1;1\n01730;2\n` }, { path: '*.csv' });
    expect(found('types', 'zip').lines).toEqual([{ source: 'b.csv', line: 3, text: '01730' }]);
    expect(found('types', 'zip').because).toBe('"01730" as an integer would not be what was written; the 41 cells before it are whole numbers.');
    expect(found('types', 'id').because).toBe('All 42 cells are whole numbers.');
    expect(found('delimiter').because).toContain('b.csv has Semicolon ;.');
  });

  it('cuts long lines, and cells of the middle have no line', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => `${i},${i === 3999 ? 'x' : i},${'long '.repeat(800)}\n`).join('');
    const found = await detect(csv, { 'a.csv': `id,v,text\n${many}` });
    expect(found('types', 'v').lines).toEqual([{ text: 'x' }]);
    expect(found('types', 'text').lines![0]!.text.length).toBe(2001);
  });
});

describe('what is detected of a JSON file', () => {
  it('tells the layout, the path, and which value decided a type', async () => {
    const found = await detect(json, { 'a.jsonl': '{"id":1,"v":2.5}\n{"id":12345678901234567890,"v":"x"}\n' });
    expect(found('layout')).toMatchObject({ value: 'An object on each line' });
    expect(found('types', 'id')).toMatchObject({
      value: 'decimal',
      because: '12345678901234567890 has more digits than a number keeps; the value before it is a whole number.',
    });
    expect(lines(found('types', 'v'))).toEqual(['2: "x"']);
    const array = await detect(json, { 'b.json': '[\n {"id":1},\n {"id":2}]\n' });
    expect(array('layout')).toMatchObject({ value: 'An array', because: 'The file begins with [.' });
    expect(lines(array('types', 'id'))).toEqual(['2: 1']);
    const within = await detect(json, { 'c.json': '{"data": {"items": [{"id":1},{"id":2}]}}\n' }, { records: 'data.items' });
    expect(within('records')).toMatchObject({ value: 'data.items', because: 'It was set here: 2 records were found there.' });
    expect((await detect(json, { 'd.json': '{"id":1}{"id":2}' }))('layout')).toMatchObject({ value: 'Objects one after another' });
  });
});
