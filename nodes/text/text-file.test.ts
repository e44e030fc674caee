import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { describe, expect, it, test } from 'vitest';
import csvFile from '../csv/csv-file.ts';
import fileTail from '../follow/file-tail.ts';
import jsonlFile from '../json/jsonl-file.ts';
import stdin from '../standard/stdin.ts';
import textFile from './text-file.ts';

const access = (second: number, status = 200, rest = ' "-" "curl"') =>
  `h - - [31/Jan/2026:13:00:${String(second).padStart(2, '0')} +0100] "GET /${second} HTTP/1.1" ${status} 10${rest}\n`;

it('reads several files, also packed ones, and leaves out what is named', async () => {
  const folder = folderOf({ 'log/a.log': access(1), 'log/a.log.1.gz': gzipSync(access(2)), 'log/a.log.bak': access(3), 'log/old/a.log': access(4) });
  const paths = async (exclude: string | null, path = 'log/**/a.log*') =>
    (await readSource(textFile, folder, { path, format: 'combined', exclude })).rows.map((row) => row['path']);
  expect(await paths(null)).toEqual(['/1', '/2', '/3', '/4']);
  expect(await paths('*.bak, *.gz')).toEqual(['/1', '/4']);
  expect(await paths('log/old/*, *.b?k')).toEqual(['/1', '/2']);
  expect(await paths('*.log', 'log/a.log')).toEqual(['/1']);
  await expect(paths('*', 'log/a.log*')).rejects.toMatchObject({ problem: { code: 'file/missing', field: 'exclude' } });
});

test.each([
  ['csv-file', csvFile, 'a\n1\n', { path: 'x/*' }],
  ['jsonl-file', jsonlFile, '{"a":1}\n', { path: 'x/*' }],
])('%s leaves out what is named', async (_, source, text, params) => {
  const folder = folderOf({ 'x/1': text, 'x/2.tmp': 'nothing of "that kind\n' });
  const { rows, failures, problems } = await readSource(source, folder, { ...params, exclude: '*.tmp' });
  expect([rows, failures, problems]).toEqual([[{ a: 1 }], [], []]);
});

it('says in which encoding the file is, and offers another one where it is not valid UTF-8', async () => {
  const folder = folderOf({ 'a.log': Buffer.from('one\nM\xfcnchen\n', 'latin1') });
  const { detected } = await readSource(textFile, folder, { path: 'a.log' });
  expect(detected).toMatchObject([
    {
      param: 'encoding',
      value: 'UTF-8, with faults',
      because: expect.stringContaining('line 2 is not valid UTF-8'),
      lines: [{ line: 2, text: 'München' }],
      instead: { value: 'windows-1252' },
    },
  ]);
});

it('lines that do not fit are failures with their place, never nulls', async () => {
  const folder = folderOf({ 'a.log': `${access(1)}nonsense\n\n${access(3, 200, '')}${access(4)}` });
  const { rows, failures, problems, places } = await readSource(textFile, folder, { path: 'a.log', format: 'combined' });
  expect(rows.map((row) => row['path'])).toEqual(['/1', '/4']);
  expect(places).toEqual(['a.log:1', 'a.log:5']);
  expect(failures).toMatchObject([
    { code: 'log/format', row: { raw: 'nonsense' }, position: { source: 'a.log', line: 2 } },
    { code: 'log/format', position: { line: 4 } },
  ]);
  expect(failures[1]!.message).toContain('common format');
  expect(problems).toMatchObject([{ code: 'log/unreadable-rows', severity: 'warning', position: { line: 2 } }]);
});

it('gives the rows of a whole batch of lines that do not fit', async () => {
  const folder = folderOf({ 'a.log': `${'nonsense\n'.repeat(50)}${access(1)}${'nonsense\n'.repeat(50)}${access(2)}` });
  const { rows, failures } = await readSource(textFile, folder, { path: 'a.log', format: 'combined' }, { batchSize: 7 });
  expect(rows.map((row) => row['path'])).toEqual(['/1', '/2']);
  expect(failures).toHaveLength(100);
});

describe('types', () => {
  it('of groups are told from the lines, hold for all of them, and can be set', async () => {
    const lines = `${Array.from({ length: 1500 }, (_, i) => `${i} 0${i % 10} 2026-01-31T12:00:00Z\n`).join('')}x 07 2026-01-31T12:00:01Z\n`;
    const folder = folderOf({ 'a.log': lines });
    const params = { path: 'a.log', format: 'pattern', pattern: '^(?<n>\\S+) (?<code>\\S+) (?<at>\\S+)$', sampleRows: 10 };
    const found = await readSource(textFile, folder, params, { schema: (await readSource(textFile, folder, { ...params, sampleRows: 10 })).schema! });
    expect(found.schema!.columns.map(({ type }) => type)).toEqual(['string', 'string', 'timestamp']);
    const set = await readSource(textFile, folder, { ...params, types: [{ column: 'n', type: 'integer' }] });
    expect(set.rows).toHaveLength(1500);
    expect(set.failures).toMatchObject([{ code: 'log/value', position: { line: 1501 } }]);
    const hidden = folderOf({ 'a.log.gz': gzipSync(lines) });
    const told = await readSource(textFile, hidden, { ...params, path: 'a.log.gz' });
    expect(told.schema!.columns[0]!.type).toBe('integer');
    expect(told.failures).toMatchObject([{ code: 'log/value', fix: { title: 'Read column "n" as text', list: 'types' } }]);
  });

  it('of pairs too; keys that are no columns are counted or fail, and double ones are told', async () => {
    const folder = folderOf({ 'a.log': 'n=1 ok=true\nn=2 ok=false extra=1 n=3 word\n' });
    const schema = { columns: [{ name: 'n', type: 'integer' as const, nullable: true }] };
    const found = await readSource(textFile, folder, { path: 'a.log', format: 'logfmt' });
    expect(found.rows).toEqual([
      { n: 1, ok: true, extra: null },
      { n: 3, ok: false, extra: 1 },
    ]);
    expect(found.logs.join()).toMatch(/A key stands twice in 1 row of a.log \(line 2/);
    expect(found.logs.join()).toContain('"word" (1 row)');
    const strict = await readSource(textFile, folder, { path: 'a.log', format: 'logfmt', extra: 'error' }, { schema });
    expect(strict.failures).toMatchObject([{ code: 'log/extra-key', message: 'There is no column "ok".' }, { code: 'log/extra-key' }]);
  });

  it('of a named format can be set', async () => {
    const folder = folderOf({ 'a.log': access(1) });
    const params = {
      path: 'a.log',
      format: 'combined',
      types: [
        { column: 'status', type: 'string' },
        { column: 'time', type: 'string' },
      ],
    };
    expect((await readSource(textFile, folder, params)).rows).toMatchObject([{ status: '200', time: '2026-01-31T12:00:01.000Z' }]);
  });
});

it('takes the year of syslog from the last change of the file, and its zone from the param', async () => {
  const folder = folderOf({ messages: 'Dec 31 23:30:00 h cron[1]: x\nJan  1 00:30:00 h cron[1]: y\n' });
  const changed = new Date('2020-01-01T00:31:00Z');
  utimesSync(join(folder, 'messages'), changed, changed);
  const { rows } = await readSource(textFile, folder, { path: 'messages', format: 'syslog', logZone: 'Europe/Berlin' });
  expect(rows.map((row) => row['time'])).toEqual([Date.UTC(2019, 11, 31, 22, 30), Date.UTC(2019, 11, 31, 23, 30)]);
});

it('has the time of the lines as event time', async () => {
  const folder = folderOf({ 'a.log': access(1) + access(5) });
  const timed = (await import('@millrace/kit/sources/event-time-source')).withEventTime(textFile);
  const found = await readSource(timed, folder, { path: 'a.log', format: 'combined', eventTime: 'column', timeColumn: 'time' });
  expect(found.schema!.eventTime).toEqual({ column: 'time' });
  expect(found.watermarks.length).toBeGreaterThan(0);
});

it('a pattern that tries too much is told while the file is looked at', async () => {
  const folder = folderOf({ 'a.log': `${'a'.repeat(60)}!\n` });
  const found = textFile.discover!({
    params: {
      path: 'a.log',
      format: 'pattern',
      pattern: '^(?<x>(a+)+)$',
      entry: null,
      logZone: 'UTC',
      encoding: 'auto',
      sampleRows: 10,
      exclude: null,
      types: [],
    } as never,
    path: (path) => join(folder, path),
    signal: new AbortController().signal,
  });
  expect((await found).problems).toMatchObject([{ code: 'pattern/slow', field: 'pattern' }]);
});

it('says what lines of plain text are', async () => {
  const folder = folderOf({ 'a.log': access(1) });
  expect((await readSource(textFile, folder, { path: 'a.log' })).problems).toMatchObject([
    { code: 'log/format-known', severity: 'info', field: 'format', fix: { param: 'format', value: 'combined' } },
  ]);
});

test.each([
  [{ format: 'pattern', pattern: '(' }, 'pattern/syntax', 'pattern'],
  [{ format: 'pattern', pattern: 'x' }, 'pattern/no-groups', 'pattern'],
  [{ format: 'syslog', logZone: 'Mars' }, 'log/zone', 'logZone'],
  [{ format: 'text', entry: '(' }, 'pattern/syntax', 'entry'],
])('%o is told at its field, wherever text is read', async (params, code, field) => {
  const folder = folderOf({ 'a.log': 'x\n' });
  for (const source of [textFile, fileTail, stdin]) {
    const given = {
      logZone: '+00:00',
      pattern: '',
      entry: null,
      columns: [],
      types: [],
      fileColumn: null,
      path: 'a.log',
      sampleRows: 10,
      exclude: null,
      ...params,
    };
    const discovered =
      (await source.discover?.({ params: given as never, path: (path) => join(folder, path), signal: new AbortController().signal }))?.schema ?? null;
    const { problems } = source.infer({ params: given as never, discovered, inputs: {}, inputLists: {}, analyse: null as never });
    expect(problems).toMatchObject([{ code, field, severity: 'error' }]);
  }
});

it('standard input declares the types of groups, and the columns of pairs', () => {
  const infer = (params: object) =>
    stdin.infer({
      params: { entry: null, logZone: '+00:00', pattern: '', columns: [], ...params } as never,
      discovered: null,
      inputs: {},
      inputLists: {},
      analyse: null as never,
    });
  expect(infer({ format: 'common' }).outputs['rows']!.columns.map(({ name }) => name)).toContain('status');
  const groups = infer({ format: 'pattern', pattern: '(?<a>.)(?<b>.)', columns: [{ column: 'b', type: 'integer' }] });
  expect(groups.outputs['rows']!.columns).toMatchObject([
    { name: 'a', type: 'string' },
    { name: 'b', type: 'integer' },
  ]);
  expect(infer({ format: 'logfmt' }).problems).toMatchObject([{ code: 'columns/missing' }]);
});
