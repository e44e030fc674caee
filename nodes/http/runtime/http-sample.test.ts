import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, test } from 'vitest';
import { choicesIn, listenForSample } from './http-sample.ts';

const told = (body: string, kind: 'json' | 'form' | 'lines' | 'text' = 'json') => {
  const found = choicesIn(body, kind);
  return 'status' in found
    ? found.code
    : found.map(({ path, rows, columns }) => `${path}(${rows}) ${columns.map(({ name, type }) => `${name}:${type}`).join(' ')}`);
};

test.each<[string, string, 'json' | 'form' | 'lines' | 'text', readonly string[] | string]>([
  ['one object', '{"id":1,"at":"2026-01-31T12:00:00Z","tags":["a"]}', 'json', ['(1) id:integer at:timestamp tags:json']],
  ['a list', '[{"id":1},{"id":2.5,"x":"y"}]', 'json', ['(2) id:number x:string']],
  ['lines', '{"id":1}\n{"id":2}\n', 'lines', ['(2) id:integer']],
  [
    'an envelope',
    '{"total":2,"data":{"items":[{"id":1},{"id":2}]}}',
    'json',
    ['data.items(2) id:integer', '(1) total:integer data:json', 'data(1) items:json'],
  ],
  ['an object that is alone in one', '{"data":{"id":7}}', 'json', ['data(1) id:integer', '(1) data:json']],
  ['a row that holds a list', '{"id":1,"lines":[{"n":1}]}', 'json', ['(1) id:integer lines:json', 'lines(1) n:integer']],
  ['a form', 'id=2&v=2.5&zip=00501', 'form', ['(1) id:integer v:number zip:string']],
  ['a form that carries JSON', 'payload=%7B%22id%22%3A3%7D', 'form', ['payload(1) id:integer', '(1) payload:string']],
  ['no JSON', 'x', 'json', 'http/not-json'],
  ['no objects', '[1,2]', 'json', 'http/no-records'],
  ['a key twice', '{"a":1,"a":2}', 'json', 'http/rows'],
])('%s', (_, body, kind, expected) => expect(told(body, kind)).toEqual(expected));

async function freePort(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer();
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open));
  return { port: (server.address() as AddressInfo).port, server };
}

it('listens until a sample comes, tells what was none, and lets nobody believe that rows were stored', async () => {
  const { port, server } = await freePort();
  const options = { port, path: '/rows', maxBodyBytes: 1000, token: null };
  const refused: string[] = [];
  const refuse = ({ code }: { readonly code: string }) => void refused.push(code);
  await expect(listenForSample(options, new AbortController().signal, refuse)).rejects.toMatchObject({ problem: { code: 'http/port' } });
  await new Promise((closed) => server.close(closed));

  const stop = new AbortController();
  const heard = listenForSample(options, stop.signal, refuse);
  const post = (body: string, type = 'application/json') => fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', body, headers: { 'Content-Type': type } });
  // It is there a moment later.
  await expect
    .poll(() =>
      post('nonsense').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(400);
  expect((await post('<a/>', 'application/xml')).status).toBe(415);
  const answer = await post('[{"id":1}]');
  expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'http/sample' } }]);
  expect(await heard).toMatchObject({
    type: 'application/json',
    bytes: 10,
    body: '[{"id":1}]',
    choices: [{ path: '', rows: 1, params: { columns: [{ column: 'id', type: 'integer' }], records: null } }],
  });
  expect(refused).toEqual(['http/not-json', 'http/type']);
  await expect(post('{}')).rejects.toThrow();

  const given = listenForSample(options, stop.signal, refuse);
  stop.abort();
  await expect(given).rejects.toMatchObject({ problem: { code: 'cancelled' } });
});
