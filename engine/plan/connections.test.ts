import { type ConnectionDefinition, defineConnection } from '@millrace/kit/connection';
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { describe, expect, it } from 'vitest';
import { parseConnections } from '../document/connections.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { type KnownConnections, reachedBy, referencesOf, withSecrets } from './connections.ts';
import { planRun } from './plan.ts';
import { reachFacts } from './reach-facts.ts';

const line = defineConnection({
  type: 'line',
  title: 'Line',
  summary: 'A server of lines.',
  icon: 'world',
  version: 2,
  migrations: [{ to: 2, name: 'host', migrate: ({ server, ...rest }) => (server === undefined ? rest : { ...rest, host: server }) }],
  docs: '',
  params: {
    host: f.text({ label: 'Host' }),
    port: f.number({ label: 'Port', default: 7, integer: true }),
    password: f.secret({ label: 'Password', optional: true }),
  },
  card: ({ host, port }) => `${host}:${port}`,
  reaches: ({ host, port }) => [`${host}:${port}`],
  test: async () => 'Line',
});
const other = defineConnection({ ...line, type: 'other', title: 'Other', migrations: [] });
const identity = { title: '', summary: '', category: 'Network', icon: 'world', version: 1, docs: '', examples: [] } as const;
const schema = { columns: [{ name: 'text', type: 'string', nullable: false }] } as const;
const lines = defineNode({
  ...identity,
  type: 'lines',
  kind: 'source',
  title: 'Lines',
  params: { connection: f.connection({ label: 'Connection', type: 'line' }), token: f.secret({ label: 'Token', optional: true }) },
  outputs: [{ name: 'rows' }],
  bounded: true,
  infer: () => ({ outputs: { rows: schema } }),
  run: () => ({ read: () => null, position: () => null, close() {} }),
});
const drop = defineNode({
  ...identity,
  type: 'drop',
  kind: 'sink',
  params: {},
  inputs: [{ name: 'rows' }],
  infer: () => ({ outputs: {} }),
  run: () => ({ write() {}, commit() {}, abort() {}, close() {}, output: () => ({ kind: 'printed' as const }) }),
});
const anyOf = (definition: object) => definition as ConnectionDefinition;
const catalogue = new Catalogue([lines, drop], [anyOf(line), anyOf(other)]);

const pipeline = (params: Pipeline['nodes'][string]['params'], parameters: Pipeline['parameters'] = {}): Pipeline => ({
  ...emptyPipeline,
  parameters,
  nodes: { in: { type: 'lines', typeVersion: 1, params }, out: { type: 'drop', typeVersion: 1, params: {} } },
  edges: [{ from: { node: 'in', port: 'rows' }, to: { node: 'out', port: 'rows' } }],
});
const file = (connections: object, environments: object = {}) =>
  parseConnections(JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections, environments }));
const east = { type: 'line', typeVersion: 2, params: { host: 'east.example', password: '${secret:east_password}' } };
const known = (read: ReturnType<typeof file>, more: Partial<KnownConnections> = {}): KnownConnections => ({
  file: read.connections,
  problems: read.problems,
  environment: null,
  secrets: {},
  ...more,
});
const check = (params: Pipeline['nodes'][string]['params'], connections: KnownConnections, needsSecrets = false, parameters = {}) =>
  checkPipeline(pipeline(params, parameters), { catalogue, analyse: codeAnalysis, discovered: () => null, connections, needsSecrets });
const problemsOf = (...given: Parameters<typeof check>) =>
  check(...given).result.problems.map(({ code, severity, field, message }) => `${severity} ${code} ${field}: ${message}`);

describe('the connection of a node', () => {
  it.each([
    ['esat', { east }, 'error connection/unknown connection: There is no connection "esat"; did you mean "east"?'],
    [
      'east',
      { east: { ...east, type: 'other' } },
      'error connection/wrong-type connection: The connection "east" leads to Other, and this node needs one to Line',
    ],
    ['east', { east: { ...east, params: { host: '' } } }, 'error connection/invalid connection: The connection "east": Host is missing'],
    [
      'east',
      { east: { ...east, typeVersion: 3 } },
      'error connection/too-new connection: The connection "east": it was made with version 3 of "Line", but this Millrace has version 2',
    ],
  ])('is looked up in the file beside the pipeline: %s', (name, connections, problem) => {
    expect(problemsOf({ connection: name }, known(file(connections)))[0]).toBe(problem);
  });

  it('never tells a secret that was written where its name belongs', () => {
    for (const written of ['hunter2-hunter2', 12345678, { text: 'hunter2' }]) {
      const found = check({ connection: 'east', token: written as never }, known(file({ east: { ...east, params: { host: 'e', password: written } } })));
      const codes = found.result.problems.map(({ code, field }) => `${code} ${field}`);
      expect(codes).toContain('secret/written token');
      expect(codes).toContain('secret/written connection');
      expect(JSON.stringify([found.result, ...found.nodes.values()].map((each) => ('node' in each ? { ...each, node: null } : each)))).not.toMatch(
        /hunter2|12345678/,
      );
    }
  });

  it('warns while editing of a secret that is not there, and refuses to run', () => {
    const asked = known(file({ east }));
    expect(problemsOf({ connection: 'east' }, asked)).toEqual(['warning secret/missing connection: The secret "east_password" is not there on this machine']);
    expect(problemsOf({ connection: 'east' }, asked, true)[0]).toMatch(/^error secret\/missing/);
    const sealed = { ...asked, secrets: { '${secret:east_password}': 'sealed' } } as const;
    expect(problemsOf({ connection: 'east' }, sealed, true)[0]).toMatch(/^error secret\/sealed/);
    expect(problemsOf({ connection: 'east' }, { ...asked, secrets: { '${secret:east_password}': 'known' } }, true)).toEqual([]);
  });

  it('is in the plan as it is in the environment that was chosen, without its secrets', () => {
    const secrets = { '${secret:east_password}': 'known', '${secret:t}': 'known' } as const;
    const asked = known(
      file(
        { east: { ...east, typeVersion: 1, params: { server: 'old.example', password: '${secret:east_password}' } } },
        { prod: { east: { params: { port: 8 } } } },
      ),
      {
        environment: 'prod',
        secrets,
      },
    );
    const plan = planRun(check({ connection: 'east', token: '${secret:t}' }, asked, true));
    expect(plan.nodes[0]).toMatchObject({
      connection: { name: 'east', type: 'line', params: { host: 'old.example', port: 8, password: '${secret:east_password}' } },
      reaches: ['old.example:8'],
    });
    expect(referencesOf(plan)).toEqual(['${secret:t}', '${secret:east_password}']);
    expect(reachedBy(plan)).toEqual(['old.example:8']);
    const { params, secrets: uses } = plan.nodes[0]!.connection!;
    expect(withSecrets(params, uses, { '${secret:east_password}': 'hunter2' })).toEqual({ host: 'old.example', port: 8, password: 'hunter2' });
  });

  it('says what a pipeline reaches, and what may change that', () => {
    const asked = known(file({ east }));
    expect(check({ connection: 'east' }, asked).result).toMatchObject({ reaches: ['east.example:7'], secrets: ['${secret:east_password}'], unknown: [] });
    const chosen = check({ connection: '${db}' }, asked, false, { db: { type: 'text', default: 'east' } }).result;
    expect(chosen.reaches).toEqual(['east.example:7']);
    expect(chosen.unknown).toMatchObject([{ node: 'in', reason: expect.stringContaining('"db"') }]);
    expect(check({ connection: 'gone' }, asked).result.unknown).toMatchObject([{ node: 'in' }, { node: 'in' }]);
  });
});

describe('what trust is bound to', () => {
  const facts = (connections: object, environments: object = {}) =>
    reachFacts(pipeline({ connection: 'east' }), file(connections, environments).connections, catalogue);
  it('changes with where the connections of the pipeline lead and what they send, in any environment, and with nothing else', () => {
    const before = facts({ east });
    const move = (params: object) => facts({ east: { ...east, params: { ...east.params, ...params } } });
    expect(facts({ east, west: { ...east, params: { host: 'west' } } })).toBe(before);
    expect(facts({ east: { ...east, comment: 'ours' } })).toBe(before);
    expect(facts({ east }, { prod: { east: { params: {} } } })).toBe(before);
    for (const changed of [move({ host: 'evil.example' }), move({ port: 9 }), move({ password: '${secret:bank}' }), facts({})])
      expect(changed).not.toBe(before);
    expect(facts({ east }, { prod: { east: { params: { host: 'evil.example' } } } })).not.toBe(before);
    expect(reachFacts(emptyPipeline, file({ east }).connections, catalogue)).toBe('');
  });
});
