import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileRows } from '../../../io/files/file-rows.ts';
import { findFiles } from '../../../io/files/input-files.ts';
import jsonFile from '../../json/jsonl-file.ts';
import { hasDoubleKeys } from './double-keys.ts';
import { JsonDocumentParser } from './json-document.ts';
import { faultAt } from './json-fault.ts';
import { JsonlParser } from './jsonl-parser.ts';

const read = (content: string | Buffer, params: object = {}) => readSource(jsonFile, folderOf({ 'x.json': content }), { path: 'x.json', ...params });
const ids = [{ id: 1 }, { id: 2 }];

describe('JSON that is no JSON Lines', () => {
  it.each([
    ['one array', '[{"id":1},{"id":2}]'],
    ['an array over lines', '[\n  {"id": 1},\n  {\n    "id": 2\n  }\n]\n'],
    ['objects over lines', '{\n  "id": 1\n}\n{\n  "id": 2\n}'],
    ['an object whose first line ends within it', '{"id": 1,\n"x": null}\n{"id": 2, "x": null}'],
    ['objects on one line', '{"id":1} {"id":2}{"id":2}'.slice(0, -8)],
    ['several arrays', '[{"id":1}]\n[{"id":2}]'],
    ['JSON Lines', '{"id":1}\n{"id":2}'],
    ['a byte order mark', '\ufeff[{"id":1},{"id":2}]'],
    ['an empty list beside', '[]\n[{"id":1},{"id":2}]'],
  ])('%s', async (_, text) => {
    expect((await read(text)).rows).toMatchObject(ids);
  });
  it.each([
    ['data.items', '{"total":2,"x":{"items":[9]},"data":{"items":[{"id":1},{"id":2}],"next":null}}'],
    ['items', '{"items":[{"id":1}]}\n{"items":[{"id":2}]}'],
    ['pages.items', '{"pages":[{"items":[{"id":1}]},{"items":[]},{"items":null},{"items":[{"id":2}]}]}'],
    ['hits', '[{"hits":{"id":1}},{"hits":{"id":2}}]'],
    ['größe "a"', '{"gr\\u00f6\\u00dfe \\"a\\"":[{"id":1},{"id":2}]}'],
  ])('at the path %s', async (records, text) => {
    expect((await read(text, { records })).rows).toEqual(ids);
  });
  it('keeps long numbers as they are', async () => {
    expect((await read('[{"id":12345678901234567890},{"id":1}]')).rows).toEqual([{ id: '12345678901234567890' }, { id: '1' }]);
  });
  it('says where the list is that is probably meant, and what is there where the path leads nowhere', async () => {
    expect((await read('{"data":{"items":[{"id":1},{"id":2}]}}')).problems).toMatchObject([
      { code: 'json/list-within', severity: 'info', fix: { param: 'records', value: 'data.items' } },
    ]);
    const { problems } = await read('{"data":[{"id":1}]}', { records: 'items' });
    expect(problems).toMatchObject([
      { code: 'json/no-records', message: 'x.json holds nothing at "items"; its keys beside that path are "data".', field: 'records' },
    ]);
  });
});

describe('broken JSON', () => {
  it('is told with line and column, and the record behind it is read', async () => {
    const { rows, failures } = await read('[\n  {"id": 1},\n  {"id": 5,\n   "v": tru},\n  {"id": 2}\n]');
    expect(rows).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect(failures).toMatchObject([{ code: 'jsonl/syntax', position: { line: 3, toLine: 4 }, message: expect.stringMatching(/at line 4, column 9/) }]);
  });
  it.each([
    ['[{"id":1},{"id":2}', 'x.json ends within its JSON.', 1],
    ['[{"id":1}\n {"id":2}]', 'x.json is not JSON from line 2, column 2 on: unexpected "{" where "," or "]" has to be.', 2],
    ['[{"id":1}]]', 'x.json is not JSON from line 1, column 11 on: unexpected "]".', 1],
    ['[{"id":1},{"id":2', 'x.json ends within its JSON.', 1],
  ])('of %j', async (text, message, line) => {
    const { failures, rows } = await read(text, { layout: 'document' });
    expect(rows[0]).toEqual({ id: 1 });
    expect(failures.map((failure) => failure.message)).toEqual([expect.stringContaining(message)]);
    expect(failures[0]!.position!.line).toBe(line);
  });
  it('of records that are no objects', async () => {
    expect((await read('[{"id":1}, 7, "x", [{"id":3}], {"id":2}]')).failures.map(({ code }) => code)).toEqual(Array(3).fill('jsonl/not-an-object'));
  });
  it('with a record beyond the limit', async () => {
    const big = `[{"id":1},{"id":5,"x":"${'y'.repeat(3 * 1024 * 1024)}"},{"id":2}]`;
    const { rows, failures } = await read(big, { maxRowSize: 1, types: [{ column: 'x', type: 'string' }] });
    expect(rows.map((row) => row['id'])).toEqual([1, 2]);
    expect(failures).toMatchObject([{ code: 'json/long-record' }]);
  });
});

describe('a key twice in an object', () => {
  const text = '{"id":1,"v":{"a":1}}\n{"id":2,"v":{"a":1,"a":2}}\n{"id":3,"id":4,"v":null}\n';
  it.each([text, `[${text.trim().replaceAll('\n', ',\n')}]`])('is counted, or a failure', async (content) => {
    const outcome = await read(content);
    expect(outcome.rows.map((row) => row['id'])).toEqual([1, 2, 4]);
    expect(outcome.logs).toEqual(['2 rows of x.json (line 2 is the first) have a key twice in an object: its last value counts.']);
    const strict = await read(content, { doubleKeys: 'error' });
    expect(strict.failures.map(({ code, position }) => [code, position?.line])).toEqual([
      ['jsonl/double-key', 2],
      ['jsonl/double-key', 3],
    ]);
  });
  it('is never seen where there is none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, pretty) => {
        const source = JSON.stringify(value, null, pretty ? 1 : 0);
        expect(hasDoubleKeys(source, JSON.parse(source))).toBe(false);
        const key = JSON.stringify('a": "b');
        const doubled = `{${key}:1,"x":${source},${key}:2}`;
        expect(hasDoubleKeys(doubled, JSON.parse(doubled))).toBe(true);
      }),
    );
  });
});

it('the place of a fault is where JSON.parse would stop', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '01', '-', 'tru', ' ', '"\\x"', '1.', '\n');
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), piece, (value, where, extra) => {
      const valid = JSON.stringify(value);
      expect(faultAt(`${valid} x`)).toBe(valid.length + 1);
      const at = where % (valid.length + 1);
      const text = valid.slice(0, at) + extra + valid.slice(at);
      let position = -1;
      try {
        JSON.parse(text);
        position = text.length;
      } catch (error) {
        position = Number(/at position (\d+)/.exec((error as Error).message)?.[1] ?? -1);
      }
      // Within a number or a text, JSON.parse stops a few characters later.
      if (position !== -1) expect(faultAt(text)).toBeLessThanOrEqual(position);
    }),
  );
});

const records = fc.array(fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 4 }), fc.jsonValue(), { maxKeys: 3 }), { maxLength: 6 });

it('records are those of JSON.parse, wherever chunks are cut and reading begins again', async () => {
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.constantFrom(undefined, 1, '\t'),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      async (values, indent, chunk, batchSize) => {
        const rows = values.map((value) => ({ v: JSON.parse(JSON.stringify(value)) as never }));
        const folder = folderOf({ 'x.json': JSON.stringify({ a: [{ x: '}]"' }], b: rows, c: [1] }, null, indent) });
        const open = (start: unknown) => {
          const failures: string[] = [];
          const context = {
            fail: ({ message }: { message: string }) => failures.push(message),
            log() {},
            batchSize,
            start,
            signal: new AbortController().signal,
          };
          const schema = { columns: [{ name: 'v', type: 'json' as const, nullable: true }] };
          const lines = new JsonlParser(schema, { extra: 'error', maxRecordBytes: 1 << 20, cast: new Set() }, null, context as never);
          const parser = new JsonDocumentParser(['b'], 1 << 20, lines, context as never);
          return {
            failures,
            reader: new FileRows(
              findFiles('x.json', (path) => join(folder, path)),
              parser,
              { encoding: 'auto' },
              context as never,
              chunk,
            ),
          };
        };
        const readFrom = async (start: unknown) => {
          const { failures, reader } = open(start);
          const found: unknown[] = [];
          const positions: { at: number; position: unknown }[] = [];
          for (let batch = await reader.read(); batch; batch = await reader.read()) {
            found.push(...batch.rows);
            positions.push({ at: found.length, position: JSON.parse(JSON.stringify(reader.position())) });
          }
          await reader.close();
          expect(failures).toEqual([]);
          return { found, positions };
        };
        const whole = await readFrom(null);
        expect(whole.found).toEqual(rows);
        for (const { at, position } of whole.positions) expect((await readFrom(position)).found).toEqual(rows.slice(at));
      },
    ),
    { numRuns: 60 },
  );
});

it('a large array is not held in memory', async () => {
  const record = JSON.stringify({ id: 1, text: 'x'.repeat(1000) });
  const folder = folderOf({ 'x.json': `[${`${record},`.repeat(60_000)}${record}]` });
  const parser = (await jsonFile.run({
    ...{
      params: {
        path: 'x.json',
        layout: 'auto',
        records: null,
        extra: 'error',
        types: [],
        encoding: 'auto',
        fileColumn: null,
        maxRowSize: 16,
        doubleKeys: 'last',
      },
    },
    ...{ path: (name: string) => join(folder, name), batchSize: 1000, start: null, signal: new AbortController().signal, log() {}, fail() {} },
    outputs: { rows: { columns: ['id', 'text'].map((name) => ({ name, type: name === 'id' ? 'integer' : 'string', nullable: true })) } },
  } as never)) as { read(): Promise<{ rows: unknown[] } | null>; close(): unknown };
  const before = process.memoryUsage().arrayBuffers;
  let rows = 0;
  let most = 0;
  for (let batch = await parser.read(); batch; batch = await parser.read()) {
    rows += batch.rows.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  await parser.close();
  expect(rows).toBe(60_001);
  expect(most).toBeLessThan(30 * 1024 * 1024);
});

const hasPython = spawnSync('python3', ['-c', 'import json']).status === 0;

it.skipIf(!hasPython)('Python reads the same of any bytes that look like JSON (without python3 this is skipped)', async () => {
  const script =
    'import json, sys\nout = []\nfor text in json.load(sys.stdin):\n  try:\n    out.append(json.loads(text))\n  except ValueError:\n    out.append(None)\njson.dump(out, sys.stdout)';
  const token = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '"\\"]"', '1', '-0.5e3', 'true', 'null', ' ', '\n', '{"a":1}', '[1]', '"', '\\');
  const valid = fc.tuple(records, fc.constantFrom(0, 2)).map(([values, indent]) => JSON.stringify(values, null, indent));
  const broken = fc
    .tuple(valid, fc.nat(), token)
    .map(([text, at, piece]) => `${text.slice(0, at % (text.length + 1))}${piece}${text.slice(at % (text.length + 1))}`);
  const texts = fc.sample(
    fc
      .oneof(
        valid,
        broken,
        fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
      )
      // Python makes an Infinity of a number that is too large, which it cannot write as JSON.
      .filter((text) => text.isWellFormed() && !/e[+-]?\d{3}/i.test(text)),
    150,
  );
  const { stdout } = spawnSync('python3', ['-c', script], { input: JSON.stringify(texts), encoding: 'utf8' });
  const expected = JSON.parse(stdout) as unknown[];
  for (const [i, text] of texts.entries()) {
    const failures: string[] = [];
    const context = {
      fail: ({ message }: { message: string }) => failures.push(message),
      log() {},
      batchSize: 100,
      start: null,
      signal: new AbortController().signal,
    };
    const folder = folderOf({ 'x.json': `{"v":${text}}` });
    const schema = { columns: [{ name: 'v', type: 'json' as const, nullable: true }] };
    const lines = new JsonlParser(schema, { extra: 'error', maxRecordBytes: 1 << 20, cast: new Set() }, null, context as never);
    const reader = new FileRows(
      findFiles('x.json', (path) => join(folder, path)),
      new JsonDocumentParser([], 1 << 20, lines, context as never),
      { encoding: 'auto' },
      context as never,
    );
    const rows: unknown[] = [];
    for (let batch = await reader.read(); batch; batch = await reader.read()) rows.push(...batch.rows);
    await reader.close();
    // What Python refuses is never accepted whole and silently: there may be records before the error.
    if (expected[i] === null && text.trim() !== 'null') expect([text, failures.length > 0 || rows.length !== 1]).toEqual([text, true]);
    // Python rounds numbers of many digits.
    else if (failures[0]?.endsWith('which would be rounded.')) expect([rows, failures.length, /[\d.]{16}/.test(text)]).toEqual([[], 1, true]);
    else expect([text, rows, failures]).toEqual([text, [{ v: expected[i] }], []]);
  }
});
