import { describe, expect, it } from 'vitest';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import { definitions } from '../../nodes/index.ts';
import { byCategory, sameTitles, searchNodes } from './search.ts';

const node = (type: string, kind: NodeManifest['kind'], title: string, category: string, summary = '', keywords: string[] = []): NodeManifest => ({
  type,
  kind,
  title,
  summary,
  category,
  keywords,
  icon: 'table',
  version: 1,
  docs: '',
  inputs: [],
  outputs: [],
  params: {},
  defaults: {},
  bounded: true,
  examples: [],
});
const nodes = [
  node('rake', 'transform', 'Rake rows', 'Rows', 'Keeps rows that meet a condition.', ['where', 'filter']),
  node('reader', 'source', 'Text file', 'Files', 'Reads a file.'),
  node('writer', 'sink', 'Text file', 'Files', 'Writes a file.', ['export']),
  node('crate', 'sink', 'Crate table', 'Stores', 'Writes rows into a table.'),
];
const found = (query: string) => searchNodes(nodes, query).map(({ type }) => type);

describe('searching nodes', () => {
  it('gives all of them for nothing, and none for nonsense', () => {
    expect(found('  ')).toHaveLength(nodes.length);
    expect(found('zzqx')).toEqual([]);
  });
  it('looks at titles, keywords and summaries, titles first', () => {
    expect(found('table')[0]).toBe('crate');
    expect(found('where')).toEqual(['rake']);
    expect(found('condition')).toEqual(['rake']);
    expect(found('export')).toEqual(['writer']);
  });
  it('takes letters in order and several words', () => {
    expect(found('crtb')).toEqual(['crate']);
    expect(found('text writes')).toEqual(['writer']);
  });
  it('takes scattered letters for a title only, not for keywords', () => {
    expect(found('eport')).toEqual([]);
    expect(found('wee')).toEqual([]);
  });
});

it.each([
  ['trim', ['compute']],
  ['split', ['split']],
  ['replace', ['replace']],
  ['regex', ['extract', 'replace', 'text-file']],
  ['pivot', ['pivot', 'unpivot']],
  ['fill', ['fill']],
  ['parse date', ['parse']],
  ['date', ['parse', 'compute']],
  ['month', ['compute', 'aggregate']],
  ['upper', ['compute']],
  ['clean', ['replace', 'compute']],
])('what people look for is found: %s', (query, types) => {
  const all = new Catalogue(definitions).manifests();
  expect(searchNodes(all, query).map(({ type }) => type)).toEqual(expect.arrayContaining(types));
  expect(types).toContain(searchNodes(all, query)[0]!.type);
});

describe('a node for benchmarks', () => {
  it('is found by its whole title alone', () => {
    const measured = { ...node('race', 'source', 'Race', 'Stores', 'Measures engines.', ['rows']), forBenchmarks: true };
    const among = (query: string) => searchNodes([...nodes, measured], query).map(({ type }) => type);
    expect(among('')).not.toContain('race');
    expect(among('rac')).not.toContain('race');
    expect(among('engines')).toEqual([]);
    expect(among('race')).toContain('race');
  });
});

describe('the palette', () => {
  it('groups by category in the order of the catalogue', () => {
    expect(byCategory(nodes).map(([category, members]) => [category, members.map(({ type }) => type)])).toEqual([
      ['Rows', ['rake']],
      ['Files', ['reader', 'writer']],
      ['Stores', ['crate']],
    ]);
  });
  it('knows which titles need telling apart', () => {
    expect([...sameTitles(nodes)]).toEqual(['Text file']);
  });
});
