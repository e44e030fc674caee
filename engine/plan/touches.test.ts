import type { NodeDefinition } from '@millrace/kit/node';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { emptyPipeline, type Pipeline, type PipelineNode } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';

const catalogue = new Catalogue(definitions);
const node = (type: string, params: PipelineNode['params'], more: Partial<PipelineNode> = {}): PipelineNode => ({
  type,
  typeVersion: 1,
  params,
  onError: 'stop',
  ...more,
});
const touchesIn = (nodes: Pipeline['nodes'], more: Partial<Pipeline> = {}) =>
  checkPipeline({ ...emptyPipeline, nodes, ...more }, { catalogue, analyse: codeAnalysis, discovered: () => null, file: 'theirs.millrace.json' }).result;

describe('what a pipeline would touch', () => {
  it('follows from its nodes: files, the inbox, the errors table, addresses, code', () => {
    const touches = touchesIn({
      http: node('http-in', { port: 8799, path: '/in', inbox: 'box.db', columns: [{ column: 'a', type: 'string' }] }),
      csv: node('csv-file', { path: '../../x.csv' }),
      code: node('code', { code: 'export default (row: Row) => row' }, { onError: 'keep' }),
      out: node('sqlite-table', { path: 'out.db', table: 't' }),
    });
    expect(touches).toMatchObject({
      reads: ['../../x.csv', 'box.db'],
      writes: ['box.db', 'out.db', 'theirs.errors.db'],
      listens: ['http://127.0.0.1:8799/in'],
      reaches: [],
      code: ['code'],
      unknown: [],
    });
  });

  it('says what could not be found out, and never that it is nothing', () => {
    const { unknown, reads } = touchesIn(
      {
        strange: node('mail-everything', { to: 'x' }),
        constructor: node('constructor', {}),
        day: node('csv-file', { path: '$' + '{day}/x.csv' }),
        plain: node('csv-file', { path: 'a$$' + '{day}.csv' }),
        broken: node('http-in', { port: 'many' }),
        newer: node('csv-file', { path: 'x' }, { typeVersion: 99 }),
        filter: node('filter', { mode: 7 }),
      },
      { parameters: { day: { type: 'text', default: '/etc' } } },
    );
    expect(unknown).toHaveLength(5);
    expect(unknown).toEqual(
      expect.arrayContaining([
        { node: 'strange', reason: expect.stringContaining('"mail-everything"') },
        { node: 'constructor', reason: expect.stringContaining('"constructor"') },
        { node: 'day', reason: expect.stringContaining('"day"') },
        { node: 'broken', reason: 'its params have mistakes' },
        { node: 'newer', reason: 'its params have mistakes' },
      ]),
    );
    expect(reads).toContain('/etc/x.csv');
  });

  it('is declared by every source and sink that opens something', () => {
    // What a connection leads to is declared by its type.
    const isConnected = (each: NodeDefinition) => Object.values(each.params).some(({ kind }) => kind === 'connection');
    const declares = (each: NodeDefinition) => each.reads || each.writes || each.listens || each.reaches || isConnected(each);
    const silent = definitions.filter((each) => each.kind !== 'transform' && !declares(each));
    // They generate their rows, or use the terminal.
    expect(silent.map((each) => each.type).sort()).toEqual(['generator', 'inspect', 'nexmark', 'stdin', 'stdout']);
  });
});
