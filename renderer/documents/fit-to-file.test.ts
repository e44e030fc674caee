import { describe, expect, it } from 'vitest';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import { fitToFile } from './fit-to-file.ts';

const file = { kind: 'file', label: 'File' } as const;
const manifest = { params: { path: file, note: { kind: 'text', label: 'Note' }, parts: { kind: 'list', label: 'Parts', item: { path: file } } }, defaults: {} };
const catalogue = new Map([['reader', manifest as unknown as NodeManifest]]);
const reader = (params: Pipeline['nodes'][string]['params']): Pipeline => ({ ...emptyPipeline, nodes: { a: { type: 'reader', typeVersion: 1, params } } });
const fitted = (pipeline: Pipeline, path = '/work/sales/sales.millrace.json', before: string | null = null, known: readonly string[] = []) =>
  fitToFile(pipeline, path, before, catalogue, new Set(known));

describe('a pipeline that is saved', () => {
  it('is called as its file, and again after the file when that is another, unless somebody has named it', () => {
    expect(fitted(emptyPipeline).pipeline.name).toBe('sales');
    expect(fitted({ ...emptyPipeline, name: ' ' }).pipeline.name).toBe('sales');
    expect(fitted({ ...emptyPipeline, name: 'sales' }, '/work/march.millrace.json', '/work/sales.millrace.json').pipeline.name).toBe('march');
    expect(fitted({ ...emptyPipeline, name: 'My sales' }, '/work/march.millrace.json', '/work/sales.millrace.json').pipeline.name).toBe('My sales');
  });

  it('has relative paths where they lie in its folder or below, and leaves all other texts alone', () => {
    const before = reader({
      path: '/work/sales/data/*.csv',
      note: '/work/sales/data/x.csv',
      parts: [{ path: '/work/sales/a.csv' }, { path: '/work/other/b.csv' }],
    });
    const { pipeline, paths } = fitted(before);
    expect(pipeline.nodes['a']!.params).toEqual({
      path: 'data/*.csv',
      note: '/work/sales/data/x.csv',
      parts: [{ path: 'a.csv' }, { path: '/work/other/b.csv' }],
    });
    expect(paths).toHaveLength(2);
    expect(fitted(pipeline).paths).toEqual([]);
  });

  it('has paths that name the same files as before when it moves to another folder', () => {
    const before = reader({ path: '../data/*.csv', parts: [{ path: 'a.csv' }, { path: '/tmp/b.csv' }, { path: 'in/${day}.csv' }, { path: '${place}/x.csv' }] });
    const moved = fitted(before, '/work/march/sales.millrace.json', '/work/sales/sales.millrace.json');
    expect(moved.pipeline.nodes['a']!.params).toEqual({
      path: '../data/*.csv',
      parts: [{ path: '../sales/a.csv' }, { path: '/tmp/b.csv' }, { path: '../sales/in/${day}.csv' }, { path: '${place}/x.csv' }],
    });
    expect(moved.rebased).toBe(2);
    expect(fitted(before, '/work/sales/other.millrace.json', '/work/sales/sales.millrace.json').rebased).toBe(0);
    expect(fitted(before, '/work/sales/other.millrace.json', null).rebased).toBe(0);
  });

  it('keeps a path that was made absolute again', () => {
    const before = reader({ path: '/work/sales/x.csv' });
    expect(fitted(before, undefined, null, fitted(before).paths).pipeline.nodes).toEqual(before.nodes);
  });
});
