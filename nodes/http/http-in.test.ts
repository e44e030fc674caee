import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Reader, RowFailure } from '@millrace/kit/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import httpIn from './http-in.ts';

const schema: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'tags', type: 'json', nullable: true },
  ],
};
const checkpoint = { lineage: 'trial', id: 1 };
let folder: string;
let port: number;
let stop: AbortController;
let refused: RowFailure[];
let logs: string[];
let reader: Reader | null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-http-'));
  port = await freePort();
  stop = new AbortController();
  refused = [];
  logs = [];
  reader = null;
});
afterEach(async () => {
  stop.abort();
  await reader?.close();
  rmSync(folder, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as { port: number };
      server.close(() => resolve(free));
    });
  });
}

async function open(params: object = {}, start: Json = null, sample = false): Promise<Reader> {
  const things = new Map<string, unknown>();
  const defaults = Object.fromEntries(Object.entries(httpIn.params).map(([name, field]) => [name, (field as { default?: unknown }).default ?? null]));
  reader = (await httpIn.run({
    params: { ...defaults, port, ...params } as never,
    inputs: {},
    outputs: { rows: schema },
    path: (path: string) => join(folder, path),
    signal: stop.signal,
    log: (_: string, message: string) => logs.push(message),
    fail: (failure: RowFailure) => refused.push(failure),
    refuse: (failure: RowFailure) => refused.push(failure),
    shared: (key: string, make: () => unknown) => {
      if (!things.has(key)) things.set(key, make());
      return things.get(key);
    },
    batchSize: 1000,
    start,
    sample,
    now: () => Date.now(),
  } as never)) as Reader;
  return reader;
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; answer: any; retryAfter: string | null }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', body: text, headers: { 'Content-Type': 'application/json', ...headers } });
  return { status: response.status, answer: await response.json(), retryAfter: response.headers.get('retry-after') };
}

/** The status of a POST to an address exactly as written, which a client would correct. */
function statusAt(path: string, hosts: readonly string[] = ['localhost']): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`POST ${path} HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}Connection: close\r\nContent-Length: 0\r\n\r\n`),
    );
    socket.once('data', (text) => resolve(Number(String(text).split(' ')[1])));
    socket.once('error', reject);
  });
}

async function take(count: number): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < count) rows.push(...(await reader!.read())!.rows);
  return rows;
}

describe('what is sent', () => {
  it('becomes rows: an object, a list, or lines', async () => {
    await open();
    expect(await post({ id: 1, at: '2026-01-31T12:00:00Z', tags: ['a'], more: true })).toMatchObject({ status: 200, answer: { accepted: 1 } });
    expect((await post([{ id: 2 }, { id: 3 }])).answer).toEqual({ accepted: 2 });
    expect((await post('{"id":4}\n\n{"id":5}\n', { 'Content-Type': 'application/x-ndjson' })).answer).toEqual({ accepted: 2 });
    expect((await post([])).answer).toEqual({ accepted: 0 });
    const rows = await take(5);
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(rows[0]).toEqual({ id: 1, at: 1769860800000, tags: ['a'] });
  });

  it('may be a form, packed, or within an object', async () => {
    await open({ records: 'data.rows' });
    const send = async (body: Uint8Array | string, headers: Record<string, string>) => {
      const response = await fetch(`http://127.0.0.1:${port}/rows`, {
        method: 'POST',
        body: body as never,
        headers: { 'Content-Type': 'application/json', ...headers },
      });
      return [response.status, await response.json()];
    };
    const text = '{"data":{"rows":[{"id":1},{"id":2}]}}';
    expect(await send(gzipSync(text), { 'Content-Encoding': 'gzip' })).toEqual([200, { accepted: 2 }]);
    expect(await send(`data=${encodeURIComponent('{"rows":{"id":3}}')}`, { 'Content-Type': 'application/x-www-form-urlencoded' })).toEqual([
      200,
      { accepted: 1 },
    ]);
    expect((await take(3)).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(await send(gzipSync(text).subarray(0, 20), { 'Content-Encoding': 'gzip' })).toMatchObject([400, { error: { code: 'http/packed' } }]);
    expect(await send(text, { 'Content-Encoding': 'zstd' })).toMatchObject([415, { error: { code: 'http/encoding' } }]);
    expect(await send(gzipSync(Buffer.alloc(20 * 1024 * 1024, ' ')), { 'Content-Encoding': 'gzip' })).toMatchObject([
      413,
      { error: { code: 'http/too-large' } },
    ]);
    expect(await send('{"other":1}', {})).toMatchObject([400, { error: { code: 'http/no-records' } }]);
    expect(refused.length).toBe(4);
  });

  it('is refused as a whole, with the reason and the row, and counted', async () => {
    await open({ extra: 'error' });
    expect(await post('{"id":')).toMatchObject({ status: 400, answer: { error: { code: 'http/not-json' } } });
    expect(await post([{ id: 1 }, { id: 'x' }, 3])).toMatchObject({ status: 422, answer: { error: { rows: [{ index: 1 }, { index: 2 }] } } });
    expect(await post({ id: 1, other: 1 })).toMatchObject({ status: 422 });
    expect((await post('{"id":12345678901234567890}')).answer.error.message).toMatch(/safe|large|2\^53|whole/);
    expect((await post('<x/>', { 'Content-Type': 'application/xml' })).status).toBe(415);
    expect(refused.map(({ code }) => code)).toEqual(['http/not-json', 'http/rows', 'http/rows', 'http/rows', 'http/type']);
    expect(refused[1]!.row).toEqual({ raw: '[{"id":1},{"id":"x"},3]' });
    expect(reader!.backlog!()).toEqual({ waiting: 0, unit: 'rows' });
  });

  it('is refused where it is no UTF-8, and where the address is none', async () => {
    await open();
    const bytes = new Uint8Array([...Buffer.from('{"tags":"'), 0xff, 0xc3, ...Buffer.from('"}')]);
    const response = await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', body: bytes, headers: { 'Content-Type': 'application/json' } });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'http/not-utf8' } }]);
    expect(reader!.backlog!()).toEqual({ waiting: 0, unit: 'rows' });
    for (const path of ['//', 'http://[']) expect(await statusAt(path)).toBe(400);
  });

  it('needs the token where one is asked for', async () => {
    await open({ token: 'open sesame' });
    expect(await post({ id: 1 })).toMatchObject({ status: 401, answer: { error: { code: 'http/token' } } });
    expect(await post({ id: 1 }, { Authorization: 'Bearer open' })).toMatchObject({ status: 401 });
    expect(await post({ id: 1 }, { Authorization: 'Bearer open sesame' })).toMatchObject({ status: 200 });
  });

  it('is taken while many connections say nothing, or send slowly', async () => {
    await open();
    const idle = Array.from({ length: 300 }, (_, i) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(i % 2 === 0 ? 'POST /rows HT' : 'POST /rows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
      return socket;
    });
    try {
      await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))));
      expect(await post({ id: 1 })).toMatchObject({ status: 200 });
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });

  it.skipIf(process.platform === 'win32')('waits in a file that only its owner reads', async () => {
    await open();
    await post({ id: 1 });
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(join(folder, `inbox.db${suffix}`)).mode & 0o777).toBe(0o600);
  });

  it('is not even read where it is too large, whether it says so or not', async () => {
    await open({ maxBody: 1 });
    const send = (headers: Record<string, string>) =>
      new Promise<{ status: number; sent: number }>((resolve, reject) => {
        let sent = 0;
        let status = 0;
        const request = httpRequest(
          { port, host: '127.0.0.1', path: '/rows', method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } },
          (response) => {
            status = response.statusCode!;
            response.resume();
          },
        );
        const chunk = Buffer.alloc(256 * 1024, 32);
        const pump = () => {
          while (sent < 1024 * 1024 * 1024 && !request.destroyed && status === 0) {
            sent += chunk.length;
            if (!request.write(chunk)) return void request.once('drain', pump);
          }
        };
        request.on('close', () => (status ? resolve({ status, sent }) : reject(new Error('No answer'))));
        request.on('error', () => {});
        pump();
      });
    for (const headers of [{ 'Content-Length': String(1024 ** 3) }, { 'Transfer-Encoding': 'chunked' }] as Record<string, string>[]) {
      const { status, sent } = await send(headers);
      expect(status).toBe(413);
      expect(sent).toBeLessThan(64 * 1024 * 1024);
    }
    expect(refused.map(({ code }) => code)).toEqual(['http/too-large', 'http/too-large']);
  });

  it('comes from programs of this machine alone', async () => {
    await open();
    expect((await post([{ id: 1 }], { Origin: 'http://example.org' })).status).toBe(403);
    const status = await new Promise((resolve) => {
      httpRequest(
        { port, host: '127.0.0.1', path: '/rows', method: 'POST', headers: { Host: 'evil.example', 'Content-Type': 'application/json' } },
        (response) => resolve(response.statusCode),
      ).end('[]');
    });
    expect(status).toBe(403);
    // 404: the host is right.
    expect(await statusAt('/other')).toBe(404);
    expect(await statusAt(`http://localhost:${port}/other`)).toBe(404);
    expect(await statusAt('http://evil.example/other')).toBe(403);
    expect(await statusAt('http://localhost@evil.example/other')).toBe(403);
    for (const hosts of [[], ['localhost', 'evil.example'], ['evil.example', 'localhost'], ['localhost', 'localhost']])
      expect(await statusAt('/other', hosts), hosts.join()).toBe(400);
    expect((await fetch(`http://127.0.0.1:${port}/rows`)).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' })).status).toBe(404);
  });
});

describe('the inbox', () => {
  it('says 429 when it is full, and takes rows again when it was read', async () => {
    await open({ capacity: 3 });
    expect((await post([{ id: 1 }, { id: 2 }, { id: 3 }])).status).toBe(200);
    expect(await post({ id: 4 })).toMatchObject({ status: 429, retryAfter: '1' });
    await take(3);
    expect((await post({ id: 4 })).status).toBe(200);
  });

  it('keeps what was acknowledged until a checkpoint holds it', async () => {
    await open();
    await post([{ id: 1 }, { id: 2 }]);
    await take(2);
    await post([{ id: 3 }]);
    const position = reader!.position();
    await reader!.committed!(position, checkpoint);
    // No checkpoint contains row 3: it is read again, though it was read.
    await take(1);
    await reader!.close();
    await open({}, position);
    expect(await take(1)).toEqual([{ id: 3, at: null, tags: null }]);
    await reader!.close();
    // From scratch: rows that are in no checkpoint still exist.
    await open();
    expect(await take(1)).toEqual([{ id: 3, at: null, tags: null }]);
  });

  it('says how many rows are gone where an older checkpoint is gone on from', async () => {
    await open();
    await post([{ id: 1 }, { id: 2 }]);
    await take(2);
    const older = reader!.position();
    await post([{ id: 3 }, { id: 4 }]);
    await take(2);
    const newer = reader!.position();
    await reader!.committed!(older, checkpoint);
    await reader!.committed!(newer, checkpoint);
    await reader!.close();
    await open({}, newer);
    expect(logs.join('\n')).not.toContain('no longer');
    await reader!.close();
    await open({}, older);
    expect(logs.at(-2)).toMatch(/^2 rows that a later checkpoint had taken over are no longer in the inbox/);
  });

  it('shows a preview its newest rows, and opens no port for it', async () => {
    await open();
    await post([{ id: 1 }, { id: 2 }]);
    await reader!.close();
    await open({}, null, true);
    expect((await reader!.read())!.rows.map(({ id }) => id)).toEqual([1, 2]);
    expect(await reader!.read()).toBeNull();
    await expect(fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST' })).rejects.toThrow();
  });
});

it('says which port is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(open()).rejects.toThrow(`Port ${port} is taken`);
  await new Promise((resolve) => server.close(resolve));
});

it('says how its columns become known', () => {
  const inferred = httpIn.infer({ params: { columns: [] } as never, inputs: {}, inputLists: {}, discovered: null, analyse: null as never });
  expect(inferred.problems).toMatchObject([{ code: 'columns/missing', field: 'columns', hint: expect.stringContaining('"Listen for a sample"') }]);
});
