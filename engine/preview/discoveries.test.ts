import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Discovery, SourceDefinition } from '@millrace/kit/node';
import { defaultsOf } from '@millrace/kit/params';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import csvFile from '../../nodes/csv/csv-file.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import { Discoveries, looksToRun, type SourceLooks } from './discoveries.ts';
import { lookAt, stampsOf } from './look.ts';

let folder: string;
let count = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-discoveries-'));
  count = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const source = (discover?: SourceDefinition<any>['discover']): SourceDefinition<any> => ({
  type: 'words',
  kind: 'source',
  title: 'Words',
  summary: '',
  category: 'Files',
  icon: 'braces',
  version: 1,
  docs: '',
  params: {},
  outputs: [{ name: 'rows' }],
  bounded: true,
  infer: () => ({ outputs: {} }),
  examples: [],
  run: () => {
    throw new Error('not run here');
  },
  ...(discover ? { discover } : {}),
});
/** The columns are the words of a file. */
const words = source(async ({ path }): Promise<Discovery> => {
  count++;
  const file = path('words.txt');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { schema: null, problems: [{ code: 'file/missing', severity: 'error', message: 'missing' }], dependsOn: [file] };
  return { schema: { columns: text.split(' ').map((name) => ({ name, type: 'string', nullable: true })) }, dependsOn: [file] };
});
/** In this process, as the sources of these tests are not in the library. */
const looks: SourceLooks = { look: lookAt, stamps: stampsOf, links: async () => [], close() {} };
const names = (discovery: Discovery | null) => discovery?.schema?.columns.map((column) => column.name);

describe('Discoveries', () => {
  it('looks once until a file that it depends on changes, appears or goes', async () => {
    const discoveries = new Discoveries({ looks });
    const find = () => discoveries.find(words, {}, folder);
    const missing = await find();
    expect(missing.discovery?.problems?.[0]?.code).toBe('file/missing');
    writeFileSync(join(folder, 'words.txt'), 'a b');
    const first = await find();
    expect(names(first.discovery)).toEqual(['a', 'b']);
    expect((await find()).key).toBe(first.key);
    expect(count).toBe(2);
    writeFileSync(join(folder, 'words.txt'), 'c d');
    utimesSync(join(folder, 'words.txt'), new Date(), new Date(Date.now() + 2000));
    const second = await find();
    expect(names(second.discovery)).toEqual(['c', 'd']);
    expect(second.key).not.toBe(first.key);
    rmSync(join(folder, 'words.txt'));
    expect((await find()).discovery?.schema).toBeNull();
    expect(count).toBe(4);
  });

  it('looks anew for other params or another folder, and never twice at once', async () => {
    const discoveries = new Discoveries({ looks });
    writeFileSync(join(folder, 'words.txt'), 'a');
    const all = await Promise.all([1, 2, 3].map(() => discoveries.find(words, {}, folder)));
    expect(count).toBe(1);
    expect(new Set(all.map((one) => one.key)).size).toBe(1);
    await discoveries.find(words, { header: false }, folder);
    await discoveries.find(words, {}, tmpdir());
    expect(count).toBe(3);
  });

  it('looks again at a file that changed while it was looked at', async () => {
    const discoveries = new Discoveries({ looks });
    const file = join(folder, 'words.txt');
    writeFileSync(file, 'a b');
    let isFirst = true;
    const changing = source(async (context) => {
      const found = await words.discover!(context);
      if (isFirst) writeFileSync(file, 'c d e');
      isFirst = false;
      return found;
    });
    expect(names((await discoveries.find(changing, {}, folder)).discovery)).toEqual(['a', 'b']);
    expect(names((await discoveries.find(changing, {}, folder)).discovery)).toEqual(['c', 'd', 'e']);
    await expect.poll(async () => (await discoveries.find(changing, {}, folder)).key).not.toContain('look');
  });

  it('sees a file that was replaced by one of the same size and time', async () => {
    const discoveries = new Discoveries({ looks });
    const [file, other] = [join(folder, 'words.txt'), join(folder, 'other.txt')];
    for (const [path, text] of [
      [file, 'a b'],
      [other, 'c d'],
    ] as const) {
      writeFileSync(path, text);
      utimesSync(path, 1000, 1000);
    }
    const find = async () => names((await discoveries.find(words, {}, folder)).discovery);
    await expect.poll(find).toEqual(['a', 'b']);
    renameSync(other, file);
    expect(await find()).toEqual(['c', 'd']);
  });

  it('tells of a look that had to be stopped, and looks no more soon after', async () => {
    const stopping: SourceLooks = {
      ...looks,
      look: () => {
        count++;
        return Promise.reject(new WorkerEnded('time', 'it was stopped'));
      },
    };
    const discoveries = new Discoveries({ looks: stopping });
    for (let i = 0; i < 3; i++) {
      expect((await discoveries.find(words, {}, folder)).discovery?.problems).toMatchObject([{ code: 'source/slow', severity: 'error' }]);
    }
    expect(count).toBe(1);
  });

  it('waits no longer for a disk that does not answer than for a source', async () => {
    let isHung = false;
    const hanging: SourceLooks = { ...looks, stamps: (paths) => (isHung ? new Promise(() => {}) : stampsOf(paths)) };
    const discoveries = new Discoveries({ patienceMs: 20, looks: hanging });
    writeFileSync(join(folder, 'words.txt'), 'a');
    await expect.poll(async () => names((await discoveries.find(words, {}, folder)).discovery)).toEqual(['a']);
    // A busy machine may give no answer in time: only a key with the file's stamp is one.
    await expect.poll(async () => (await discoveries.find(words, {}, folder)).key).toContain('words.txt');
    isHung = true;
    expect((await discoveries.find(words, {}, folder)).discovery?.problems?.[0]?.code).toBe('source/slow');
  });

  it('waits for a slow source only where it must be known, and has what it said at the next check', async () => {
    const discoveries = new Discoveries({ patienceMs: 20, looks });
    const answer = Promise.withResolvers<Discovery>();
    const slow = source(() => {
      count++;
      return answer.promise;
    });
    expect((await discoveries.find(slow, {}, folder)).discovery?.problems?.[0]?.code).toBe('source/slow');
    const needed = discoveries.find(slow, {}, folder, true);
    answer.resolve({ schema: { columns: [] } });
    expect((await needed).discovery).toEqual({ schema: { columns: [] } });
    await expect.poll(async () => (await discoveries.find(slow, {}, folder)).discovery).toEqual({ schema: { columns: [] } });
    expect(count).toBe(1);
  });

  it('tells what a source threw as a problem', async () => {
    const broken = source(async () => {
      throw new Error('no luck');
    });
    expect((await new Discoveries({ looks }).find(broken, {}, folder)).discovery?.problems?.[0]?.message).toBe('no luck');
  });

  it.each([
    ['a.csv', 'a,b\n1,x\n', csvFile],
    ['a.jsonl', '{"a":1,"b":"x"}\n', jsonlFile],
  ])('works out for a run no reasons that nobody sees, and finds the same: %s', async (path, content, definition) => {
    writeFileSync(join(folder, path), content);
    const look = { type: definition.type, params: { ...defaultsOf(definition.params), path }, folder, known: [] };
    const { discovery: shown } = await lookAt(definition, look);
    const { discovery: toRun } = await looksToRun.look(definition, look);
    const { detected, ...found } = shown;
    expect(detected!.length).toBeGreaterThan(0);
    expect(toRun).toEqual(found);
  });

  it('needs nothing of a source without discovery', async () => {
    expect((await new Discoveries({ looks }).find(source(), { rate: 1 }, folder)).discovery).toBeNull();
  });
});
