/** Which columns a run passes on as text, with the library's own nodes. */
import { describe, expect, it } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { emptyPipeline, type Pipeline, type PipelineNode } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { explainPlan } from './explain.ts';
import { planRun } from './plan.ts';

const catalogue = new Catalogue(definitions);
const table: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'price', type: 'number', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
  ],
};

function plan(nodes: { readonly [id: string]: Partial<PipelineNode> & Pick<PipelineNode, 'type'> }, edges: readonly string[]) {
  const pipeline: Pipeline = {
    ...emptyPipeline,
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, { typeVersion: catalogue.get(node.type)!.version, params: {}, ...node }])),
    edges: edges.map((edge) => {
      const [from, to] = edge.split(' -> ').map((end) => end.split('.'));
      return { from: { node: from![0]!, port: from![1] ?? 'rows' }, to: { node: to![0]!, port: to![1] ?? 'rows' } };
    }),
  };
  return planRun(checkPipeline(pipeline, { catalogue, analyse: codeAnalysis, file: null, discovered: () => ({ schema: table }) }));
}
/** The names of the columns that reach a node as text. */
const texts = (...[nodes, edges, at]: [...Parameters<typeof plan>, string]) =>
  plan(nodes, edges)
    .nodes.find(({ id }) => id === at)!
    .inputs['rows']!.columns.filter(({ asWritten }) => asWritten)
    .map(({ name }) => name);

const file = (params: PipelineNode['params'] = {}) => ({ type: 'csv-file', params: { path: 'in.csv', ...params } });
const out = { type: 'csv-output', params: { path: 'out.csv' } };
const database = { type: 'sqlite-table', params: { path: 'out.db', table: 't' } };

describe('cells stay as written', () => {
  it('from a CSV file to CSV files, and are text in all of the plan', () => {
    const planned = plan({ file: file({ nullText: 'NA' }), out, print: { type: 'stdout', params: { format: 'csv' } } }, ['file -> out', 'file -> print']);
    const columns = table.columns.map((column) => ({ ...column, type: 'string', asWritten: true }));
    for (const node of planned.nodes) expect([...Object.values(node.inputs), ...Object.values(node.outputs)]).toEqual([{ columns }]);
    expect(explainPlan(planned)).toContain('(id as written, price as written, at as written)');
  });

  it('but where somebody has set a type, or the event time is read', () => {
    expect(texts({ file: file({ types: [{ column: 'price', type: 'number' }] }), out }, ['file -> out'], 'out')).toEqual(['id', 'at']);
    expect(texts({ file: file({ eventTime: 'column', timeColumn: 'at' }), out }, ['file -> out'], 'out')).toEqual(['id', 'price']);
    const marked = { numbers: 'marked', decimal: 'comma' };
    expect(texts({ file: file(marked), out }, ['file -> out'], 'out')).toEqual(['at']);
    expect(texts({ file: file({ fileColumn: 'from' }), out }, ['file -> out'], 'out')).toEqual(['id', 'price', 'at']);
  });

  it('but where one of the outputs needs types', () => {
    expect(texts({ file: file(), out, database }, ['file -> out', 'file -> database'], 'out')).toEqual([]);
    expect(texts({ file: file(), print: { type: 'stdout' } }, ['file -> print'], 'print')).toEqual([]);
  });

  it.each<[string, PipelineNode['params'], string, readonly string[]]>([
    ['filter', { rules: { match: 'all', rules: [{ column: 'price', operator: '>', value: '1' }] } }, 'kept', ['id', 'at']],
    ['filter', { mode: 'expression', where: 'row.id > 3' }, 'kept', ['price', 'at']],
    ['filter', { mode: 'expression', where: 'Object.keys(row).length > 3' }, 'kept', []],
    ['sort', { by: [{ column: 'at', direction: 'asc' }] }, 'rows', ['id', 'price']],
    ['limit', { count: 3 }, 'rows', ['id', 'price', 'at']],
    ['dedupe', { keys: ['id'] }, 'rows', ['price', 'at']],
    ['rate-limit', { mode: 'every', keys: ['id'] }, 'rows', ['price', 'at']],
    ['rate-limit', { mode: 'share', share: 100, keys: ['at'] }, 'rows', ['id', 'price']],
    ['previous-row', { columns: [{ column: 'price', rows: 1, name: null, change: true }], changes: ['id'] }, 'rows', ['at']],
    ['anomaly', { column: 'price' }, 'rows', ['id', 'at']],
    ['fill', { columns: [{ column: 'price', with: 'value', value: '0' }] }, 'rows', ['id', 'at']],
    ['fill', { columns: [{ column: 'price', with: 'previous', value: '' }], keys: ['id'] }, 'rows', ['at']],
    ['keyed-code', { keys: ['id'], code: 'export function onRow(row: Row) {\n  return row;\n}\n' }, 'rows', []],
    ['select', { columns: [{ column: 'price', name: null, type: 'keep' }], others: 'keep' }, 'rows', ['price', 'id', 'at']],
    ['select', { columns: [{ column: 'price', name: null, type: 'string' }], others: 'keep' }, 'rows', ['id', 'at']],
    ['select', { columns: [{ column: 'price', name: 'id', type: 'keep' }], others: 'keep' }, 'rows', ['at']],
    ['code', { code: 'export default (row: Row) => row;' }, 'rows', []],
    ['compute', { columns: [{ name: 'double', expression: 'row.price * 2' }] }, 'rows', ['id', 'at']],
    ['compute', { columns: [{ name: 'id', expression: 'row["price"] * 2' }] }, 'rows', ['at']],
    ['compute', { columns: [{ name: 'it', expression: 'row["pri" + "ce"] * 2', type: 'number' }] }, 'rows', []],
    ['parse', { columns: [{ column: 'id', as: 'epoch', name: 'time' }] }, 'rows', ['price', 'at']],
    ['unpivot', { keep: ['id'], type: 'string' }, 'rows', ['id']],
    ['unpivot', { which: 'chosen', columns: ['price'], value: 'amount' }, 'rows', ['id', 'at']],
    // The node would also replace in columns that are planned as text.
    ['replace', { what: 'nulls', columns: ['price'] }, 'rows', []],
  ])('through a node %s %j, but for what it looks at', (type, params, port, expected) => {
    expect(texts({ file: file(), step: { type, params }, out }, ['file -> step', `step.${port} -> out`], 'out')).toEqual(expected);
  });

  it('but in rows that are sent on as failed ones', () => {
    const step = { type: 'filter', params: { mode: 'expression', where: 'row.id > 3' }, onError: 'route' } as const;
    expect(texts({ file: file(), step, out, failed: database }, ['file -> step', 'step.kept -> out', 'step.errors -> failed'], 'out')).toEqual([]);
  });

  it('but in state that a stream goes on from', () => {
    const nodes = { file: file(), step: { type: 'dedupe', params: { keys: ['id'] } }, out };
    const stream = { stream: { type: 'generator', params: { endless: true } }, other: database };
    expect(texts(nodes, ['file -> step', 'step -> out'], 'out')).toEqual(['price', 'at']);
    expect(texts({ ...nodes, ...stream }, ['file -> step', 'step -> out', 'stream -> other'], 'out')).toEqual([]);
  });

  it('and previews have types', () => {
    const checked = checkPipeline(
      { ...emptyPipeline, nodes: { file: { ...file(), typeVersion: 1 } } },
      { catalogue, analyse: codeAnalysis, file: null, discovered: () => ({ schema: table }) },
    );
    expect(planRun(checked, { target: 'file' }).nodes[0]!.outputs['rows']).toEqual(table);
  });
});
