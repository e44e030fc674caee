import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { problemOf } from '../protocol/connection.ts';
import { recogniseFile } from './recognise.ts';
import { Uploads } from './uploads.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-recognise-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const catalogue = new Catalogue(definitions);
function recognise(name: string, content: string | Buffer) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return recogniseFile(catalogue, path, folder);
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error) => problemOf(error).code,
  );

describe('a file that is opened', () => {
  it.each([
    ['a.csv', 'x,y\n1,2\n', 'csv-file'],
    ['b.TSV', 'x\ty\n', 'csv-file'],
    ['c.csv.gz', gzipSync('x,y\n1,2\n'), 'csv-file'],
    ['d.txt', Buffer.from('\uFEFFx;y\n', 'utf16le'), 'csv-file'],
    ['list.json', '[\n {"id": 12345678901234567890},\n {"id": 1}\n]', 'jsonl-file'],
    ['pretty.json', '{\n  "items": [{"id": 1}]\n}', 'jsonl-file'],
    ['e.jsonl', '{"a":1}\n{"a":2}\n', 'jsonl-file'],
    // The beginning takes precedence over the name.
    ['f.csv', '{"a":1}\n{"a":2}\n', 'jsonl-file'],
    ['no-extension', 'x,y\n1,2\n', 'csv-file'],
    ['g.json', 'x,y\n1,2\n', 'csv-file'],
  ])('%s becomes the source that reads it', async (name, content, type) => {
    expect(await recognise(name, content)).toMatchObject({ kind: 'data', type, params: { path: name } });
  });
  it('is named after, and by its whole path where it lies elsewhere', async () => {
    const path = join(folder, 'Sales 2026.csv.gz');
    writeFileSync(path, gzipSync('a,b\n1,2\n'));
    expect(await recogniseFile(catalogue, path, join(folder, 'other'))).toMatchObject({ title: 'Sales 2026', params: { path } });
  });
  it('is a pipeline by its name or its content', async () => {
    expect(await recognise('p.millrace.json', 'cut off')).toMatchObject({ kind: 'pipeline' });
    expect(await recognise('p.json', '{\n  "format": "millrace/pipeline"\n}')).toMatchObject({ kind: 'pipeline' });
  });
  it('that nothing reads is refused with what can be opened', async () => {
    expect(await codeOf(recognise('x.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1])))).toBe('open/unknown');
    expect(await codeOf(recognise('empty.csv', ''))).toBe('open/empty');
    expect(await codeOf(recogniseFile(catalogue, folder, folder))).toBe('open/folder');
    expect(await codeOf(recogniseFile(catalogue, join(folder, 'nowhere.csv'), folder))).toBe('file/missing');
  });
});

describe('a file that is copied part by part', () => {
  const target = join(folder, 'uploads');
  const send = async (uploads: Uploads, name: string, parts: readonly Buffer[]) => {
    const { uploadId } = await uploads.begin(
      target,
      name,
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    for (const part of parts) await uploads.write(uploadId, part.toString('base64'));
    return uploads.end(uploadId);
  };
  it('has its content, a name of its own, and no way out of the folder', async () => {
    const uploads = new Uploads();
    const parts = [Buffer.from('a,b\n'), Buffer.from([0, 255, 10])];
    expect(await send(uploads, 'x.csv', parts)).toEqual({ path: join(target, 'x.csv') });
    expect(await send(uploads, '../../x.csv', parts)).toEqual({ path: join(target, 'x-2.csv') });
    expect(readFileSync(join(target, 'x-2.csv'))).toEqual(Buffer.concat(parts));
    expect(await send(uploads, 'y.csv.gz', [])).toEqual({ path: join(target, 'y.csv.gz') });
    expect(await codeOf(uploads.begin(target, '..', 1))).toBe('file/name');
    expect(await codeOf(uploads.begin(target, 'big.csv', 3 * 1024 ** 3))).toBe('upload/too-large');
  });
  it('leaves nothing behind where it does not arrive', async () => {
    const uploads = new Uploads();
    const before = readdirSync(target).sort();
    const cancelled = await uploads.begin(target, 'cancelled.csv', 5);
    await uploads.cancel(cancelled.uploadId);
    const short = await uploads.begin(target, 'short.csv', 5);
    expect(await codeOf(uploads.end(short.uploadId))).toBe('upload/incomplete');
    const long = await uploads.begin(target, 'long.csv', 1);
    expect(await codeOf(uploads.write(long.uploadId, Buffer.from('too long').toString('base64')))).toBe('upload/changed');
    await uploads.begin(target, 'window closed.csv', 5);
    await uploads.close();
    expect(readdirSync(target).sort()).toEqual(before);
    expect(await codeOf(uploads.write('unknown', ''))).toBe('upload/unknown');
  });
});
