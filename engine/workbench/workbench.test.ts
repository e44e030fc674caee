import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { type EditorProtocol, protocolVersion } from '../protocol/api.ts';
import { Client, portPair } from '../protocol/connection.ts';
import type { LogLine, RunSummary } from '../protocol/messages.ts';
import type { RunControl, RunJob } from '../protocol/run-api.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import { serveWorkbench } from './workbench.ts';

/** Runs that are done as soon as they are started. */
class FakeRuns implements RunControl {
  readonly jobs: RunJob[] = [];
  readonly #changed = new Set<(summary: RunSummary) => void>();
  readonly #logged = new Set<(runId: string, line: LogLine) => void>();

  async start(job: RunJob): Promise<RunSummary> {
    this.jobs.push(job);
    const summary: RunSummary = {
      id: job.id,
      pipeline: job.name,
      path: job.path,
      state: 'done',
      startedAt: this.jobs.length,
      endedAt: 2,
      stats: {},
      problems: [],
      outputs: [],
      bounded: true,
      checkpoint: null,
      resumedFrom: null,
      restarts: 0,
    };
    for (const listener of this.#changed) listener(summary);
    for (const listener of this.#logged) listener(job.id, { at: 1, level: 'info', message: 'hello' });
    return summary;
  }
  async stop(): Promise<void> {}
  async pause(): Promise<void> {}
  async resume(): Promise<void> {}
  async checkpoint() {
    return { id: 1 };
  }
  async list(): Promise<RunSummary[]> {
    return [];
  }
  async logs(): Promise<LogLine[]> {
    return [];
  }
  inspect(): Promise<never> {
    return Promise.reject(new MillraceError({ code: 'run/unknown', message: 'There is no such run.' }));
  }
  onChanged(listener: (summary: RunSummary) => void) {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }
  onLogged(listener: (runId: string, line: LogLine) => void) {
    this.#logged.add(listener);
    return () => this.#logged.delete(listener);
  }
  get listeners(): number {
    return this.#changed.size + this.#logged.size;
  }
}

let folder: string;
let runs: FakeRuns;
let client: Client<EditorProtocol>;
const at = (name: string) => join(folder, name);
const connect = () => {
  const [near, far] = portPair();
  runs = new FakeRuns();
  serveWorkbench(far, { runs, dataFolder: at('data'), examplesFolder: at('examples'), appVersion: '9.9.9', open: at('open.millrace.json') });
  return new Client<EditorProtocol>(near);
};
/** A check of the pipeline once its sources were looked at, which takes longer than a check waits on a busy machine. */
const checked = async (documentId: string) => {
  for (;;) {
    const check = await client.request('pipeline.check', { documentId, pipeline });
    if (!check.problems.some(({ code }) => code === 'source/slow')) return check;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'no error',
    (error) => (error instanceof MillraceError ? error.problem.code : error),
  );

/** CSV -> filter -> JSON Lines. */
const pipeline: Pipeline = {
  ...emptyPipeline,
  name: 'Hot days',
  nodes: {
    days: { type: 'csv-file', typeVersion: 1, params: { path: 'days.csv' } },
    hot: { type: 'filter', typeVersion: 1, params: { mode: 'expression', where: 'row.temperature > 30' } },
    out: { type: 'jsonl-output', typeVersion: 1, params: { path: 'hot.jsonl' } },
  },
  edges: [
    { from: { node: 'days', port: 'rows' }, to: { node: 'hot', port: 'rows' } },
    { from: { node: 'hot', port: 'kept' }, to: { node: 'out', port: 'rows' } },
  ],
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-workbench-'));
  mkdirSync(at('examples'));
  writeFileSync(at('days.csv'), 'day,temperature\nmon,20\ntue,31\nwed,35\n');
  client = connect();
});
afterEach(() => {
  client.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a workbench', () => {
  it('greets, and refuses an editor of another version', async () => {
    const hello = await client.request('hello', { protocolVersion });
    expect(hello).toMatchObject({ appVersion: '9.9.9', home: homedir(), open: at('open.millrace.json') });
    expect(await codeOf(client.request('hello', { protocolVersion: 999 }))).toBe('protocol/version');
  });

  it('answers wrong params and unknown names with errors that name the place', async () => {
    const wrong = client.request('document.open', { path: 7 } as never);
    await expect(wrong).rejects.toMatchObject({ problem: { code: 'protocol/params', field: 'path' } });
    const deep = client.request('pipeline.check', { documentId: 'x', pipeline: { ...pipeline, edges: [{ from: 1 }] } } as never);
    await expect(deep).rejects.toMatchObject({ problem: { code: 'protocol/params', field: expect.stringMatching(/^pipeline\.edges\.0\./) } });
    expect(await codeOf(client.request('drop.everything' as never, {} as never))).toBe('protocol/unknown');
    expect(await codeOf(client.request('constructor' as never, {} as never))).toBe('protocol/unknown');
  });

  it('serves the catalogue', async () => {
    const types = (await client.request('catalogue.read', {})).map((manifest) => manifest.type);
    expect(types).toEqual(expect.arrayContaining(['filter', 'code', 'sqlite-table']));
  });

  it('keeps settings and lists folders', async () => {
    expect(await client.request('settings.read', { key: 'theme' })).toBeNull();
    await client.request('settings.write', { key: 'theme', value: { dark: true } });
    expect(await client.request('settings.read', { key: 'theme' })).toEqual({ dark: true });
    const listing = await client.request('files.list', { path: folder });
    expect(listing.entries.map((entry) => [entry.name, entry.folder])).toEqual([
      ['data', true],
      ['examples', true],
      ['days.csv', false],
    ]);
    expect(listing.parent).toBe(tmpdir());
    expect((await client.request('files.list', { path: '' })).path).toBe(homedir());
    expect(await codeOf(client.request('files.list', { path: at('days.csv') }))).toBe('file/not-a-folder');
    const locate = (name: string) => client.request('files.locate', { path: at(name) });
    expect(await locate('data/../days.csv')).toEqual({ path: at('days.csv'), is: 'file' });
    expect([await locate(''), await locate('none/days.csv'), await locate('days.csv/x')].map((found) => found.is)).toEqual(['folder', 'nothing', 'nothing']);
  });

  it('checks with what the sources say, and tells of types later', async () => {
    const { documentId } = await client.request('document.new', {});
    const { path } = await client.request('document.save', { documentId, path: at('hot.millrace.json'), pipeline, stamp: null });
    expect(path).toBe(at('hot.millrace.json'));
    const check = await checked(documentId);
    expect(check.problems).toEqual([]);
    expect(check.nodes['hot']!.outputs[0]!.schema!.columns.map((column) => `${column.name} ${column.type}`)).toEqual(['day string', 'temperature integer']);
    expect(check).toMatchObject({ runnable: true, reads: ['days.csv'], writes: ['hot.jsonl'], code: ['hot'] });
  });

  it('touches nothing of a pipeline from elsewhere until it is trusted', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { documentId, trusted } = await client.request('document.open', { path: file });
    expect(trusted).toBe(false);
    const check = await client.request('pipeline.check', { documentId, pipeline });
    expect(check.nodes['days']!.outputs[0]!.schema).toBeNull();
    expect(check).toMatchObject({ reads: ['days.csv'], writes: ['hot.jsonl'], code: ['hot'] });
    expect(await codeOf(client.request('preview.read', { documentId, pipeline, node: 'hot', port: 'kept', limit: 10 }))).toBe('document/untrusted');
    expect(await codeOf(client.request('run.start', { documentId, pipeline, parameters: {} }))).toBe('document/untrusted');
    expect(runs.jobs).toEqual([]);
    await client.request('document.trust', { documentId });
    expect((await checked(documentId)).nodes['days']!.outputs[0]!.schema).not.toBeNull();
    await client.request('run.start', { documentId, pipeline, parameters: {} });
    expect(runs.jobs).toMatchObject([{ name: 'Hot days', path: file, folder }]);
  });

  it('takes trust back while a document is open, and knows its own copies', async () => {
    const file = at('theirs.millrace.json');
    writeFileSync(file, formatPipeline(pipeline));
    const { documentId } = await client.request('document.open', { path: file });
    expect(await codeOf(client.request('clipboard.copied', { documentId, text: 'theirs' }))).toBe('document/untrusted');
    await client.request('document.trust', { documentId });
    await client.request('clipboard.copied', { documentId, text: 'ours' });
    expect(await client.request('clipboard.isOwn', { text: 'ours' })).toBe(true);
    expect(await client.request('clipboard.isOwn', { text: 'theirs' })).toBe(false);
    expect(await client.request('trust.list', {})).toMatchObject([{ kind: 'file', path: file, state: 'unchanged' }]);

    const lost: string[] = [];
    client.on('document.distrusted', (event) => lost.push(event.documentId));
    expect(await client.request('trust.remove', { places: [{ kind: 'file', path: file }] })).toEqual({ running: [] });
    expect(lost).toEqual([documentId]);
    expect(await codeOf(client.request('preview.read', { documentId, pipeline, node: 'hot', port: 'kept', limit: 10 }))).toBe('document/untrusted');
    expect((await client.request('pipeline.check', { documentId, pipeline })).nodes['days']!.outputs[0]!.schema).toBeNull();
    expect(await client.request('trust.list', {})).toEqual([]);
  });

  it('starts what is runnable, passes on what happens, and remembers ended runs', async () => {
    const changed: RunSummary[] = [];
    const logged: string[] = [];
    client.on('run.changed', (summary) => changed.push(summary));
    client.on('run.logged', ({ line }) => logged.push(line.message));
    const { documentId } = await client.request('document.new', {});
    expect(await codeOf(client.request('run.start', { documentId, pipeline: emptyPipeline, parameters: {} }))).toBe('pipeline/empty');
    await client.request('document.save', { documentId, path: at('hot.millrace.json'), pipeline, stamp: null });
    expect(await codeOf(client.request('run.start', { documentId, pipeline, parameters: { nope: 1 } }))).toBe('parameters/unknown');
    const summary = await client.request('run.start', { documentId, pipeline, parameters: {} });
    expect(changed).toEqual([summary]);
    expect(logged).toEqual(['hello']);
    expect(runs.jobs[0]!.plan.nodes.map((node) => node.id)).toEqual(['days', 'hot', 'out']);
    // Ended runs are remembered by their keepers.
    const history = RunHistoryStore.open(at('data'));
    history.write({ summary, states: [{ at: 1, state: 'done', reason: null }], errors: [], logs: [], checkpoints: [], sampleAt: null });
    history.close();
    expect(await client.request('run.list', {})).toEqual([summary]);
    expect(await client.request('run.history', { runId: summary.id })).toMatchObject({ states: [{ at: 1, state: 'done' }], samples: [] });
    expect(await codeOf(client.request('run.inspect', { runId: 'x', node: 'out', limit: 1 }))).toBe('run/unknown');
  });

  it('gives the copy of unsaved changes up with the save, and not with one that is refused', async () => {
    const { documentId } = await client.request('document.new', {});
    await client.request('autosave.write', { id: 'a', documentId, path: null, pipeline });
    const copies = () => readdirSync(at('data/autosave')).length;
    const path = join(folder, 'saved.millrace.json');
    writeFileSync(path, formatPipeline(pipeline));
    expect(await codeOf(client.request('document.save', { documentId, path, pipeline, stamp: 'of another', copy: 'a' }))).toBe('file/changed');
    expect(copies()).toBe(1);
    await client.request('document.save', { documentId, path, pipeline, stamp: null, copy: 'a' });
    expect(copies()).toBe(0);
  });

  it('brings back an autosaved document after a crash', async () => {
    const { documentId } = await client.request('document.new', {});
    await client.request('autosave.write', { id: 'a', documentId, path: null, pipeline });
    expect(await client.request('autosave.list', {})).toEqual([]);
    client.close();
    client = connect();
    expect(await client.request('autosave.list', {})).toMatchObject([{ id: 'a', path: null, name: 'Hot days' }]);
    expect(await client.request('autosave.restore', { id: 'a' })).toMatchObject({ pipeline, path: null, trusted: true });
    await client.request('autosave.discard', { id: 'a' });
    expect(await client.request('autosave.list', {})).toEqual([]);
  });

  it('forgets closed documents, and stops listening when the editor goes', async () => {
    const { documentId } = await client.request('document.new', {});
    await client.request('document.close', { documentId });
    expect(await codeOf(client.request('pipeline.check', { documentId, pipeline }))).toBe('document/unknown');
    expect(runs.listeners).toBe(2);
    client.close();
    await expect.poll(() => runs.listeners).toBe(0);
  });
});
