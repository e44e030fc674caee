import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileRows } from '../../io/files/file-rows.ts';
import { findFiles } from '../../io/files/input-files.ts';
import { JsonlParser } from '../formats/json/jsonl-parser.ts';
import jsonlFile from './jsonl-file.ts';

const read = (files: Parameters<typeof folderOf>[0], params: object = {}, options: Parameters<typeof readSource>[3] = {}) =>
  readSource(jsonlFile, folderOf(files), { path: 'x.jsonl', ...params }, options);

it('gives the same rows wherever chunks and batches are cut', async () => {
  const record = fc.record(
    { s: fc.string({ unit: 'grapheme', maxLength: 12 }), n: fc.double({ noNaN: true, noDefaultInfinity: true }), j: fc.jsonValue() },
    { requiredKeys: ['n'] },
  );
  const line = fc.oneof(
    { weight: 6, arbitrary: record.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom('', ' ', '\r', '{"n":', '[]', '{"n":1,"é":2}', '{"n":1,"s":5}') },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 7 }),
      async (lines, chunkSize, batchSize) => {
        const folder = folderOf({ 'x.jsonl': lines.join('\n') });
        const schema = {
          columns: [
            { name: 's', type: 'string' },
            { name: 'n', type: 'number' },
            { name: 'j', type: 'json' },
          ].map((column) => ({ ...column, nullable: true })),
        } as never;
        const failures: string[] = [];
        const context = { fail: ({ code }: { code: string }) => failures.push(code), log() {}, batchSize, start: null, signal: new AbortController().signal };
        const reader = new FileRows(
          findFiles('x.jsonl', (path) => join(folder, path)),
          new JsonlParser(schema, { extra: 'error', maxRecordBytes: 1 << 20, cast: new Set() }, null, context as never),
          { encoding: 'auto' },
          context,
          chunkSize,
        );
        const rows: unknown[] = [];
        const places: (number | undefined)[] = [];
        for (let batch = await reader.read(); batch; batch = await reader.read()) {
          rows.push(...batch.rows);
          for (const i of batch.rows.keys()) places.push(batch.locate!(i).line);
        }
        await reader.close();
        const expected = lines.flatMap((text, i): ({ failed: true } | { line: number; row: object })[] => {
          if (text.trim() === '') return [];
          if (text === '{"n":' || text === '[]' || text.includes('é":2')) return [{ failed: true }];
          const { s = null, n, j = null } = JSON.parse(text);
          return [{ line: i + 1, row: { s: s === 5 ? '5' : s, n, j } }];
        });
        expect(rows).toEqual(expected.flatMap((entry) => ('row' in entry ? [entry.row] : [])));
        expect(places).toEqual(expected.flatMap((entry) => ('row' in entry ? [entry.line] : [])));
        expect(failures.length).toBe(expected.filter((entry) => 'failed' in entry).length);
      },
    ),
    { numRuns: 100 },
  );
});

describe('columns', () => {
  it('are all keys of the first rows, over several files, in the order in which they appear', async () => {
    const { schema, rows } = await read(
      { 'a.jsonl': '{"b":1}\n{"a":"x"}', 'b.jsonl': gzipSync('{"c":[1],"b":2.5}\n') },
      { path: '*.jsonl', fileColumn: 'file' },
    );
    expect(schema!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['b number', 'a string', 'c json', 'file string']);
    expect(rows).toEqual([
      { b: 1, a: null, c: null, file: 'a.jsonl' },
      { b: null, a: 'x', c: null, file: 'a.jsonl' },
      { b: 2.5, a: null, c: [1], file: 'b.jsonl' },
    ]);
  });
  it('may have any name', async () => {
    const { rows } = await read({ 'x.jsonl': '{"__proto__":1,"toString":"x","a\\"b":true}\n{"constructor":2}\n' });
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['__proto__', 1],
        ['toString', 'x'],
        ['a"b', true],
        ['constructor', null],
      ],
      [
        ['__proto__', null],
        ['toString', null],
        ['a"b', null],
        ['constructor', 2],
      ],
    ]);
  });
  it('may be called like what every object inherits, and are null where a row lacks them', async () => {
    const { rows } = await read({ 'x.jsonl': '{"constructor":{"a":1},"__proto__":[2],"toString":"x"}\n{}\n' });
    const [, empty] = rows;
    expect(Object.entries(empty!)).toEqual([
      ['constructor', null],
      ['__proto__', null],
      ['toString', null],
    ]);
  });

  it('can be converted, and added by hand', async () => {
    const { rows, problems } = await read(
      { 'x.jsonl': '{"id":7,"at":1769860800000}\n{"id":8}\n' },
      {
        types: [
          { column: 'id', type: 'string' },
          { column: 'at', type: 'timestamp' },
          { column: 'late', type: 'integer' },
        ],
      },
    );
    expect(problems).toEqual([]);
    expect(rows).toEqual([
      { id: '7', at: 1769860800000, late: null },
      { id: '8', at: null, late: null },
    ]);
  });
});

describe('rows with keys that are no columns', () => {
  const text = `${'{"a":1}\n'.repeat(1000)}{"a":2,"z":1}\n{"a":3}\n{"z":1,"y":2,"a":4}\n${'{"a":5}\n'.repeat(2000)}`;
  it('are failures', async () => {
    const { rows, failures } = await read({ 'x.jsonl': text });
    expect(rows.length).toBe(3001);
    expect(failures.map(({ code, message, position }) => [code, message, position?.line])).toEqual([
      ['jsonl/extra', 'The row has "z", which no row of the sample had.', 1001],
      ['jsonl/extra', 'The row has "z", "y", which no row of the sample had.', 1003],
    ]);
  });
  it('lose them, and the log counts that', async () => {
    const { rows, failures, logs } = await read({ 'x.jsonl': text }, { extra: 'ignore' });
    expect(failures).toEqual([]);
    expect(rows.slice(1000, 1003)).toEqual([{ a: 2 }, { a: 3 }, { a: 4 }]);
    expect(logs).toEqual(['Keys of x.jsonl that are not columns were left out, with the number of rows that had them: "z" (2), "y" (1).']);
  });
});

describe('whole numbers beyond 2^53', () => {
  const big = '12345678901234567890';
  it('are failures in later rows of an integer column', async () => {
    const { rows, failures } = await read({ 'x.jsonl': `${'{"id":1}\n'.repeat(1000)}{"id":${big}}\n${'{"id":2}\n'.repeat(2000)}` });
    expect(rows.length).toBe(3000);
    expect(failures).toMatchObject([{ code: 'jsonl/value', position: { line: 1001 }, hint: expect.stringContaining('read column "id" as decimal') }]);
  });
  it('are failures within JSON, while long digits in a text are fine', async () => {
    const { rows, failures } = await read({ 'x.jsonl': `{"j":{"id":[${big}]}}\n{"j":{"id":"${big}"}}\n{"j":{"id":0.12345678901234568}}\n` });
    expect(rows).toEqual([{ j: { id: big } }, { j: { id: 0.12345678901234568 } }]);
    expect(failures).toMatchObject([{ code: 'jsonl/value', message: expect.stringContaining(`it holds ${big}, which would be rounded`) }]);
  });
  it('and long decimals are kept as they are in columns of text, and failures in those of numbers', async () => {
    const long = '0.1234567890123456789';
    const early = await read({ 'x.jsonl': `{"v":1.5}\n{"v":${long}}\n{"v":1.10}\n{"v":1e999}\n` });
    expect(early.rows).toEqual([{ v: '1.5' }, { v: long }, { v: '1.10' }, { v: '1e999' }]);
    const late = await read({
      'x.jsonl': `${'{"v":0.5}\n'.repeat(1000)}{"v":${long}}\n{"v":${big}}\n{"v":"7"}\n{"v":true}\n{"v":0.30000000000000004}\n${'{"v":0.5}\n'.repeat(2000)}`,
    });
    expect(late.rows.length).toBe(3001);
    expect(late.failures.map(({ message, position }) => [position?.line, message])).toEqual([
      [1001, `Column "v" is of type number: ${long} has more digits than a number keeps.`],
      [1002, `Column "v" is of type number: ${big} is beyond 2^53, where whole numbers would be rounded.`],
      [1003, 'Column "v" is of type number: "7" is a text.'],
      [1004, 'Column "v" is of type number: true is not a number.'],
    ]);
  });
});

describe('lines that cannot be read', () => {
  it('are told with their place and text', async () => {
    const { failures } = await read({ 'x.jsonl': '{"a":1}\r\n{"a":2,}\r\nnull\n' });
    expect(failures.map(({ code, message, position, row }) => [code, message, position?.line, row?.['raw']])).toEqual([
      ['jsonl/syntax', 'The line is not JSON: Expected double-quoted property name, at column 8.', 2, '{"a":2,}'],
      ['jsonl/not-an-object', 'The line is JSON, but not an object.', 3, 'null'],
    ]);
  });
  it('are nested deeper than a value may be, wherever in the file they stand', async () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}\n`;
    const { rows, failures } = await read({ 'x.jsonl': deep(499) + '{"a":[1]}\n'.repeat(1200) + deep(500) + deep(100_000) + deep(2) });
    expect(rows.length).toBe(1202);
    expect(failures.map(({ code, message, position }) => [code, message, position?.line])).toEqual(
      [1202, 1203].map((line) => ['jsonl/syntax', 'The line is not JSON: it is nested more than 500 levels deep.', line]),
    );
  });
  it('hold bytes that are no text', async () => {
    const { rows, failures } = await read({
      'x.jsonl': Buffer.concat([Buffer.from('{"a":"é"}\n{"a":"'), Buffer.of(0xff), Buffer.from('"}\n{"a":"\ufffd"}\n')]),
    });
    expect(rows).toEqual([{ a: 'é' }, { a: '\ufffd' }]);
    expect(failures).toMatchObject([{ code: 'jsonl/encoding', position: { line: 2 } }]);
  });
  it('are one of 100 MB', async () => {
    const folder = folderOf({});
    const file = openSync(join(folder, 'x.jsonl'), 'w');
    writeSync(file, '{"a":1}\n{"a":"');
    for (let i = 0; i < 100; i++) writeSync(file, Buffer.alloc(1024 * 1024, 'x'));
    writeSync(file, '"}\n{"a":3}\n');
    closeSync(file);
    const { rows, failures, places } = await readSource(jsonlFile, folder, { path: 'x.jsonl' });
    expect(rows).toEqual([{ a: 1 }, { a: 3 }]);
    expect(places).toEqual(['x.jsonl:1', 'x.jsonl:3']);
    expect(failures.map(({ code, position }) => [code, position?.line])).toEqual([['jsonl/long-line', 2]]);
  });
});

it('is refused with a hint where no row tells columns', async () => {
  const codes = async (content: string | Buffer) => (await read({ 'x.jsonl': content })).problems.map(({ code }) => code);
  expect(await codes('\n\n')).toEqual(['jsonl/no-rows']);
  expect(await codes('[1]')).toEqual(['jsonl/no-rows']);
  expect(await codes(Buffer.alloc(6 * 1024 * 1024, '['))).toEqual(['jsonl/long-line']);
});
