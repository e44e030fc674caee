import type { Column, Schema } from '../../engine/schema/types.ts';
import { commonType } from '../kit/columns.ts';
import { defineNode, type NodeProblem } from '../kit/node.ts';
import { compile, rowSource, stringLiteral } from '../kit/rows.ts';

export default defineNode({
  type: 'union',
  kind: 'transform',
  title: 'Union',
  summary: 'Brings the rows of several inputs together, column by column name.',
  category: 'Combine',
  icon: 'arrow-merge',
  version: 1,
  keywords: ['append', 'concatenate', 'merge', 'combine', 'stack'],
  docs: `
All rows of all inputs come out, as they arrive. Connect as many edges to its input as you like.

Columns are matched **by name**, whatever their order. The columns that come out are those of the first input, then what the others have besides; where an input lacks a column, its rows have null there.

A column must have the same type everywhere. Integer and number go together and give number; any other difference is a problem: cast one of them before, or give it another name. Order among inputs is not kept: sort behind when it matters.
`,
  inputs: [{ name: 'rows', many: true }],
  outputs: [{ name: 'rows' }],
  params: {},
  infer: ({ inputLists }) => {
    const known = inputLists['rows'] ?? [];
    if (known.length === 0 || known.includes(null)) return { outputs: { rows: null } };
    return united(known as readonly Schema[]);
  },
  run: ({ outputs }) => ({
    map: compile(`(row) => (${rowSource(outputs['rows']!.columns.map(({ name }) => ({ name, source: `row[${stringLiteral(name)}] ?? null` })))})`),
  }),
  examples: [
    {
      title: 'Two inputs with different columns',
      params: {},
      inputs: {
        rows: [
          { id: 1, name: 'a' },
          { id: 2, size: 4.5 },
        ],
      },
      outputs: {
        rows: [
          { id: 1, name: 'a', size: null },
          { id: 2, name: null, size: 4.5 },
        ],
      },
    },
    {
      title: 'An empty input',
      params: {},
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
  ],
});

function united(schemas: readonly Schema[]): { outputs: { rows: Schema }; problems: NodeProblem[] } {
  const columns = new Map<string, Column>();
  const counts = new Map<string, number>();
  const problems: NodeProblem[] = [];
  for (const column of schemas.flatMap((schema) => schema.columns)) {
    const { name } = column;
    const before = columns.get(name) ?? column;
    const type = commonType(before.type, column.type);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    columns.set(name, { name, type: type ?? before.type, nullable: before.nullable || column.nullable });
    if (type) continue;
    const message = `Column "${name}" is ${before.type} in one input and ${column.type} in another`;
    problems.push({ code: 'union/types', severity: 'error', message, hint: 'Cast one of them before, with "Select columns", or rename it.', port: 'rows' });
  }
  const all = [...columns.values()].map((column) => (counts.get(column.name) === schemas.length ? column : { ...column, nullable: true }));
  return { outputs: { rows: { columns: all } }, problems };
}
