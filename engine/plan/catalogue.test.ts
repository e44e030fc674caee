import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { describe, expect, it } from 'vitest';
import { toNative } from '../../test/engine/native-op.ts';
import { Catalogue } from './catalogue.ts';

const node = defineNode({
  type: 'tag',
  kind: 'transform',
  title: 'Tag rows',
  summary: 'Adds tags.',
  category: 'Columns',
  icon: 'puzzle',
  version: 1,
  docs: 'Adds tags.',
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows', label: 'Tagged' }],
  params: {
    tags: f.keyValue({ label: 'Tags', options: ['a', 'b'], default: { x: 'a' } }),
    parts: f.list({ label: 'Parts', itemLabel: 'Part', item: { name: f.text({ label: 'Name', default: 'n' }) } }),
  },
  infer: ({ inputs }) => ({ outputs: { rows: inputs['rows'] ?? null } }),
  lower: toNative(),
  run: () => ({ map: (row) => row }),
  examples: [{ title: 'One', params: {} }],
});

describe('Catalogue', () => {
  const [manifest] = new Catalogue([node]).manifests();

  it('describes a node as plain data', () => {
    expect(manifest).toMatchObject({
      type: 'tag',
      bounded: true,
      keywords: [],
      inputs: [{ name: 'rows', label: 'Rows', many: false, optional: false }],
      outputs: [{ name: 'rows', label: 'Tagged' }],
      params: { tags: { kind: 'keyValue', values: ['a', 'b'], default: { x: 'a' } }, parts: { kind: 'list', item: { name: { kind: 'text', default: 'n' } } } },
      defaults: { tags: { x: 'a' }, parts: [] },
    });
    expect(manifest!.params['tags']).not.toHaveProperty('options');
    expect(JSON.parse(JSON.stringify(manifest))).toStrictEqual(manifest);
  });

  it('finds definitions by type, and refuses the same type twice', () => {
    expect(new Catalogue([node]).get('tag')).toBe(node);
    expect(new Catalogue([node]).get('toString')).toBeUndefined();
    expect(() => new Catalogue([node, node])).toThrow(/same type/);
  });
});
