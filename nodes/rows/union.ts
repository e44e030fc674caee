import { commonType } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, Schema } from '../../model/values/types.ts';

export default defineNode({
  type: 'union',
  kind: 'transform',
  title: 'Union',
  summary: 'Combines the rows of several inputs, matching columns by name.',
  category: 'Combine',
  icon: 'arrow-merge',
  version: 1,
  keywords: ['append', 'concatenate', 'merge', 'combine', 'stack'],
  docs: `
Passes all rows of all inputs as they arrive. Connect any number of edges to its input.

Columns are matched **by name**, whatever their order. If an input lacks a column that another has, its rows have null there, and a warning says so, since the column may have been renamed. Under *Columns*, choose whether this is intended, or whether to keep only columns that all inputs have. Columns are in the order of the inputs, which is that of the ids of their nodes.

A column must have the same type in all inputs. Integer and number together give number, and with decimal they give decimal. Any other difference is a problem: first cast one of the columns, or give it another name. The order among inputs is not kept: if it matters, sort after this node.
`,
  inputs: [{ name: 'rows', many: true }],
  outputs: [{ name: 'rows' }],
  params: {
    columns: f.choice({
      label: 'Columns',
      default: 'warn',
      options: [
        { value: 'warn', label: 'All, and warn if an input lacks one' },
        { value: 'all', label: 'All', help: 'Rows of an input that lacks one have null there.' },
        { value: 'common', label: 'Those that every input has' },
      ],
    }),
  },
  infer: ({ inputLists, params }) => {
    const known = inputLists['rows'] ?? [];
    if (known.length === 0 || known.includes(null)) return { outputs: { rows: null } };
    return united(known as readonly Schema[], params.columns);
  },
  lower: (): Op => ({ op: 'flatten' }),
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

function united(schemas: readonly Schema[], which: 'warn' | 'all' | 'common'): { outputs: { rows: Schema }; problems: NodeProblem[] } {
  const columns = new Map<string, Column>();
  const counts = new Map<string, number>();
  const problems: NodeProblem[] = [];
  for (const column of schemas.flatMap((schema) => schema.columns)) {
    const { name } = column;
    const before = columns.get(name) ?? column;
    const type = commonType(before.type, column.type);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    columns.set(name, { name, type: type ?? before.type, ...nullness([before, column]) });
    if (type) continue;
    const message = `Column "${name}" is ${before.type} in one input and ${column.type} in another`;
    problems.push({ code: 'union/types', severity: 'error', message, hint: 'Cast one of them first, with "Select columns", or rename it.', port: 'rows' });
  }
  const isEverywhere = ({ name }: Column) => counts.get(name) === schemas.length;
  const all = [...columns.values()];
  if (which === 'common') return { outputs: { rows: { columns: all.filter(isEverywhere) } }, problems };
  const partial = all.filter((column) => !isEverywhere(column));
  if (which === 'warn' && partial.length > 0) problems.push(missing(partial, counts, schemas.length));
  return { outputs: { rows: { columns: all.map((column) => (isEverywhere(column) ? column : { ...column, ...nullness([], true) })) } }, problems };
}

function missing(partial: readonly Column[], counts: ReadonlyMap<string, number>, inputs: number): NodeProblem {
  const names = partial.slice(0, 3).map(({ name }) => `"${name}" (in ${counts.get(name)} of ${inputs} inputs)`);
  const more = partial.length > 3 ? `, and ${partial.length - 3} more` : '';
  const message = `Not every input has the ${partial.length === 1 ? 'column' : 'columns'} ${names.join(', ')}${more}: rows of the others have null there`;
  const hint = 'If a column was renamed on one side, rename it on the other with "Select columns". If it is meant, choose "All" under "Columns".';
  return { code: 'union/missing', severity: 'warning', message, hint, field: 'columns' };
}
