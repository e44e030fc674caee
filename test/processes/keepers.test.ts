/** Runs in processes of their own that outlive those who started them, from the build. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { entryFile } from '../../engine/processes/entries.ts';
import type { EditorProtocol } from '../../engine/protocol/api.ts';
import { Client } from '../../engine/protocol/connection.ts';
import type { KeeperProtocol } from '../../engine/protocol/keeper-api.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { Frame, Port } from '../../engine/protocol/port.ts';
import type { RunJob } from '../../engine/protocol/run-api.ts';
import { startOf } from '../../engine/store/process-identity.ts';
import { RunHistoryStore } from '../../engine/store/run-history.ts';
import { readEntries, removeEntry, runFolder, writeEntry } from '../../engine/supervisor/registry.ts';
import { connectTo } from '../../engine/supervisor/socket-port.ts';
import { Supervisor } from '../../engine/supervisor/supervisor.ts';
import { endRuns } from '../background-runs.ts';
import { says } from '../command-line.ts';
import { childrenOf, jobOf, node, pipeline, readingSeconds } from './run-trial.ts';

const isLinux = process.platform === 'linux';
let folder: string;
let data: string;
const hosts: Supervisor[] = [];
const closers: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-keepers-'));
  data = join(folder, 'data');
  mkdirSync(data);
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const host of hosts.splice(0)) host.dispose();
  await endRuns(data);
  rmSync(folder, { recursive: true, force: true });
});

function host(): Supervisor {
  const supervisor = new Supervisor({ dataFolder: data });
  supervisor.watch();
  hosts.push(supervisor);
  return supervisor;
}
const readings = (count = 1_000_000_000, rate = 500) =>
  pipeline({ source: node('generator', { count, rate }), look: node('inspect', { rows: 5 }) }, ['source -> look']);
const rowsOf = (summary: RunSummary | undefined) => summary?.stats['look']?.in ?? 0;
const one = async (supervisor: Supervisor): Promise<RunSummary | undefined> => (await supervisor.list())[0];
async function reached(supervisor: Supervisor, test: (summary: RunSummary) => boolean): Promise<RunSummary> {
  let found: RunSummary | undefined;
  await expect
    .poll(async () => {
      found = await one(supervisor);
      return found !== undefined && test(found);
    })
    .toBe(true);
  return found!;
}
async function started(supervisor: Supervisor, change: Partial<RunJob> = {}): Promise<string> {
  const job = { ...(await jobOf(readings(), folder)), ...change };
  const { id } = await supervisor.start(job);
  return id;
}

describe('a run in the background', () => {
  it('is seen and steered by all hosts of its data folder', async () => {
    const [first, second] = [host(), host()];
    const heard: string[] = [];
    second.onChanged((summary) => heard.push(summary.state));
    const id = await started(first);
    await expect.poll(() => heard).toContain('running');
    await reached(second, (summary) => rowsOf(summary) > 50);
    expect((await second.inspect(id, 'look', 3)).rows).toHaveLength(3);
    expect((await first.inspect(id, 'look', 3)).rows).toHaveLength(3);
    expect([first.running, second.running]).toEqual([1, 1]);
    await second.stop(id, 'cancel');
    await reached(first, ({ state }) => state === 'stopped');
    // What a sink kept can be looked at as long as somebody is there.
    expect((await first.inspect(id, 'look', 3)).rows).toHaveLength(3);
    expect(first.running).toBe(0);
  });

  it.skipIf(!isLinux)('that is suspended, or answers with nonsense, is shown as such and keeps nobody from seeing the others', async () => {
    const first = host();
    const quiet = await started(first);
    const lively = await started(first);
    const { pid } = readEntries(data).find(({ id }) => id === quiet)!;
    const mute = createServer(() => {}).listen(join(folder, 'mute'));
    closers.push(() => mute.close());
    const entry = { ...readEntries(data).find(({ id }) => id === lively)!, id: 'mute', socket: join(folder, 'mute') };
    writeEntry(data, entry);
    mkdirSync(runFolder(data, 'rubbish'));
    writeFileSync(join(runFolder(data, 'rubbish'), 'run.json'), '{"id":');
    process.kill(pid, 'SIGSTOP');
    try {
      const second = host();
      const found = await second.list();
      expect(found.map(({ id, state }) => [id, state]).sort()).toEqual(
        [
          [quiet, 'not responding'],
          ['mute', 'not responding'],
          [lively, 'running'],
        ].sort(),
      );
      expect(found.find(({ id }) => id === quiet)!.problems[0]!.message).toContain(String(pid));
      await expect(second.stop(quiet, 'cancel')).rejects.toMatchObject({ problem: { code: 'run/not-responding' } });
    } finally {
      process.kill(pid, 'SIGCONT');
      removeEntry(data, entry);
    }
    const third = host();
    await expect.poll(async () => (await third.list()).find(({ id }) => id === quiet)?.state).toBe('running');
    for (const id of [quiet, lively]) await third.stop(id, 'cancel');
  });

  it('leaves its history, and nothing else, when it has ended and nobody looks', async () => {
    const first = host();
    const id = await started(first, { ...(await jobOf(readings(100, 0), folder)) });
    await reached(first, ({ state }) => state === 'done');
    const { pid, pidStart } = readEntries(data)[0]!;
    first.dispose();
    await expect.poll(() => startOf(pid) === pidStart).toBe(false);
    expect(existsSync(runFolder(data, id))).toBe(false);
    expect(readdirSync(join(data, 'runs')).filter((name) => name.endsWith('.log'))).toEqual([]);
    const store = RunHistoryStore.open(data);
    expect(store.run(id)).toMatchObject({ state: 'done', stats: { look: { in: 100 } } });
    const { states, samples } = store.history(id);
    expect(states.at(-1)).toMatchObject({ state: 'done' });
    expect(samples.at(-1)!.nodes['look']!.in).toBe(100);
    store.close();
  });

  it('goes on when the host that started it is killed, and is found by the next one', async () => {
    const server = spawn(process.execPath, [entryFile('server')], { env: { ...process.env, MILLRACE_DATA: data }, stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(() => server.kill('SIGKILL'));
    const url = new URL((await says(server, /http:\S+(?=\s)/))[0]);
    const socket = new WebSocket(`ws://${url.host}/`, ['millrace', `t.${url.hash.slice('#t='.length)}`], { origin: url.origin });
    await once(socket, 'open');
    const editor = new Client<EditorProtocol>(webSocketPort(socket));
    const { documentId } = await editor.request('document.new', {});
    const { id } = await editor.request('run.start', { documentId, pipeline: readings(), parameters: {} });
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    const next = host();
    const found = await reached(next, ({ state }) => state === 'running');
    expect(found.id).toBe(id);
    await reached(next, (summary) => rowsOf(summary) > rowsOf(found));
    await next.stop(id, 'cancel');
    await reached(next, ({ state }) => state === 'stopped');
  });

  it('goes on when the server is ended, which says so', async () => {
    const first = host();
    const id = await started(first);
    const server = spawn(process.execPath, [entryFile('server')], { env: { ...process.env, MILLRACE_DATA: data }, stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(() => server.kill('SIGKILL'));
    let said = '';
    server.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect.poll(() => said).toContain('Millrace is open');
    server.kill('SIGTERM');
    await once(server, 'close');
    expect(said).toContain('A run is still active; "millrace runs" shows it.');
    expect((await first.list()).find((run) => run.id === id)!.endedAt).toBeNull();
  });

  it.skipIf(!isLinux)('whose processes are killed has failed, for every host, and is forgotten by the registry', async () => {
    const [first, second] = [host(), host()];
    const id = await started(first);
    await reached(second, ({ state }) => state === 'running');
    const { pid } = readEntries(data)[0]!;
    process.kill(-pid, 'SIGKILL');
    for (const each of [first, second]) {
      const summary = await reached(each, ({ state }) => state === 'failed');
      expect(summary.problems[0]).toMatchObject({ code: 'run/killed' });
    }
    expect(readEntries(data)).toEqual([]);
    expect(existsSync(runFolder(data, id))).toBe(false);
    // One that comes later reads it in the history.
    const store = RunHistoryStore.open(data);
    expect(store.run(id)).toMatchObject({ state: 'failed', problems: [{ code: 'run/killed' }] });
    store.close();
  });

  it.skipIf(!isLinux)('that was killed while no host was there is buried by the first one that comes', async () => {
    const first = host();
    const id = await started(first);
    await reached(first, ({ state }) => state === 'running');
    const { pid } = readEntries(data)[0]!;
    first.dispose();
    process.kill(-pid, 'SIGKILL');
    await expect.poll(() => startOf(pid)).toBeNull();
    expect(await one(host())).toMatchObject({ id, state: 'failed', problems: [{ code: 'run/killed' }] });
  });

  it.skipIf(!isLinux)('whose process is killed fails, where it commits at its end, and says so', async () => {
    const first = host();
    await started(first);
    await reached(first, ({ state }) => state === 'running');
    const { pid } = readEntries(data)[0]!;
    process.kill(childrenOf(pid)[0]!, 'SIGKILL');
    expect(await reached(first, ({ endedAt }) => endedAt !== null)).toMatchObject({ state: 'failed', restarts: 0, problems: [{ code: 'engine/crashed' }] });
  });

  it('refuses what it is not asked in order', async () => {
    const first = host();
    const id = await started(first);
    const port = await connectTo(readEntries(data)[0]!.socket);
    const client = new Client<KeeperProtocol>(port);
    await expect(client.request('stop', { how: 'by force' as 'cancel' })).rejects.toMatchObject({ problem: { code: 'protocol/params' } });
    await expect(client.request('inspect', { node: 'look', limit: 1e9 })).rejects.toMatchObject({ problem: { code: 'protocol/params' } });
    await expect(client.request('start' as 'attach', {})).rejects.toMatchObject({ problem: { code: 'protocol/unknown' } });
    expect((await client.request('attach', {})).summary.id).toBe(id);
    client.close();
  });

  it('is not waited for by a host that only prepared one', async () => {
    const first = host();
    first.prepare();
    const names = () => readdirSync(join(data, 'runs'));
    await expect.poll(() => names().length).toBe(1);
    first.dispose();
    await expect.poll(names).toEqual([]);
  });

  it('writes what it has to say to a log beside its entry', async () => {
    const id = await started(host());
    expect(readFileSync(join(runFolder(data, id), 'keeper.log'), 'utf8')).toBe('');
  });
});

describe('a run that commits with checkpoints', () => {
  const stream = () =>
    pipeline({ source: node('generator', { endless: true, rate: 1000 }), table: node('sqlite-table', { path: 'out.db', table: 'readings' }) }, [
      'source -> table',
    ]);
  const streamJob = async (from: RunJob['options']['from'] = 'latest'): Promise<RunJob> => {
    const job = await jobOf(stream(), folder);
    return { ...job, options: { ...job.options, stateFolder: join(data, 'pipelines', 'stream'), checkpointEveryMs: 100, from } };
  };
  /** The rows as the generator would have made them without any interruption. */
  const written = () => {
    const seconds = readingSeconds(join(folder, 'out.db'));
    expect(seconds).toEqual(seconds.map((_, index) => index));
    return seconds.length;
  };

  it('is stopped with a checkpoint by a host that did not start it, and goes on from there', async () => {
    const first = host();
    await first.start(await streamJob());
    await reached(first, ({ checkpoint }) => (checkpoint?.id ?? 0) >= 2);
    first.dispose();
    const next = host();
    const { id } = await reached(next, ({ state }) => state === 'running');
    await next.pause(id);
    await reached(next, ({ state }) => state === 'paused');
    await next.resume(id);
    const made = await next.checkpoint(id);
    await next.stop(id, 'checkpoint');
    const stopped = await reached(next, ({ state }) => state === 'stopped');
    expect(stopped.checkpoint!.id).toBeGreaterThan(made.id);
    const rows = written();
    expect(rows).toBeGreaterThan(0);
    const again = await next.start(await streamJob());
    await reached(
      next,
      (summary) => summary.id === again.id && summary.resumedFrom === stopped.checkpoint!.id && (summary.checkpoint?.id ?? 0) > stopped.checkpoint!.id + 1,
    );
    await next.stop(again.id, 'drain');
    expect(await reached(next, (summary) => summary.id === again.id && summary.endedAt !== null)).toMatchObject({ state: 'done' });
    expect(written()).toBeGreaterThan(rows);
  });

  it.skipIf(!isLinux)('is restarted when its process is killed, and nothing is lost or written twice', async () => {
    const first = host();
    const { id } = await first.start(await streamJob());
    await reached(first, ({ checkpoint }) => (checkpoint?.id ?? 0) >= 2);
    const { pid } = readEntries(data)[0]!;
    const restarting = new Promise<RunSummary>((resolve) => first.onChanged((summary) => summary.state === 'restarting' && resolve(summary)));
    process.kill(childrenOf(pid)[0]!, 'SIGKILL');
    const waiting = await restarting;
    expect(waiting).toMatchObject({ restarts: 1, retryAt: expect.any(Number), endedAt: null });
    await reached(first, (summary) => summary.state === 'running' && summary.checkpoint!.id > waiting.checkpoint!.id);
    await first.stop(id, 'checkpoint');
    const { restarts } = await reached(first, ({ state }) => state === 'stopped');
    expect(restarts).toBe(1);
    expect(written()).toBeGreaterThan(0);
    const store = RunHistoryStore.open(data);
    const { states, checkpoints } = store.history(id);
    expect(states.map(({ state }) => state)).toEqual(expect.arrayContaining(['restarting', 'stopped']));
    expect(states.find(({ state }) => state === 'restarting')!.reason).toContain('SIGKILL');
    expect(checkpoints.length).toBeGreaterThan(0);
    store.close();
  });

  it.skipIf(!isLinux)('goes on from its last checkpoint when all of its processes were killed and it is started again', async () => {
    const first = host();
    await first.start(await streamJob());
    await reached(first, ({ checkpoint }) => (checkpoint?.id ?? 0) >= 2);
    process.kill(-readEntries(data)[0]!.pid, 'SIGKILL');
    const killed = await reached(first, ({ state }) => state === 'failed');
    expect(killed.problems[0]!.hint).toContain('resumes from there');
    const again = await first.start(await streamJob());
    await reached(first, (summary) => summary.id === again.id && summary.resumedFrom !== null && summary.checkpoint !== null);
    await first.stop(again.id, 'checkpoint');
    await reached(first, (summary) => summary.id === again.id && summary.state === 'stopped');
    written();
  });

  it('is not begun twice', async () => {
    const first = host();
    const { id } = await first.start(await streamJob());
    await reached(first, ({ state }) => state === 'running');
    const second = await first.start(await streamJob());
    const refused = await reached(first, (summary) => summary.id === second.id && summary.endedAt !== null);
    expect(refused).toMatchObject({ state: 'failed', restarts: 0, problems: [{ code: 'run/already-running' }] });
    expect((await first.list()).find((run) => run.id === id)!.endedAt).toBeNull();
  });

  it.skipIf(!isLinux)('is stopped with a checkpoint when its keeper is told to end, as at the end of a session', async () => {
    const first = host();
    const { id } = await first.start(await streamJob());
    await reached(first, ({ checkpoint }) => (checkpoint?.id ?? 0) >= 2);
    const { pid } = readEntries(data)[0]!;
    // The system tells every process of it.
    process.kill(-pid, 'SIGTERM');
    const stopped = await reached(first, ({ endedAt }) => endedAt !== null);
    expect(stopped).toMatchObject({ id, state: 'stopped' });
    await expect.poll(() => startOf(pid)).toBeNull();
    expect(readEntries(data)).toEqual([]);
    written();
  });
});

function webSocketPort(socket: WebSocket): Port {
  return {
    post: (frame: Frame) => socket.send(JSON.stringify(frame)),
    onFrame: (listener) => void socket.on('message', (text) => listener(JSON.parse(String(text)))),
    onClose: (listener) => void socket.on('close', listener),
    close: () => socket.close(),
  };
}
