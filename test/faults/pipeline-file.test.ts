/** Pipeline files that cannot be run: told before anything is read or written. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Chain, expectProblem, Trial } from './trial.ts';

let trial: Trial;
beforeEach(() => {
  trial = new Trial();
});
afterEach(() => trial.remove());

const source: Chain[number] = ['source', 'generator', { count: 10 }];
const sink: Chain[number] = ['sink', 'sqlite-table', { path: 'out.db', table: 't' }];
type Json = { [key: string]: unknown };

const cases: readonly {
  readonly name: string;
  readonly change: (text: string, document: Json) => string | Json;
  readonly wanted: Parameters<typeof expectProblem>[1];
}[] = [
  { name: 'empty', change: () => '', wanted: { code: 'pipeline/empty', message: /empty/ } },
  { name: 'cut off', change: (text) => text.slice(0, text.length >> 1), wanted: { code: 'pipeline/not-json', message: /too early|cut off/ } },
  { name: 'of a newer version', change: (_, document) => ({ ...document, formatVersion: 99 }), wanted: { code: 'pipeline/too-new', message: /99/ } },
  { name: 'something else', change: () => ({ name: 'package' }), wanted: { code: 'pipeline/not-ours', message: /not a Millrace/ } },
  {
    name: 'an unknown node type',
    change: (text) => text.replace('"generator"', '"telepathy"'),
    wanted: { node: 'source', message: /telepathy/ },
  },
  {
    name: 'a cycle',
    change: (_, document) => ({
      ...document,
      nodes: { ...(document['nodes'] as Json), a: { type: 'union', typeVersion: 1, params: {} }, b: { type: 'union', typeVersion: 1, params: {} } },
      edges: ['source.rows -> a.rows', 'a.rows -> b.rows', 'b.rows -> a.rows', 'b.rows -> sink.rows'],
    }),
    wanted: { code: 'pipeline/cycle', message: /a|b/ },
  },
  {
    name: 'an edge to nowhere',
    change: (_, document) => ({ ...document, edges: ['source.rows -> sink.rows', 'source.rows -> nobody.rows'] }),
    wanted: { message: /nobody/ },
  },
  {
    name: 'a param of the wrong kind',
    change: (text) => text.replace('"count": 10', '"count": "many"'),
    wanted: { node: 'source', field: 'count', message: /./ },
  },
  {
    name: 'a required param that is missing',
    change: (text) => text.replace('"table": "t"', '"table": ""'),
    wanted: { node: 'sink', field: 'table', message: /./ },
  },
];

test.each(cases)('$name', async ({ change, wanted }) => {
  const changed = change(trial.textOf([source, sink]), JSON.parse(trial.textOf([source, sink])));
  trial.write('trial.millrace.json', typeof changed === 'string' ? changed : JSON.stringify(changed));
  const { code, state, problems } = await trial.runFile('trial.millrace.json');
  expect([code, state]).toEqual([2, 'refused']);
  expectProblem(
    problems.find(({ severity }) => severity === 'error'),
    wanted,
  );
  expect(existsSync(trial.at('out.db'))).toBe(false);
});
