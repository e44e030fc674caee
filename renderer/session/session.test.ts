import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addNode, moveNodes, setNode, setParam } from '../../engine/document/edits.ts';
import { emptyPipeline } from '../../engine/document/pipeline.ts';
import type { EditorProtocol } from '../../engine/protocol/api.ts';
import { type Handlers, portPair, Service } from '../../engine/protocol/connection.ts';
import type { CheckResult, RunSummary } from '../../engine/protocol/messages.ts';
import type { Port } from '../../engine/protocol/port.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { keepConnected } from './engine.ts';
import { meansTheSame } from './meaning.ts';
import { session, useSession } from './session.ts';
import { share } from './share.ts';
import { getState, setState } from './state.ts';

const emptyCheck: CheckResult = {
  nodes: {},
  problems: [],
  runnable: true,
  bounded: true,
  reads: [],
  writes: [],
  listens: [],
  reaches: [],
  secrets: [],
  code: [],
  unknown: [],
};
const run = (change: Partial<RunSummary>): RunSummary => ({
  id: 'r1',
  pipeline: 'Untitled',
  path: null,
  state: 'running',
  startedAt: 0,
  endedAt: null,
  stats: {},
  problems: [],
  outputs: [],
  bounded: true,
  checkpoint: null,
  resumedFrom: null,
  restarts: 0,
  ...change,
});

/** The engine's side of the protocol, answering by hand. */
let documents = 0;
const checks: ((result: CheckResult) => void)[] = [];
let service: Service<EditorProtocol>;
let enginePort: Port;
function startEngine(): Port {
  const [editor, engine] = portPair();
  enginePort = engine;
  const handlers = {
    hello: () => ({ appVersion: '1', protocolVersion: 1, platform: 'test', home: '/', open: null, firstStart: false }),
    'catalogue.read': () => [],
    'connections.types': () => [],
    'connections.read': () => ({ path: '', stamp: null, writable: true, problems: [], environments: [], environment: null, connections: [] }),
    'settings.read': () => ({ minimap: false }),
    'settings.write': () => null,
    'run.list': () => [],
    'document.resume': ({ trusted }: { readonly trusted: boolean }) => ({ documentId: `d${++documents}`, trusted }),
    'pipeline.check': () => new Promise<CheckResult>((resolve) => void checks.push(resolve)),
  };
  service = new Service<EditorProtocol>(engine, handlers as unknown as Handlers<EditorProtocol>);
  return editor;
}
const add = (type: string) => {
  let id = '';
  session.edit(`Add ${type}`, (pipeline) => {
    const added = addNode(pipeline, { type, typeVersion: 1, params: {}, position: { x: 0, y: 0 } });
    id = added.id;
    return added.pipeline;
  });
  return id;
};

/** Also on a machine that is slow and busy. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 10 });

describe('a session', () => {
  let starts = 0;
  beforeAll(async () => {
    void keepConnected(
      async () => () => void starts++,
      async () => startEngine(),
    );
    await eventually(() => expect(getState().engine).toBe('ready'));
  });
  afterAll(() => enginePort.close());

  it('is introduced to the engine once, with the settings that it keeps', () => {
    expect(starts).toBe(1);
    expect(getState().documentId).toBe('d1');
    expect(getState().settings.minimap).toBe(false);
  });

  it('checks after an edit, and drops the reply to what has changed since', async () => {
    await eventually(() => expect(checks.length).toBe(1));
    add('sieve');
    await eventually(() => expect(checks.length).toBe(2));
    add('sieve');
    await eventually(() => expect(checks.length).toBe(3));
    checks[2]!({ ...emptyCheck, reads: ['new'] });
    await eventually(() => expect(getState().check?.reads).toEqual(['new']));
    checks[1]!({ ...emptyCheck, reads: ['old'] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(getState().check?.reads).toEqual(['new']);
  });

  it('does not check again when a card was only moved', async () => {
    const before = checks.length;
    session.edit('Move', (pipeline) => moveNodes(pipeline, { sieve: { x: 50, y: 50 } }));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(checks.length).toBe(before);
  });

  it('brings problems of check, code and run together, errors first, without doubles', async () => {
    const warning = { code: 'a/b' as ProblemCode, severity: 'warning' as const, message: 'Odd', node: 'sieve' };
    add('sieve');
    await eventually(() => expect(checks.length).toBe(4));
    checks[3]!({
      ...emptyCheck,
      problems: [warning, { node: 'sieve', message: 'Odd', severity: 'warning', code: warning.code }, { ...warning, node: 'gone' }],
    });
    await eventually(() => expect(getState().problems).toEqual([warning]));
    service.emit('code.checked', { documentId: 'd1', problems: [{ code: 'code/type', severity: 'error', message: 'Wrong', node: 'sieve' }] });
    await eventually(() => expect(getState().problems.map(({ code }) => code)).toEqual(['code/type', 'a/b']));
    service.emit('code.checked', { documentId: 'another', problems: [] });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(getState().problemsByNode['sieve']).toHaveLength(2);
  });

  it('selects what undo and redo brought back, and forgets what they took', () => {
    const id = add('pool');
    session.select({ nodes: [id] });
    session.undo();
    expect(getState().selection.nodes).not.toContain(id);
    session.redo();
    expect(getState().selection.nodes).toEqual([id]);
    expect(getState().undoLabel).toBe('Add pool');
  });

  it('follows its run, marks it stale when the meaning changes, and fresh again when that is undone', async () => {
    setState({ run: run({}), runPipeline: getState().pipeline, runStale: false });
    service.emit(
      'run.changed',
      run({ stats: { sieve: { in: 5, out: {}, dropped: 0, failed: 0, rate: 1, busyMs: 1, watermark: 0, late: 0, idleMs: 0, blockedMs: 0 } } }),
    );
    await eventually(() => expect(getState().run?.stats['sieve']?.in).toBe(5));
    service.emit('run.changed', run({ id: 'other', state: 'done', endedAt: 1 }));
    await eventually(() => expect(getState().runs).toHaveLength(2));
    expect(getState().run?.id).toBe('r1');
    session.edit('Rename', (pipeline) => setNode(pipeline, 'sieve', { title: 'Sieve' }));
    expect(getState().runStale).toBe(false);
    session.edit('Set', (pipeline) => setParam(pipeline, 'sieve', 'width', 3));
    expect(getState().runStale).toBe(true);
    session.undo();
    expect(getState().runStale).toBe(false);
  });

  it('comes back after the engine died, with the same pipeline under a new id', async () => {
    const { pipeline } = getState();
    enginePort.close();
    await eventually(() => expect(getState().engine).toBe('restarting'));
    await expect(session.request('run.list', {})).rejects.toMatchObject({ problem: { code: 'engine/gone' } });
    await eventually(() => expect(getState().engine).toBe('ready'));
    expect(getState().documentId).toBe('d2');
    expect(getState().pipeline).toBe(pipeline);
    expect(starts).toBe(1);
  });

  it("shows that a document is not trusted before anything of a check, and nothing of another one's", async () => {
    add('sieve');
    const before = checks.length;
    await eventually(() => expect(checks.length).toBe(before + 1));
    const seen: string[] = [];
    const stop = useSession.subscribe(({ documentId, trusted, check }) => {
      if (documentId === 'd8') seen.push(`${trusted} ${check?.reads.join() ?? 'unknown'}`);
    });
    session.load({ documentId: 'd8', pipeline: getState().pipeline, path: '/theirs.millrace.json', trusted: false, stamp: 's' });
    // The answer for the previous document comes late.
    checks[before]!({ ...emptyCheck, reads: ['ours'] });
    await eventually(() => expect(checks.length).toBe(before + 2));
    expect(new Set(seen)).toEqual(new Set(['false unknown']));
    checks[before + 1]!({ ...emptyCheck, reads: ['theirs'] });
    await eventually(() => expect(getState().check?.reads).toEqual(['theirs']));
    stop();
    expect([...new Set(seen)]).toEqual(['false unknown', 'false theirs']);
  });

  it('starts afresh with another document', () => {
    session.load({ documentId: 'd9', pipeline: emptyPipeline, path: '/x.millrace.json', trusted: false, stamp: 's' });
    expect(getState()).toMatchObject({ documentId: 'd9', trusted: false, canUndo: false, isEdited: false, run: null, problems: [] });
    add('sieve');
    expect(getState().isEdited).toBe(true);
    session.load({ documentId: 'd10', pipeline: getState().pipeline, path: null, trusted: true, stamp: null }, { edited: true });
    expect(getState().isEdited).toBe(true);
  });

  it('checks again while a source is slow, without an edit', async () => {
    const before = checks.length;
    const id = add('sieve');
    await eventually(() => expect(checks.length).toBe(before + 1));
    const slow = { code: 'source/slow' as const, severity: 'warning' as const, message: 'Looking takes long', node: id };
    checks[before]!({ ...emptyCheck, problems: [slow] });
    await eventually(() => expect(getState().check?.problems).toEqual([slow]));
    await vi.waitFor(() => expect(checks.length).toBe(before + 2), 120_000);
    checks[before + 1]!(emptyCheck);
    await eventually(() => expect(getState().check?.problems).toEqual([]));
  });
});

describe('sharing', () => {
  it('keeps the identity of what is equal, at every depth', () => {
    const old = { a: { x: [1, 2] }, b: { y: 1 } };
    const next = share(old, { a: { x: [1, 2] }, b: { y: 2 } });
    expect(next.a).toBe(old.a);
    expect(next.b).toEqual({ y: 2 });
    expect(share(old, structuredClone(old))).toBe(old);
    expect(share({ a: 1 }, {})).toEqual({});
    expect(share([1, 2, 3], [1, 2])).toEqual([1, 2]);
    expect(share({ a: undefined }, { b: undefined })).toEqual({ b: undefined });
  });
});

describe('meaning', () => {
  it('is more than looks', () => {
    const { pipeline } = addNode(emptyPipeline, { type: 'sieve', typeVersion: 1, params: { a: 1 }, position: { x: 0, y: 0 } });
    expect(meansTheSame(pipeline, moveNodes(pipeline, { sieve: { x: 9, y: 9 } }))).toBe(true);
    expect(meansTheSame(pipeline, setNode(pipeline, 'sieve', { note: 'n' }))).toBe(true);
    expect(meansTheSame(pipeline, setNode(pipeline, 'sieve', { onError: 'skip' }))).toBe(false);
    expect(meansTheSame(pipeline, setParam(pipeline, 'sieve', 'a', 2))).toBe(false);
    expect(meansTheSame(pipeline, emptyPipeline)).toBe(false);
  });
});
