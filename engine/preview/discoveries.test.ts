import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Discovery, SourceDefinition } from '../../nodes/kit/node.ts';
import { Discoveries } from './discoveries.ts';

let folder: string;
let looks = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-discoveries-'));
  looks = 0;
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
  looks++;
  const file = path('words.txt');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { schema: null, problems: [{ code: 'file/missing', severity: 'error', message: 'missing' }], dependsOn: [file] };
  return { schema: { columns: text.split(' ').map((name) => ({ name, type: 'string', nullable: true })) }, dependsOn: [file] };
});
const names = (discovery: Discovery | null) => discovery?.schema?.columns.map((column) => column.name);

describe('Discoveries', () => {
  it('looks once until a file that it depends on changes, appears or goes', async () => {
    const discoveries = new Discoveries();
    const find = () => discoveries.find(words, {}, folder);
    const missing = await find();
    expect(missing.discovery?.problems?.[0]?.code).toBe('file/missing');
    writeFileSync(join(folder, 'words.txt'), 'a b');
    const first = await find();
    expect(names(first.discovery)).toEqual(['a', 'b']);
    expect((await find()).key).toBe(first.key);
    expect(looks).toBe(2);
    writeFileSync(join(folder, 'words.txt'), 'c d');
    utimesSync(join(folder, 'words.txt'), new Date(), new Date(Date.now() + 2000));
    const second = await find();
    expect(names(second.discovery)).toEqual(['c', 'd']);
    expect(second.key).not.toBe(first.key);
    rmSync(join(folder, 'words.txt'));
    expect((await find()).discovery?.schema).toBeNull();
    expect(looks).toBe(4);
  });

  it('looks anew for other params or another folder, and never twice at once', async () => {
    const discoveries = new Discoveries();
    writeFileSync(join(folder, 'words.txt'), 'a');
    const all = await Promise.all([1, 2, 3].map(() => discoveries.find(words, {}, folder)));
    expect(looks).toBe(1);
    expect(new Set(all.map((one) => one.key)).size).toBe(1);
    await discoveries.find(words, { header: false }, folder);
    await discoveries.find(words, {}, tmpdir());
    expect(looks).toBe(3);
  });

  it('waits for a slow source only where it must be known, and has what it said at the next check', async () => {
    const discoveries = new Discoveries({ patienceMs: 20 });
    const answer = Promise.withResolvers<Discovery>();
    const slow = source(() => {
      looks++;
      return answer.promise;
    });
    expect((await discoveries.find(slow, {}, folder)).discovery?.problems?.[0]?.code).toBe('source/slow');
    const needed = discoveries.find(slow, {}, folder, true);
    answer.resolve({ schema: { columns: [] } });
    expect((await needed).discovery).toEqual({ schema: { columns: [] } });
    await expect.poll(async () => (await discoveries.find(slow, {}, folder)).discovery).toEqual({ schema: { columns: [] } });
    expect(looks).toBe(1);
  });

  it('tells what a source threw as a problem', async () => {
    const broken = source(async () => {
      throw new Error('no luck');
    });
    expect((await new Discoveries().find(broken, {}, folder)).discovery?.problems?.[0]?.message).toBe('no luck');
  });

  it('needs nothing of a source without discovery', async () => {
    expect((await new Discoveries().find(source(), { rate: 1 }, folder)).discovery).toBeNull();
  });
});
