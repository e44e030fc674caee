import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ParamsOf } from '@millrace/kit/fields';
import { folderOf, type Outcome, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import csvFile from './csv-file.ts';

const read = (files: Parameters<typeof folderOf>[0], params: object, options: Parameters<typeof readSource>[3] = {}) =>
  readSource(csvFile, folderOf(files), { path: 'x.csv', ...params }, options);
const defaults = Object.fromEntries(
  Object.entries(csvFile.params).map(([name, field]) => [name, (field as { default?: unknown }).default ?? null]),
) as never as ParamsOf<typeof csvFile.params>;
const problem = ({ problems }: Outcome) => problems.map(({ code, message, hint }) => ({ code, message, hint }))[0];

describe('dialects', () => {
  it.each([
    [';', 'a;b\n1;x,y\n2;z\n'],
    ['\t', 'a\tb\n1\tx,y\n2\tz\n'],
    ['|', 'a|b\n1|"x,y"\n2|z\n'],
    [',', 'a,b\n1,"x,y"\n2,z\n'],
  ])('finds the delimiter %j', async (_, text) => {
    const { rows } = await read({ 'x.csv': text }, {});
    expect(rows).toEqual([
      { a: 1, b: 'x,y' },
      { a: 2, b: 'z' },
    ]);
  });
  it('takes another delimiter and quote, even ones that occur in numbers', async () => {
    const { rows } = await read({ 'x.csv': "a-b\n'-1'-x\n2-'y''z'\n" }, { delimiter: 'other', otherDelimiter: '-', quote: "'" });
    expect(rows).toEqual([
      { a: -1, b: 'x' },
      { a: 2, b: "y'z" },
    ]);
  });
  it('reads a date and a time that a space parts', async () => {
    const { rows } = await read({ 'x.csv': 'd t\n2026-01-31 12:00\n' }, { delimiter: 'other', otherDelimiter: ' ' });
    expect(rows).toEqual([{ d: '2026-01-31', t: '12:00' }]);
  });
  it('reads files without a header', async () => {
    const { rows } = await read({ 'x.csv': '1,x\n2,y' }, { header: false });
    expect(rows).toEqual([
      { column_1: 1, column_2: 'x' },
      { column_1: 2, column_2: 'y' },
    ]);
  });
  it.each([
    [{ delimiter: 'other', otherDelimiter: '||' }, 'otherDelimiter'],
    [{ quote: 'ä' }, 'quote'],
    [{ quote: ',', delimiter: 'comma' }, 'quote'],
    [{ encoding: 'utf-9' }, 'encoding'],
  ])('refuses %j', async (params, field) => {
    const { problems } = await read({ 'x.csv': 'a,b\n' }, params);
    expect(problems[0]).toMatchObject({ severity: 'error', field });
  });
});

describe('encodings', () => {
  const text = 'name,n\nZoë,1\n日本,2\n';
  const rows = [
    { name: 'Zoë', n: 1 },
    { name: '日本', n: 2 },
  ];
  it.each([
    ['UTF-8', Buffer.from(text), 'auto'],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), 'auto'],
    ['UTF-8 with a mark, named', Buffer.from(`\ufeff${text}`), 'utf-8'],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'auto'],
    ['UTF-16 big-endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), 'auto'],
    ['UTF-16, named', Buffer.from(text, 'utf16le'), 'utf-16le'],
    ['gzip', gzipSync(text), 'auto'],
    ['gzip in two parts', Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))]), 'auto'],
    ['gzip of UTF-16', gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le')), 'auto'],
  ])('reads %s', async (_, content, encoding) => {
    const outcome = await read({ 'x.csv': content }, { encoding });
    expect(outcome.rows).toEqual(rows);
    expect(outcome.failures).toEqual([]);
  });
  it('reads windows-1252', async () => {
    expect((await read({ 'x.csv': Buffer.from('a,b\nZo\xeb,\x80\n', 'latin1') }, { encoding: 'windows-1252' })).rows).toEqual([{ a: 'Zoë', b: '€' }]);
  });
  it('says that a file is in another encoding', async () => {
    const { problems, failures, rows } = await read({ 'x.csv': Buffer.from('a,b\nZo\xeb,1\nx,2\n', 'latin1') }, {});
    expect(rows).toEqual([{ a: 'x', b: 2 }]);
    expect(problems[0]).toMatchObject({ severity: 'warning', code: 'csv/unreadable-rows' });
    expect(failures[0]).toMatchObject({ code: 'csv/encoding', position: { line: 2 }, fix: { param: 'encoding', value: 'windows-1252' } });
    expect(failures[0]!.hint).toContain('windows-1252');
  });
  it('says so too where the named encoding is wrong', async () => {
    const { failures, rows } = await read({ 'x.csv': Buffer.from('a,b\n\x81\xff,1\nx,2\n', 'latin1') }, { encoding: 'shift_jis' });
    expect(rows).toEqual([{ a: 'x', b: 2 }]);
    expect(failures[0]).toMatchObject({ code: 'csv/encoding', position: { line: 2 } });
  });
});

describe('several files', () => {
  it('come in the order of their names, and may be anywhere below', async () => {
    const { rows, places } = await read({ 'd/2/b.csv': 'a\n3\n', 'd/1/a.csv': 'a\n1\n2\n', 'd/c.txt': 'no', 'd/.hidden.csv': 'no' }, { path: 'd/**/*.csv' });
    expect(rows).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(places).toEqual(['d/1/a.csv:2', 'd/1/a.csv:3', 'd/2/b.csv:2']);
  });
  it('have their columns by name: what a file lacks is null there, and its order is its own', async () => {
    const files = { 'd/1.csv': 'id,name\n1,a\n', 'd/2.csv': 'email;id;name\nx@example.org;2;b\n', 'd/3.csv': '# none\nname,id\nc,3.5\n' };
    const { rows, problems, schema, failures } = await read(files, { path: 'd/*.csv', fileColumn: 'file' });
    expect(failures).toEqual([]);
    expect(schema!.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'number'],
      ['name', 'string'],
      ['email', 'string'],
      ['file', 'string'],
    ]);
    expect(rows).toEqual([
      { id: 1, name: 'a', email: null, file: 'd/1.csv' },
      { id: 2, name: 'b', email: 'x@example.org', file: 'd/2.csv' },
      { id: 3.5, name: 'c', email: null, file: 'd/3.csv' },
    ]);
    expect(rows.map((row) => Object.keys(row))).toEqual(rows.map(() => ['id', 'name', 'email', 'file']));
    expect(problems).toMatchObject([{ code: 'csv/column-missing', severity: 'info' }]);
  });
  it('say in one note which columns are not in all of them', async () => {
    const { problems } = await read({ 'a.csv': 'a,b,c\n1,2,3\n', 'b.csv': 'a,d\n1,2\n', 'c.csv': 'a,b,c,d\n1,2,3,4\n' }, { path: '?.csv' });
    expect(problems.map(({ message }) => message)).toEqual([
      '3 columns are not in all files, and null where they are missing: b, c, d. Columns are missing from 2 of 3 files, such as a.csv.',
    ]);
  });
  it('fail where one has a column that came after the check', async () => {
    const { schema } = await read({ 'a.csv': 'a,b\n1,2\n', 'b.csv': 'a\n1\n' }, { path: '*.csv' });
    await expect(read({ 'a.csv': 'a,b\n1,2\n', 'b.csv': 'a,c\n1,2\n' }, { path: '*.csv' }, { schema: schema! })).rejects.toThrow(
      'The columns of b.csv are not those that the pipeline was checked with: it is without "b" and with "c"',
    );
  });
  it('say when none is there', async () => {
    expect(problem(await read({}, { path: 'data*/x-?.csv' }))).toMatchObject({ code: 'file/missing', message: 'No file matches data*/x-?.csv.' });
  });
  it('leave a file alone whose name only looks like a pattern', async () => {
    if (process.platform === 'win32') return;
    expect((await read({ 'what?.csv': 'a\n1\n', 'whatx.csv': 'a\n2\n' }, { path: 'what?.csv' })).rows).toEqual([{ a: 1 }]);
  });
});

describe('bad files', () => {
  it('are missing, folders, empty, pipes or devices', async () => {
    expect(problem(await read({}, {}))).toMatchObject({ code: 'file/missing' });
    expect(problem(await read({ 'x.csv/y': '' }, {}))).toMatchObject({ code: 'file/directory' });
    expect(problem(await read({ 'x.csv': '' }, {}))).toMatchObject({ code: 'csv/empty' });
    expect(problem(await read({ 'x.csv': gzipSync('') }, {}))).toMatchObject({ code: 'csv/empty' });
    if (process.platform === 'win32') return;
    expect(problem(await read({}, { path: '/dev/zero' }))).toMatchObject({ code: 'file/not-a-file' });
    const folder = folderOf({});
    execFileSync('mkfifo', [join(folder, 'pipe.csv')]);
    expect(problem(await readSource(csvFile, folder, { path: 'pipe.csv' }))).toMatchObject({ code: 'file/not-a-file' });
  });
  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('may not be read', async () => {
    const folder = folderOf({ 'x.csv': 'a\n' });
    chmodSync(join(folder, 'x.csv'), 0);
    expect(problem(await readSource(csvFile, folder, { path: 'x.csv' }))).toMatchObject({ code: 'file/unreadable' });
  });
  it('are broken gzip: what comes before is read, then the run ends', async () => {
    const whole = gzipSync(`a,b\n${Array.from({ length: 300_000 }, (_, i) => `${i},${Math.random()}\n`).join('')}`);
    const folder = folderOf({ 'x.csv': whole.subarray(0, whole.length / 2), 'y.csv': Buffer.concat([whole.subarray(0, 10), Buffer.from('garbage')]) });
    await expect(readSource(csvFile, folder, { path: 'x.csv' })).rejects.toThrow(/The gzip file x.csv is broken: unexpected end of file, after [\d,]+ bytes/);
    expect(problem(await readSource(csvFile, folder, { path: 'y.csv' }))).toMatchObject({ code: 'file/gzip' });
  });
  it('are binary', async () => {
    expect(problem(await read({ 'x.csv': Buffer.from('\0\x01,\0\n\0') }, {}))).toMatchObject({ code: 'csv/nul' });
  });
  it('have carriage returns alone at first, and line feeds later', async () => {
    const text = `a,b\r${'1,2\r'.repeat(100_000)}3,4\n`;
    const { schema, problems } = await read({ 'x.csv': text }, {});
    expect([schema, problems[0]?.code]).toEqual([null, 'file/line-ends']);
    const known = (await read({ 'x.csv': 'a,b\n1,2\n' }, {})).schema!;
    await expect(read({ 'x.csv': text }, {}, { schema: known })).rejects.toThrow(/end with a carriage return alone at its beginning/);
  });
  it.each([
    ['a,b\n1,2\r3,4\n5,6\n', 2],
    ['a,b\r\n1,2\r\n3,4\r5,6\r\n', 3],
  ])('have some lines that end with a carriage return alone: %j', async (text, line) => {
    const { problems } = await read({ 'x.csv': text }, {});
    const hint = expect.stringContaining('Set its line ends');
    const message = expect.stringMatching(`Line ${line}: .* 3; it contains a carriage return alone`);
    expect(problems[0]).toMatchObject({ code: 'csv/unreadable-rows', message, hint, fix: { param: 'lineEnds', value: 'any' } });
  });
  it('changed after the pipeline was checked', async () => {
    const { schema } = await read({ 'x.csv': 'a,b\n' }, {});
    await expect(read({ 'x.csv': 'b,c\n' }, {}, { schema: schema! })).rejects.toThrow(
      'are not those that the pipeline was checked with: it is without "a" and with "c"',
    );
    await expect(read({ 'x.csv': 'b\n' }, {}, { schema: schema! })).rejects.toThrow('it is without "a"');
    expect((await read({ 'x.csv': 'b,a\n1,2\n' }, {}, { schema: schema! })).rows).toEqual([{ a: '2', b: '1' }]);
  });
});

describe('a line of 100 MB', () => {
  const big = () => {
    const folder = folderOf({});
    const file = openSync(join(folder, 'x.csv'), 'w');
    const block = Buffer.alloc(1024 * 1024, 'x');
    writeSync(file, 'a,b\n1,x\n2,');
    for (let i = 0; i < 100; i++) writeSync(file, block);
    writeSync(file, '\n3,y\n');
    closeSync(file);
    return folder;
  };
  it('is one failure, and does not fill the memory', async () => {
    const folder = big();
    const before = process.memoryUsage().rss;
    const { rows, failures, places } = await readSource(csvFile, folder, { path: 'x.csv' });
    expect(rows).toEqual([
      { a: 1, b: 'x' },
      { a: 3, b: 'y' },
    ]);
    expect(failures.map(({ code, position }) => [code, position?.line])).toEqual([['csv/long-line', 3]]);
    expect(places).toEqual(['x.csv:2', 'x.csv:4']);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
  it('does not hold up the look into a file, even as its header', async () => {
    const folder = big();
    const before = process.cpuUsage();
    const path = (name: string) => join(folder, name);
    const { schema } = await csvFile.discover!({ params: { ...defaults, path: 'x.csv' }, path, signal: new AbortController().signal });
    expect(schema!.columns.map(({ name }) => name)).toEqual(['a', 'b']);
    const headers = folderOf({ 'x.csv': Buffer.alloc(20 * 1024 * 1024, 'x') });
    expect(problem(await readSource(csvFile, headers, { path: 'x.csv' }))).toMatchObject({ code: 'csv/long-line' });
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
  });
});

describe('types', () => {
  it('that later rows do not fit are failures, with a hint', async () => {
    const text = `id,n\n${Array.from({ length: 1500 }, (_, i) => `${i},${i}\n`).join('')}x,1\n${'1500,\n'.repeat(8000)}`;
    const { rows, failures, schema } = await read({ 'x.csv': text }, {});
    expect(schema!.columns.map(({ type }) => type)).toEqual(['integer', 'integer']);
    expect(rows.length).toBe(9500);
    expect(failures).toMatchObject([
      { code: 'csv/value', position: { source: 'x.csv', line: 1502 }, hint: expect.stringContaining('read column "id" as string') },
    ]);
  });
  it('can be set', async () => {
    const { rows } = await read(
      { 'x.csv': 'id,j,b\n1,"{""a"":[1]}",AQI=\n' },
      {
        types: [
          { column: 'id', type: 'string' },
          { column: 'j', type: 'json' },
          { column: 'b', type: 'bytes' },
        ],
      },
    );
    expect(rows).toEqual([{ id: '1', j: { a: [1] }, b: Uint8Array.of(1, 2) }]);
  });
  it('warn where the column is not there', async () => {
    expect((await read({ 'x.csv': 'a\n1\n' }, { types: [{ column: 'z', type: 'string' }] })).problems).toMatchObject([
      { severity: 'warning', field: 'types.0.column' },
    ]);
  });
  it('name columns that have no name, or one twice', async () => {
    const { schema, problems, rows } = await read({ 'x.csv': 'a,,a\n1,2,3\n' }, {});
    expect(schema!.columns.map(({ name }) => name)).toEqual(['a', 'column_2', 'a_2']);
    expect(rows).toEqual([{ a: 1, column_2: 2, a_2: 3 }]);
    expect(problems).toMatchObject([{ severity: 'warning', code: 'csv/column-name' }]);
  });
});

describe('position', () => {
  const header = 'id,text\n';
  const body = Array.from({ length: 40 }, (_, i) => (i % 7 === 3 ? `${i},"two\nlines é"\n` : `${i},é${i}\n`)).join('');
  const files = {
    'a.csv': header + body,
    'b.csv': `\ufeff${header}100,x\n101,y`,
    'c.csv': gzipSync(header + body),
    'd.csv': Buffer.from(`\ufeff${header}200,日\n201,y\n`, 'utf16le'),
  };
  it('is where reading goes on, in plain, packed and translated files', async () => {
    const folder = folderOf(files);
    const whole = await readSource(csvFile, folder, { path: '*.csv' });
    expect(whole.rows.length).toBe(84);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.nat(), async (batchSize, pick) => {
        const { positions } = await readSource(csvFile, folder, { path: '*.csv' }, { batchSize, schema: whole.schema! });
        const { rows, position } = positions[pick % positions.length]!;
        const rest = await readSource(csvFile, folder, { path: '*.csv' }, { start: position, schema: whole.schema! });
        expect(rest.rows).toEqual(whole.rows.slice(rows));
        expect(rest.places).toEqual(whole.places.slice(rows));
      }),
      { numRuns: 30 },
    );
  });
  it('says when its file is gone', async () => {
    await expect(read({ 'x.csv': 'a\n1\n' }, {}, { start: { file: 'y.csv', offset: 4, line: 2 } })).rejects.toThrow('should continue in y.csv');
  });
  it.each<[string, (before: string) => string | Uint8Array, string | null]>([
    ['another file has its name', (before) => before.replace('0,é0', '0,xx0'), 'does not begin as it did'],
    ['it was cut off', (before) => before.slice(0, 60), 'shorter than it was'],
    ['it has grown', (before) => `${before}99,more\n`, null],
  ])('is refused where %s', async (_, change, message) => {
    const folder = folderOf({ 'x.csv': header + body });
    const { positions, rows } = await readSource(csvFile, folder, { path: 'x.csv' }, { batchSize: 10 });
    writeFileSync(join(folder, 'x.csv'), change(header + body));
    const rest = readSource(csvFile, folder, { path: 'x.csv' }, { start: positions[0]!.position });
    if (message) await expect(rest).rejects.toMatchObject({ problem: { code: 'file/changed', message: expect.stringContaining(message) } });
    else expect((await rest).rows).toEqual([...rows.slice(10), { id: 99, text: 'more' }]);
  });
});

it('stops reading within a file of nothing but broken rows', async () => {
  const folder = folderOf({ 'x.csv': `a,b\n1,2\n${'x\n'.repeat(3_000_000)}` });
  const stop = new AbortController();
  const { schema } = await read({ 'x.csv': 'a,b\n1,2\n' }, {});
  setTimeout(() => stop.abort(), 20);
  const { failures } = await readSource(csvFile, folder, { path: 'x.csv' }, { signal: stop.signal, schema: schema! });
  expect(failures.length).toBeLessThan(3_000_000);
});
