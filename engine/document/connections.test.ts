import { describe, expect, it } from 'vitest';
import { freeConnectionName, removeConnection, renameConnection, setConnection, setEnvironment } from './connection-edits.ts';
import { effectiveConnection, formatConnections, noConnections, parseConnections } from './connections.ts';

const text = (value: object) => JSON.stringify({ format: 'millrace/connections', formatVersion: 1, ...value });
const warehouse = { type: 'postgres', typeVersion: 1, params: { host: 'localhost', password: '${secret:warehouse_password}' } };

describe('a file of connections', () => {
  it('has one text for one content, whatever order it was written in', () => {
    const one = parseConnections(text({ environments: { prod: { b: { params: {} } } }, connections: { b: warehouse, a: { params: {}, type: 'kafka' } } }));
    const formatted = formatConnections(one.connections);
    expect(formatted).toMatch(/"a": \{\n {6}"type": "kafka"[\s\S]*"b": \{[\s\S]*"prod"/);
    expect(formatConnections(parseConnections(formatted).connections)).toBe(formatted);
    expect(parseConnections('')).toMatchObject({ ok: true, problems: [] });
  });

  it.each([
    ['{"format": "millrace/connections", "connections": {"a": {"params": {"password": "hunter2" ]', 'connection/file-invalid'],
    ['[1, 2]', 'connection/file-invalid'],
    ['{"format": "millrace/pipeline"}', 'connection/file-invalid'],
    [text({ formatVersion: 9 }), 'connection/file-too-new'],
    ['['.repeat(5000), 'connection/file-invalid'],
  ])('says what is wrong with a text that is none, and nothing of what stands in it: %#', (bad, code) => {
    const read = parseConnections(bad);
    expect(read).toMatchObject({ ok: false, problems: [{ code }] });
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });

  it('keeps what it does not understand, in every edit', () => {
    const odd = {
      later: { x: 1 },
      connections: {
        good: { ...warehouse, comment: 'ours' },
        '': 1,
        list: [],
        typeless: { params: {} },
        odd: { type: 'gopher', typeVersion: 3, params: { depth: [1] } },
      },
      environments: { prod: { good: { params: { host: 'db' }, since: 2020 }, bad: 7 }, broken: [] },
    };
    const { connections, problems } = parseConnections(text(odd));
    expect(Object.keys(connections.connections)).toEqual(['good', 'odd']);
    expect(problems.map(({ field }) => field).sort()).toEqual([
      'connections.',
      'connections.list',
      'connections.typeless.type',
      'environments.broken',
      'environments.prod.bad',
    ]);
    const edited = renameConnection(setConnection(connections, 'more', warehouse), 'good', 'better');
    const after = JSON.parse(formatConnections(edited));
    const { good, ...others } = odd.connections;
    expect(after).toMatchObject({ later: odd.later, connections: { ...others, better: good, more: warehouse } });
    expect(after.environments).toEqual({ broken: [], prod: { bad: 7, better: odd.environments.prod.good } });
  });

  it('puts the params of an environment over those of a connection', () => {
    const base = setConnection(noConnections, 'warehouse', warehouse);
    const file = setConnection(base, 'warehouse', { ...warehouse, params: { ...warehouse.params, host: 'db.example.com' } }, 'prod');
    expect(file.environments).toEqual({ prod: { warehouse: { params: { host: 'db.example.com' } } } });
    expect(effectiveConnection(file, 'warehouse', 'prod')?.params).toEqual({ ...warehouse.params, host: 'db.example.com' });
    expect(effectiveConnection(file, 'warehouse', null)).toEqual(warehouse);
    expect(effectiveConnection(file, 'constructor', 'prod')).toBeUndefined();
    // What is as everywhere else is not written for an environment.
    expect(setConnection(file, 'warehouse', warehouse, 'prod').environments).toEqual({ prod: {} });
    expect(removeConnection(file, 'warehouse')).toMatchObject({ connections: {}, environments: { prod: {} } });
    expect(setEnvironment(file, 'prod', false).environments).toEqual({});
  });

  it('refuses names that are taken or cannot be', () => {
    const file = setConnection(setConnection(noConnections, 'a', warehouse), 'b', warehouse);
    expect(() => renameConnection(file, 'a', 'b')).toThrow(/already/);
    for (const name of ['', '__proto__', '1st', 'a/b', 'x'.repeat(65)]) expect(() => setConnection(file, name, warehouse)).toThrow(/name/);
    expect(freeConnectionName(file, 'a')).toBe('a 2');
  });
});
