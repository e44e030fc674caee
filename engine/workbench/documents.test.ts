import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { Store } from '../store/store.ts';
import { widthOf } from '../store/trust.ts';
import { Autosaves } from './autosaves.ts';
import { Documents } from './documents.ts';

let folder: string;
let store: Store;
let documents: Documents;
const at = (name: string) => join(folder, name);
const pipeline: Pipeline = { ...emptyPipeline, name: 'Readings' };
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'no error',
    (error) => (error instanceof MillraceError ? error.problem.code : error),
  );

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-documents-'));
  mkdirSync(at('examples/data'), { recursive: true });
  writeFileSync(at('examples/weather.millrace.json'), formatPipeline({ ...pipeline, name: 'Weather', description: 'Wet days by month. With a join.' }));
  writeFileSync(at('examples/data/weather.csv'), 'day,rain\n1,2\n');
  store = Store.open(at('data'));
  documents = new Documents(store, { dataFolder: at('data'), examplesFolder: at('examples') });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('saving', () => {
  it('gives a new document a place, which opens again as trusted and recent', async () => {
    const created = documents.create();
    expect(created).toMatchObject({ path: null, trusted: true, stamp: null });
    const saved = await documents.save(created.documentId, at('new/one.millrace.json'), pipeline, null, []);
    const opened = await documents.open(saved.path);
    expect(opened).toMatchObject({ pipeline, path: saved.path, trusted: true, stamp: saved.stamp });
    expect(documents.get(opened.documentId).folder).toBe(at('new'));
    expect(store.recent()).toMatchObject([{ path: saved.path, name: 'Readings' }]);
  });

  it('refuses to overwrite what somebody else changed, and leaves it as it is', async () => {
    const { documentId } = documents.create();
    const file = at('one.millrace.json');
    const { stamp } = await documents.save(documentId, file, pipeline, null, []);
    writeFileSync(file, 'theirs');
    expect(await codeOf(documents.save(documentId, file, pipeline, stamp, []))).toBe('file/changed');
    expect(readFileSync(file, 'utf8')).toBe('theirs');
    rmSync(file);
    expect(await codeOf(documents.save(documentId, file, pipeline, stamp, []))).toBe('no error');
  });

  it('never replaces bytes that are no text: such a file is not opened, nor written over', async () => {
    const text = formatPipeline(pipeline);
    const bytes = Buffer.concat([Buffer.from('{"name":"Stra'), Buffer.from([0xdf]), Buffer.from('e"}')]);
    writeFileSync(at('latin.millrace.json'), bytes);
    writeFileSync(at('wide.millrace.json'), Buffer.from(`\ufeff${text}`, 'utf16le'));
    await expect(documents.open(at('latin.millrace.json'))).rejects.toMatchObject({
      problem: { code: 'file/not-text', message: expect.stringContaining('is not valid UTF-8') },
    });
    await expect(documents.open(at('wide.millrace.json'))).rejects.toMatchObject({
      problem: { code: 'file/not-text', message: expect.stringContaining('UTF-16') },
    });
    writeFileSync(at('marked.millrace.json'), `\ufeff${text}`);
    const { documentId, stamp } = await documents.open(at('marked.millrace.json'));
    writeFileSync(at('marked.millrace.json'), bytes);
    expect(await codeOf(documents.save(documentId, at('marked.millrace.json'), pipeline, stamp, []))).toBe('file/not-text');
    expect(readFileSync(at('marked.millrace.json'))).toEqual(bytes);
  });

  it('says what is wrong with a place', async () => {
    const { documentId } = documents.create();
    expect(await codeOf(documents.save(documentId, at('examples'), pipeline, null, []))).toBe('file/folder');
    expect(await codeOf(documents.save(documentId, at('examples/weather.millrace.json/x'), pipeline, null, []))).toMatch(/^file\//);
    expect(await codeOf(documents.open(at('none.millrace.json')))).toBe('file/missing');
    expect(await codeOf(documents.open(at('examples/data/weather.csv')))).toBe('pipeline/not-json');
  });
});

describe('trust', () => {
  it('is not given to a file from elsewhere until the user grants it, and holds for that content only', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const first = await documents.open(file);
    expect(first.trusted).toBe(false);
    expect(() => documents.trusted(first.documentId)).toThrow(/not made here/);
    documents.trust(first.documentId);
    expect(documents.trusted(first.documentId).path).toBe(file);
    expect((await documents.open(file)).trusted).toBe(true);
    writeFileSync(file, formatPipeline({ ...pipeline, name: 'Changed by somebody' }));
    expect((await documents.open(file)).trusted).toBe(false);
  });

  it('does not come from saving', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { documentId, stamp } = await documents.open(file);
    await documents.save(documentId, file, { ...pipeline, name: 'Renamed' }, stamp, []);
    expect((await documents.open(file)).trusted).toBe(false);
  });

  it('stays with the editor when the engine is replaced, and is not given to what the file holds by then', async () => {
    const file = at('one.millrace.json');
    writeFileSync(file, 'changed meanwhile, and no pipeline any more');
    store.trust.addFile(file, 'of what was opened', '');
    const { documentId: id } = documents.resume({ path: file, stamp: 'of what was opened', trusted: true });
    expect(documents.trusted(id)).toMatchObject({ path: file, folder, stamp: 'of what was opened' });
    expect(await codeOf(documents.save(id, file, pipeline, 'of what was opened', []))).toBe('file/changed');
    writeFileSync(file, formatPipeline(pipeline));
    expect(await documents.open(file)).toMatchObject({ trusted: false });
    expect(documents.resume({ path: file, stamp: null, trusted: false }).trusted).toBe(false);
    // What the editor holds must be kept: nothing here may replace it.
    expect(Object.keys(documents.resume({ path: file, stamp: null, trusted: false })).sort()).toEqual(['documentId', 'trusted']);
  });

  it('is not taken on the word of an editor or of a copy', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { stamp } = await documents.open(file);
    expect(documents.resume({ path: file, stamp, trusted: true }).trusted).toBe(false);
    expect(documents.resume({ path: null, stamp: null, trusted: false }).trusted).toBe(false);
    expect(documents.restore(pipeline, { path: file, folder, stamp, trusted: true }).trusted).toBe(false);
    const autosaves = new Autosaves(at('data'));
    await autosaves.write({ id: 'own', path: null, folder, trusted: true, stamp: null, pipeline });
    expect((await autosaves.read('own')).trusted).toBe(true);
    const [name] = readdirSync(at('data/autosave'));
    const copy = at(`data/autosave/${name}`);
    writeFileSync(copy, readFileSync(copy, 'utf8').replace('"name":"Readings"', '"name":"Theirs"'));
    expect(await autosaves.read('own')).toMatchObject({ pipeline: { name: 'Theirs' }, trusted: false });
  });

  it('is taken back at once, also by another window', async () => {
    const lost: string[] = [];
    documents = new Documents(store, { dataFolder: at('data'), examplesFolder: at('examples') }, (id) => lost.push(id));
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { documentId } = await documents.open(file);
    documents.trust(documentId);
    const other = Store.open(at('data'));
    expect(other.trust.list()).toMatchObject([{ kind: 'file', path: file }]);
    expect(other.trust.remove('file', file)).toBe(true);
    other.close();
    expect(await codeOf(Promise.resolve().then(() => documents.trusted(documentId)))).toBe('document/untrusted');
    expect(lost).toEqual([documentId]);
    expect((await documents.open(file)).trusted).toBe(false);
  });

  it('of a folder covers what is below it and changed, and no link out of it', async () => {
    mkdirSync(at('mine/deep'), { recursive: true });
    mkdirSync(at('mine-not'));
    const [inside, beside, linked] = [at('mine/deep/a.millrace.json'), at('mine-not/b.millrace.json'), at('mine/link.millrace.json')];
    for (const file of [inside, beside]) writeFileSync(file, formatPipeline(pipeline));
    symlinkSync(beside, linked);
    store.trust.addFolder(realpathSync(at('mine')));
    const trustOf = async (file: string) => (await documents.open(file)).trusted;
    expect([await trustOf(inside), await trustOf(beside), await trustOf(linked)]).toEqual([true, false, false]);
    writeFileSync(inside, formatPipeline({ ...pipeline, name: 'Changed by somebody' }));
    expect(await trustOf(inside)).toBe(true);
    // Saving a stranger's pipeline there would trust it.
    const { documentId, stamp } = await documents.open(beside);
    expect(await codeOf(documents.save(documentId, at('mine/c.millrace.json'), pipeline, null, []))).toBe('trust/folder');
    expect(await codeOf(documents.save(documentId, beside, pipeline, stamp, []))).toBe('no error');
    store.trust.remove('folder', realpathSync(at('mine')));
    expect(await trustOf(inside)).toBe(false);
  });

  it('warns of folders that hold more than pipelines of their user', () => {
    for (const wide of ['/', homedir(), dirname(homedir()), tmpdir()]) expect(widthOf(wide)).not.toBeNull();
    expect(widthOf(join(homedir(), 'pipelines'))).toBeNull();
  });

  it.skipIf(process.platform === 'win32')('asks no pipe for a pipeline', async () => {
    execFileSync('mkfifo', [at('pipe.millrace.json')]);
    expect(await codeOf(documents.open(at('pipe.millrace.json')))).toBe('file/not-a-file');
    expect(await codeOf(documents.open('/dev/zero'))).toBe('file/not-a-file');
  });

  it('is in what was shown, not in what the file holds by then', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { documentId } = await documents.open(file);
    writeFileSync(file, formatPipeline({ ...pipeline, name: 'Swapped' }));
    documents.trust(documentId);
    expect((await documents.open(file)).trusted).toBe(false);
  });
});

describe('examples', () => {
  it('are listed and open as untitled copies that find their data', async () => {
    expect(await documents.examples()).toEqual([
      { id: 'weather', title: 'Weather', summary: 'Wet days by month.', path: at('examples/weather.millrace.json'), sketch: { nodes: [], edges: [] } },
    ]);
    const opened = await documents.openExample('weather');
    expect(opened).toMatchObject({ path: null, trusted: true });
    const copy = documents.get(opened.documentId).folder;
    expect(copy).toBe(documents.get(documents.create().documentId).folder);
    expect(existsSync(join(copy, 'weather.millrace.json'))).toBe(false);
    expect(existsSync(join(copy, 'data/weather.csv'))).toBe(true);
    writeFileSync(join(copy, 'out.sqlite'), 'an output');
    writeFileSync(at('examples/data/weather.csv'), 'day,rain\n1,3\n');
    utimesSync(at('examples/data/weather.csv'), new Date(), new Date(Date.now() + 5000));
    await documents.openExample('weather');
    expect(readFileSync(join(copy, 'out.sqlite'), 'utf8')).toBe('an output');
    expect(readFileSync(join(copy, 'data/weather.csv'), 'utf8')).toContain('1,3');
    expect(await codeOf(documents.openExample('../../etc'))).toBe('example/unknown');
  });

  it('take their data along when they are saved, and overwrite nothing there', async () => {
    const { documentId } = await documents.openExample('weather');
    mkdirSync(at('mine'));
    await documents.save(documentId, at('mine/w.millrace.json'), pipeline, null, ['data/*.csv', at('elsewhere.csv'), '../secret.csv']);
    expect(readFileSync(at('mine/data/weather.csv'), 'utf8')).toContain('day,rain');
    expect(existsSync(at('secret.csv'))).toBe(false);
    writeFileSync(at('mine/data/weather.csv'), 'mine');
    const again = await documents.openExample('weather');
    await documents.save(again.documentId, at('mine/w2.millrace.json'), pipeline, null, ['data/weather.csv']);
    expect(readFileSync(at('mine/data/weather.csv'), 'utf8')).toBe('mine');
  });
});

describe('autosaves', () => {
  it('come back after a crash and are gone when discarded', async () => {
    const autosaves = new Autosaves(at('data'));
    const kept = { id: '../one', path: null, folder: at('data/unsaved'), trusted: false, stamp: null, pipeline };
    await autosaves.write(kept);
    await autosaves.write({ ...kept, id: 'two', pipeline: { ...pipeline, name: 'Two' } });
    expect((await autosaves.list()).map((copy) => copy.id).sort()).toEqual(['../one', 'two']);
    const restored = documents.restore((await autosaves.read('../one')).pipeline, kept);
    expect(restored).toMatchObject({ pipeline, trusted: false, path: null });
    await autosaves.discard('../one');
    await autosaves.discard('../one');
    expect((await autosaves.list()).map((copy) => copy.name)).toEqual(['Two']);
    expect(await codeOf(autosaves.read('../one'))).toBe('file/missing');
  });

  it('of another living process are left to it, and damaged ones are passed over', async () => {
    const autosaves = new Autosaves(at('data'));
    await autosaves.write({ id: 'one', path: null, folder, trusted: true, stamp: null, pipeline });
    const [name] = (await import('node:fs')).readdirSync(at('data/autosave'));
    const file = at(`data/autosave/${name}`);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(text), process: process.ppid }));
    expect(await autosaves.list()).toEqual([]);
    writeFileSync(file, text.slice(0, 40));
    expect(await autosaves.list()).toEqual([]);
    expect(await codeOf(autosaves.read('one'))).toBe('autosave/damaged');
  });
});
