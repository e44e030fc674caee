import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionDefinition, defineConnection } from '@millrace/kit/connection';
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import type { ConnectJob } from '../preview/connect.ts';
import { Secrets } from '../store/secrets.ts';
import { Store } from '../store/store.ts';
import { connectionHandlers } from './connection-handlers.ts';
import { ConnectionsWatch } from './connections-watch.ts';
import { Documents } from './documents.ts';
import { listTrusted } from './trusted-places.ts';

const line = defineConnection({
  type: 'line',
  title: 'Line',
  summary: '',
  icon: 'world',
  version: 1,
  docs: '',
  params: { host: f.text({ label: 'Host' }), port: f.number({ label: 'Port', default: 7 }), password: f.secret({ label: 'Password', optional: true }) },
  card: ({ host, port }) => `${host}:${port}`,
  reaches: ({ host, port }) => [`${host}:${port}`],
  test: async () => 'Line',
});
const lines = defineNode({
  type: 'lines',
  kind: 'source',
  title: 'Lines',
  summary: '',
  category: 'Network',
  icon: 'world',
  version: 1,
  docs: '',
  examples: [],
  params: { connection: f.connection({ label: 'Connection', type: 'line' }) },
  outputs: [{ name: 'rows' }],
  bounded: true,
  infer: () => ({ outputs: {} }),
  run: () => ({ read: () => null, position: () => null, close() {} }),
});
const anyOf = (definition: object) => definition as ConnectionDefinition;
const catalogue = new Catalogue([lines], [anyOf(line)]);
const pipeline: Pipeline = { ...emptyPipeline, nodes: { in: { type: 'lines', typeVersion: 1, params: { connection: 'east' } } } };

let folder: string;
let store: Store;
let documents: Documents;
let secrets: Secrets;
let distrusted: string[];
let changed: string[];
let jobs: ConnectJob[];
let answers: ReturnType<typeof connectionHandlers>;
const never = new AbortController().signal;
const at = (name: string) => join(folder, name);
const connections = () => readFileSync(at('connections.millrace.json'), 'utf8');
const east = (params: object) => ({ east: { type: 'line', typeVersion: 1, params: { host: 'east.example', ...params } } });
const write = (all: object, more: object = {}) =>
  writeFileSync(at('connections.millrace.json'), JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections: all, ...more }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-connections-'));
  store = Store.open(at('data'));
  distrusted = [];
  changed = [];
  jobs = [];
  documents = new Documents(store, { dataFolder: at('data'), examplesFolder: at('examples') }, (_, why) => distrusted.push(why), catalogue);
  secrets = new Secrets(at('data'), null, {});
  const trials = {
    run: async (job: ConnectJob) => {
      jobs.push(job);
      return job.list ? [{ name: 'orders' }] : 'Line 1.0';
    },
  };
  answers = connectionHandlers({ documents, catalogue, secrets, trials, onChanged: (id) => changed.push(id) });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A trusted document with its file. */
async function open(name = 'a.millrace.json'): Promise<string> {
  writeFileSync(at(name), formatPipeline(pipeline));
  const { documentId } = await documents.open(at(name));
  documents.trust(documentId);
  return documentId;
}

describe('trust in a pipeline', () => {
  it('is asked for again where somebody else has changed what it reaches, and not for other changes', async () => {
    write(east({}));
    const id = await open();
    write({ ...east({}), west: { type: 'line', params: { host: 'west.example' } } }, { later: 1 });
    await documents.review(id, pipeline);
    expect([documents.get(id).trusted, (await documents.open(at('a.millrace.json'))).trusted]).toEqual([true, true]);
    expect((await listTrusted(store.trust, catalogue))[0]).toMatchObject({ state: 'unchanged' });

    write(east({ host: 'evil.example' }));
    await documents.review(id, pipeline);
    expect([documents.get(id).trusted, (await documents.open(at('a.millrace.json'))).trusted]).toEqual([false, false]);
    expect(distrusted).toEqual(['connections']);
    expect((await listTrusted(store.trust, catalogue))[0]).toMatchObject({ state: 'changed' });
    documents.trust(id);
    expect((await documents.open(at('a.millrace.json'))).trusted).toBe(true);

    // A node that is not saved yet counts, too; and what is sent counts as well as where.
    write(east({ host: 'evil.example', password: '${secret:bank}' }));
    await documents.review(id, emptyPipeline);
    expect(documents.get(id).trusted).toBe(true);
    write(east({ host: 'evil.example', password: '${secret:other}' }));
    await documents.review(id, pipeline);
    expect(documents.get(id).trusted).toBe(false);
  });

  it('holds through changes of its user, also of pipelines of the folder that are not open', async () => {
    write(east({}));
    const [id, other] = [await open(), await open('b.millrace.json')];
    documents.close(other);
    const view = await answers['connections.read']({ documentId: id }, never);
    const edit = { documentId: id, stamp: view.stamp, name: 'east', isNew: false, environment: null, type: 'line', typeVersion: 1 };
    await answers['connections.set']({ ...edit, params: { host: 'moved.example' } }, never);
    await documents.review(id, pipeline);
    expect(documents.get(id).trusted).toBe(true);
    for (const name of ['a.millrace.json', 'b.millrace.json']) expect((await documents.open(at(name))).trusted).toBe(true);
    expect(changed).toEqual([id]);
  });

  it('covers the connections of a trusted folder', async () => {
    write(east({}));
    const id = await open();
    store.trust.addFolder(folder);
    write(east({ host: 'new.example' }));
    await documents.review(id, pipeline);
    expect(documents.get(id).trusted).toBe(true);
  });
});

describe('the connections beside a document', () => {
  it('are made, renamed, removed and set for an environment, each time as the editor has seen them', async () => {
    const id = await open();
    const make = { documentId: id, stamp: null, name: 'west', isNew: true, environment: null, type: 'line', typeVersion: 1, params: { host: 'w', port: 7 } };
    const made = await answers['connections.set'](make, never);
    expect(made.connections).toMatchObject([{ name: 'west', card: 'w:7', reaches: ['w:7'], known: true }]);
    await expect(answers['connections.set'](make, never)).rejects.toMatchObject({ problem: { code: 'connection/file-changed' } });
    await expect(answers['connections.set']({ ...make, stamp: made.stamp }, never)).rejects.toMatchObject({ problem: { code: 'connection/exists' } });

    const inProd = await answers['connections.environment']({ documentId: id, stamp: made.stamp, environment: 'prod', edit: 'add' }, never);
    expect(inProd).toMatchObject({ environments: ['prod'], environment: 'prod' });
    const params = { host: 'prod.example', port: 7, password: null };
    const set = await answers['connections.set']({ ...make, stamp: inProd.stamp, isNew: false, environment: 'prod', params }, never);
    expect(set.connections).toMatchObject([{ card: 'prod.example:7', ownParams: ['host'] }]);
    expect(JSON.parse(connections()).environments).toEqual({ prod: { west: { params: { host: 'prod.example' } } } });

    // Another window, or the next start, shows the same; one that is gone is shown nowhere.
    expect(documents.get((await documents.open(at('a.millrace.json'))).documentId).environment).toBe('prod');
    const before = connections();
    write({});
    await documents.review(id, pipeline);
    expect(documents.get(id).environment).toBeNull();
    expect(documents.get((await documents.open(at('a.millrace.json'))).documentId).environment).toBeNull();
    writeFileSync(at('connections.millrace.json'), before);

    const renamed = await answers['connections.rename']({ documentId: id, stamp: set.stamp, from: 'west', to: 'north' }, never);
    const removed = await answers['connections.remove']({ documentId: id, stamp: renamed.stamp, name: 'north' }, never);
    expect(removed.connections).toEqual([]);
    await expect(answers['connections.environment']({ documentId: id, stamp: null, environment: 'nowhere' }, never)).rejects.toMatchObject({
      problem: { code: 'connection/environment' },
    });
  });

  it('are never written over where they cannot be read, nor changed or tried for a pipeline from elsewhere', async () => {
    const id = await open();
    writeFileSync(at('connections.millrace.json'), '{ "password": "hunter2"');
    const view = await answers['connections.read']({ documentId: id }, never);
    expect(view).toMatchObject({ writable: false, problems: [{ code: 'connection/file-invalid' }] });
    const make = { documentId: id, stamp: view.stamp, name: 'w', isNew: true, environment: null, type: 'line', typeVersion: 1, params: { host: 'w' } };
    await expect(answers['connections.set'](make, never)).rejects.toMatchObject({ problem: { code: 'connection/file-invalid' } });
    expect(connections()).toContain('hunter2');
    expect(JSON.stringify(view)).not.toContain('hunter2');

    write(east({}));
    writeFileSync(at('theirs.millrace.json'), formatPipeline({ ...pipeline, name: 'Theirs' }));
    const { documentId: theirs } = await documents.open(at('theirs.millrace.json'));
    const test = { documentId: theirs, name: 'east', type: 'line', typeVersion: 1, params: { host: 'e' }, texts: {} };
    const untrusted = { problem: { code: 'document/untrusted' } };
    await expect(answers['connections.test'](test, never)).rejects.toMatchObject(untrusted);
    await expect(answers['connections.entries']({ documentId: theirs, connection: 'east', what: 'x', of: {} }, never)).rejects.toMatchObject(untrusted);
    await expect(answers['connections.remove']({ documentId: theirs, stamp: null, name: 'east' }, never)).rejects.toMatchObject(untrusted);
    await expect(answers['secrets.set']({ documentId: theirs, reference: '${secret:a}', text: 'x' }, never)).rejects.toMatchObject(untrusted);
  });

  it('are tried with secrets that are stored, and with those that are about to be', async () => {
    const id = await open();
    await answers['secrets.set']({ documentId: id, reference: '${secret:old}', text: 'stored' }, never);
    const test = { documentId: id, name: 'east', type: 'line', typeVersion: 1, params: { host: 'e', password: '${secret:old}' }, texts: {} };
    expect(await answers['connections.test'](test, never)).toEqual({ message: 'Line 1.0' });
    await answers['connections.test']({ ...test, texts: { '${secret:old}': 'typed' } }, never);
    expect(jobs.map(({ texts, reaches }) => [texts, reaches])).toEqual([
      [{ '${secret:old}': 'stored' }, ['e:7']],
      [{ '${secret:old}': 'typed' }, ['e:7']],
    ]);
    await expect(answers['connections.test']({ ...test, params: {} }, never)).rejects.toMatchObject({ problem: { code: 'params/missing', field: 'host' } });
    write(east({ password: '${secret:old}' }));
    expect(await answers['connections.entries']({ documentId: id, connection: 'east', what: 'tables', of: {} }, never)).toEqual({
      entries: [{ name: 'orders' }],
    });
  });

  it('tell of changes that others make', async () => {
    const heard: string[] = [];
    const watch = new ConnectionsWatch((id) => heard.push(id));
    watch.follow('d', folder);
    write(east({}));
    await expect.poll(() => heard).toEqual(['d']);
    watch.close();
  });

  it('go along when a document is saved for the first time, and take no place of others', async () => {
    const { documentId: id } = documents.create();
    const make = { documentId: id, stamp: null, name: 'east', isNew: true, environment: null, type: 'line', typeVersion: 1, params: { host: 'mine' } };
    const made = await answers['connections.set'](make, never);
    await answers['connections.set']({ ...make, stamp: made.stamp, name: 'unused' }, never);
    await documents.save(id, at('saved.millrace.json'), pipeline, null, []);
    expect(JSON.parse(connections()).connections).toEqual({ east: { type: 'line', typeVersion: 1, params: { host: 'mine' } } });
    expect((await documents.open(at('saved.millrace.json'))).trusted).toBe(true);

    const { documentId: again } = documents.create();
    write(east({ host: 'theirs' }));
    await documents.save(again, at('again.millrace.json'), pipeline, null, []);
    expect(JSON.parse(connections()).connections.east.params.host).toBe('theirs');
  });
});
