/** A pipeline that is not trusted opens nothing of what it names, and no port: seen in the system calls of the engine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { entryFile } from '../../engine/processes/entries.ts';
import type { EditorProtocol } from '../../engine/protocol/api.ts';
import { Client } from '../../engine/protocol/connection.ts';
import { protocolVersion } from '../../engine/protocol/version.ts';
import { says } from '../command-line.ts';
import { hostileFiles, layBait } from './hostile-files.ts';
import { socketPort } from './socket-port.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'millrace-untouched-'));
const theirs = join(folder, 'theirs');
const files = hostileFiles(theirs);
const pathOf = (name: string) => join(theirs, `${name.replaceAll(' ', '-')}.millrace.json`);
/** What the limits of the engine's processes allow, on a machine that is busy and with every system call looked at. */
const deadlineMs = 120_000;
/** Of a pipeline, for requests that are about one node and refused whichever it is. */
const someNodes = 3;

beforeAll(() => {
  mkdirSync(theirs);
  layBait(theirs);
  for (const [name, content] of Object.entries(files)) writeFileSync(pathOf(name), content);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasStrace)('of a pipeline that is not trusted, nothing is touched', () => {
  it('by the editor, whatever is asked of it', { timeout: 600_000 }, async () => {
    const trace = join(folder, 'editor.trace');
    const host = traced(trace, [entryFile('server'), '--port', '0']);
    const [said] = await says(host, /http:\S+(?=\s)/);
    const url = new URL(said);
    const socket = new WebSocket(`ws://${url.host}/`, ['millrace', `t.${url.hash.slice(3)}`], { origin: url.origin });
    await new Promise((resolve) => socket.once('open', resolve));
    let closed: number | null = null;
    socket.once('close', (code) => (closed = code));
    const client = new Client<EditorProtocol>(socketPort(socket));
    await client.request('hello', { protocolVersion });
    const ours = await client.request('document.new', {});
    // Its processes are there, and have loaded what is theirs.
    await preview(client, ours.documentId);
    const from = readFileSync(trace, 'utf8').length;
    const took: { readonly [name: string]: number } = await lookAtAll(client, ours.documentId);
    expect(Object.entries(took).filter(([, ms]) => ms > deadlineMs)).toEqual([]);
    expect(await preview(client, ours.documentId)).toBe(3);
    expect(closed).toBe(null);
    const to = readFileSync(trace, 'utf8').length;
    // What is asked for a trusted one is seen here.
    const bait = await client.request('document.open', { path: pathOf('relative paths') });
    await client.request('document.trust', { documentId: bait.documentId });
    await client.request('pipeline.check', bait);
    socket.close();
    await end(host);
    const calls = readFileSync(trace, 'utf8');
    expect(touched(calls.slice(from, to))).toEqual([]);
    expect(touched(calls.slice(to)).join()).toContain('BAIT.csv');
  });

  it('by the command line', { timeout: 600_000 }, async () => {
    const look = async (command: string, name: string) => {
      const trace = join(folder, `${command}-${name}.trace`);
      const startedAt = Date.now();
      const { code, output } = await ended(traced(trace, [entryFile('cli'), command, pathOf(name)], 'data of the command line'));
      const answer = `${command} ${name}: ${output}`;
      expect(code, answer).toBeOneOf([0, 2]);
      expect(Date.now() - startedAt, answer).toBeLessThan(deadlineMs);
      expect(answer).not.toMatch(/fault of Millrace|\n {4}at /);
      // What would steer a terminal, or change the direction of its text.
      expect(answer).not.toMatch(/[^\n\t\P{Cc}]|[\u202a-\u202e\u2028]/u);
      expect(touched(readFileSync(trace, 'utf8')), answer).toEqual([]);
    };
    // To validate a file takes all the steps of its inspection.
    const inspected = ['absolute paths', 'patterns', 'names of JavaScript', 'hidden characters'].map((name) => ['inspect', name] as const);
    const left = [...inspected, ...Object.keys(files).map((name) => ['validate', name] as const)];
    while (left.length > 0) await Promise.all(left.splice(0, 2).map(([command, name]) => look(command, name)));
  });
});

/** Does with each file what an editor can ask for, as fast as it may; gives the ms that the slowest answer took. */
async function lookAtAll(client: Client<EditorProtocol>, ours: string): Promise<{ readonly [name: string]: number }> {
  const typed = new Set<string>();
  client.on('code.checked', ({ documentId }) => typed.add(documentId));
  const opened = new Map<string, string>();
  const took: { [name: string]: number } = {};
  for (const name of Object.keys(files)) {
    const path = pathOf(name);
    took[name] = 0;
    const ask: typeof client.request = async (request, params) => {
      const startedAt = Date.now();
      try {
        return await client.request(request, params);
      } catch (error) {
        // A refusal is an answer; an engine that is gone is none.
        expect(error, `${request} of ${name}`).toMatchObject({ problem: { code: expect.not.stringMatching(/^(engine|internal)/) } });
        throw error;
      } finally {
        took[name] = Math.max(took[name]!, Date.now() - startedAt);
      }
    };
    const tried = <T>(answer: Promise<T>) => answer.catch(() => null);
    await tried(ask('files.recognise', { documentId: ours, path }));
    const found = await tried(ask('document.open', { path }));
    if (!found) continue;
    const { documentId, pipeline, trusted, stamp } = found;
    expect([name, trusted]).toEqual([name, false]);
    opened.set(documentId, name);
    const whole = { documentId, pipeline };
    const check = await tried(ask('pipeline.check', whole));
    if (!check) opened.delete(documentId);
    // Those that take long to send would prove no more with the further requests.
    if (files[name]!.length > 5_000_000) continue;
    // Nodes that are pasted into a pipeline of one's own are looked at in it, before the question is answered.
    await tried(ask('pipeline.touches', { documentId: ours, pipeline }));
    expect(await ask('clipboard.isOwn', { text: JSON.stringify(pipeline.nodes) })).toBe(false);
    const refused = await Promise.allSettled([
      ...Object.keys(pipeline.nodes)
        .slice(0, someNodes)
        .flatMap((node) => ['rows', 'errors'].map((port) => ask('preview.read', { ...whole, node, port, limit: 10 }))),
      ask('run.start', { ...whole, parameters: {} }),
      ask('errors.list', whole),
      ask('run.replay', { ...whole, parameters: {}, node: 'n' }),
      ask('run.resumable', { documentId }),
      ask('clipboard.copied', { documentId, text: 'x' }),
    ]);
    for (const answer of refused)
      expect(answer, JSON.stringify([name, answer])).toMatchObject({ status: 'rejected', reason: { problem: { code: 'document/untrusted' } } });
    const copy = { id: `copy${opened.size}`, documentId, path, pipeline };
    await tried(ask('autosave.write', copy));
    const restored = await tried(ask('autosave.restore', copy));
    if (restored) expect(restored.trusted).toBe(false);
    expect((await ask('document.resume', { path, stamp, trusted: true })).trusted).toBe(false);
  }
  await expect.poll(() => [...opened].filter(([id]) => !typed.has(id!)).map(([, name]) => name), { timeout: deadlineMs }).toEqual([]);
  return took;
}

/** A pipeline of one's own through all the engine's processes; gives how many rows come out. */
async function preview(client: Client<EditorProtocol>, documentId: string): Promise<number> {
  const code = { type: 'code', typeVersion: 1, params: { code: 'export default (row: Row) => row;' } };
  const pipeline: Pipeline = {
    ...emptyPipeline,
    nodes: { rows: { type: 'generator', typeVersion: 1, params: { count: 3 } }, code },
    edges: [{ from: { node: 'rows', port: 'rows' }, to: { node: 'code', port: 'rows' } }],
  };
  const typed = new Promise((resolve) => client.on('code.checked', (told) => told.documentId === documentId && resolve(told)));
  await client.request('pipeline.check', { documentId, pipeline });
  await typed;
  return (await client.request('preview.read', { documentId, pipeline, node: 'code', port: 'rows', limit: 10 })).total;
}

/** The system calls that are none of Millrace's own: those on bait, on the system's files that are named, and all on sockets. */
function touched(trace: string): readonly string[] {
  const own = new RegExp(`"(${theirs}/)?[a-z-]+\\.millrace\\.json"`);
  const named = /BAIT|"\/dev\/(zero|stdin)|"\/etc\/(passwd|shadow)|environ"|kmsg|\b(bind|listen|connect)\(/;
  return trace
    .split('\n')
    .filter((line) => named.test(line) && !own.test(line))
    .map((line) => line.slice(0, 300));
}

function traced(trace: string, args: readonly string[], data = 'data'): ChildProcess {
  const calls = 'trace=%file,connect,bind,listen';
  return spawn('strace', ['-f', '--seccomp-bpf', '-qq', '-s', '9999', '-e', calls, '-e', 'signal=none', '-o', trace, process.execPath, ...args], {
    env: { ...process.env, MILLRACE_DATA: join(folder, data) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** strace passes no signals on: the host that it has started is asked. */
async function end(strace: ChildProcess): Promise<void> {
  const over = new Promise((resolve) => strace.once('close', resolve));
  const [host] = readFileSync(`/proc/${strace.pid}/task/${strace.pid}/children`, 'utf8').split(' ');
  process.kill(Number(host), 'SIGTERM');
  await over;
}
