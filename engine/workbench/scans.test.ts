import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import type { EditorProtocol } from '../protocol/api.ts';
import { Client, portPair } from '../protocol/connection.ts';
import type { RunControl } from '../protocol/run-api.ts';
import { serveWorkbench } from './workbench.ts';

let folder: string;
let client: Client<EditorProtocol>;
let documentId: string;
const at = (name: string) => join(folder, name);
const reading = (type: string, params: { readonly [name: string]: Json }): Pipeline => ({
  ...emptyPipeline,
  nodes: { rows: { type, typeVersion: 1, params } },
});
const scan = (pipeline: Pipeline, signal?: AbortSignal) => client.request('source.scan', { documentId, pipeline, node: 'rows' }, { ...(signal && { signal }) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-scan-'));
  const [near, far] = portPair();
  const runs = { onChanged: () => () => {}, onLogged: () => () => {} } as unknown as RunControl;
  serveWorkbench(far, { runs, dataFolder: at('data'), examplesFolder: at('examples'), appVersion: '1', open: null });
  client = new Client<EditorProtocol>(near);
  ({ documentId } = await client.request('document.new', {}));
});
afterAll(() => {
  client.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a scan of all rows', () => {
  it('counts the cells of each column that do not fit, over all files, and says what would take them', async () => {
    const good = Array.from({ length: 3000 }, (_, i) => `${i},${i},2026-01-31\n`).join('');
    writeFileSync(at('a.csv'), `id,zip,day\n${good}1,007,x\n2,2.5,2026-01-31\n3,4\n${good}${good}`);
    writeFileSync(at('b.csv.gz'), gzipSync(`id,zip,day\n${good}5,"broken" 6,2026-01-31\n${good}${good}`));
    const result = await scan(reading('csv-file', { path: at('?.csv*') }));
    expect(result).toMatchObject({ rows: 18_000, failed: 4, stopped: null });
    expect(result.columns.map(({ name, type, cells, fix }) => [name, type, cells, fix?.entry])).toEqual([
      ['zip', 'integer', 2, { column: 'zip', type: 'string' }],
      ['day', 'date', 1, { column: 'day', type: 'string' }],
    ]);
    expect(result.columns[0]!.first.map(({ source, line, text }) => [source?.endsWith('a.csv'), line, text])).toEqual([
      [true, 3002, '007'],
      [true, 3003, '2.5'],
    ]);
    expect(result.faults.map(({ rows, problem, first }) => [problem.code, rows, first[0]!.line])).toEqual([
      ['csv/fields', 1, 3004],
      ['csv/quote', 1, 3002],
    ]);
  });

  it('is remembered until the settings or the file change', async () => {
    writeFileSync(at('small.csv'), 'id\n1\n');
    const pipeline = reading('csv-file', { path: at('small.csv') });
    const known = async (about: Pipeline) => (await client.request('source.scanned', { documentId, pipeline: about, node: 'rows' })).result;
    expect(await known(pipeline)).toBeNull();
    // A file that changed just now may change again within the same tick of the clock, so it is checked once more.
    await expect.poll(async () => (await scan(pipeline)) && (await known(pipeline))).toMatchObject({ rows: 1 });
    expect(await known(reading('csv-file', { path: at('small.csv'), header: false }))).toBeNull();
    writeFileSync(at('small.csv'), 'id\n1\n2\n');
    expect(await known(pipeline)).toBeNull();
  });

  it('tells of JSON what is broken, and every value that does not fit', async () => {
    const good = Array.from({ length: 3000 }, (_, i) => `{"id":${i},"v":"${i}"}\n`).join('');
    writeFileSync(at('a.jsonl'), `${good}{"id":2.5,"v":true}\n{"id":\n{"id":1,"v":"x","more":1}\n${good}${good}`);
    const result = await scan(reading('jsonl-file', { path: at('a.jsonl') }));
    expect(result.columns.map(({ name, cells, fix }) => [name, cells, fix?.entry['type']])).toEqual([['id', 1, 'number']]);
    expect(result.faults.map(({ problem }) => problem.code)).toEqual(['jsonl/syntax', 'jsonl/extra']);
    writeFileSync(at('b.json'), '[{"id":1},\n{"id":2}');
    expect((await scan(reading('jsonl-file', { path: at('b.json') }))).faults).toMatchObject([{ problem: { code: 'json/syntax' } }]);
  });

  it('says how far it is, and stops when it is cancelled', async () => {
    writeFileSync(at('large.csv'), `id,text\n${'1,some text in it\n'.repeat(2_000_000)}`);
    const stop = new AbortController();
    client.on('source.scanning', ({ done, total, rows }) => {
      if (done > 0 && total! > done && rows > 0) stop.abort();
    });
    await expect(scan(reading('csv-file', { path: at('large.csv') }), stop.signal)).rejects.toMatchObject({ problem: { code: 'scan/stopped' } });
  });
});
