import { duplicateNames, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { mayBecomeNull, unfitField } from '@millrace/kit/formats/casting';
import { patternGroups, patternProblems } from '@millrace/kit/formats/patterns';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { SplitIntoColumns } from '@millrace/kit/row-ops';
import { itemAt } from '../../model/faults/missing.ts';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column } from '../../model/values/types.ts';

const intoColumns = { param: 'into', is: ['columns'] } as const;
const params = {
  column: f.column({ label: 'Column', types: ['string'] }),
  by: f.choice({
    label: 'Split at',
    default: 'delimiter',
    options: [
      { value: 'delimiter', label: 'A delimiter' },
      { value: 'pattern', label: 'A pattern', help: 'A regular expression.' },
    ],
  }),
  delimiter: f.text({ label: 'Delimiter', default: ',', help: '\\t is a tab, \\n a new line.', when: { param: 'by', is: ['delimiter'] } }),
  pattern: f.text({ label: 'Pattern', placeholder: '\\s*[,;]\\s*', when: { param: 'by', is: ['pattern'] } }),
  into: f.choice({
    label: 'Parts become',
    default: 'columns',
    options: [
      { value: 'columns', label: 'Columns' },
      { value: 'rows', label: 'Rows' },
    ],
  }),
  columns: f.list({
    label: 'New columns',
    itemLabel: 'Column',
    min: 1,
    item: { name: f.text({ label: 'Name', placeholder: 'first_name' }), type: f.choice({ label: 'Type', default: 'string', options: typeOptions }) },
    default: [],
    when: intoColumns,
  }),
  surplus: f.choice({
    label: 'More parts than columns',
    default: 'rest',
    when: intoColumns,
    options: [
      { value: 'rest', label: 'Stay in the last column' },
      { value: 'fail', label: 'Fail the row' },
      { value: 'drop', label: 'Are left out' },
    ],
  }),
  missing: f.choice({
    label: 'Fewer parts than columns',
    default: 'null',
    when: intoColumns,
    options: [
      { value: 'null', label: 'Leave null' },
      { value: 'fail', label: 'Fail the row' },
    ],
  }),
  keep: f.boolean({ label: 'Keep the column', default: false, when: intoColumns }),
  position: f.text({
    label: 'Column for the position',
    optional: true,
    whenEmpty: 'none',
    help: 'Counts the parts of a text from 1.',
    when: { param: 'into', is: ['rows'] },
  }),
  blanks: f.boolean({ label: 'Keep empty parts', default: true, help: 'Two delimiters side by side have an empty part between them.', advanced: true }),
  trim: f.boolean({ label: 'Trim parts', default: true, help: 'Removes whitespace from both ends of each part.', advanced: true }),
  unfit: { ...unfitField, advanced: true, when: intoColumns },
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'split',
  kind: 'transform',
  title: 'Split column',
  summary: 'Splits a text at a delimiter or pattern into columns, or into rows.',
  category: 'Reshape',
  icon: 'separator-vertical',
  version: 1,
  keywords: ['split', 'delimiter', 'text to columns', 'cell splitter', 'tokenize', 'separate', 'str.split', 'by delimiter', 'comma separated'],
  docs: `
Splits a text at each occurrence of a delimiter, or at each match of a regular expression.

- Into **columns**: the parts go, in order, into the columns that you name, each with a type. They replace the text, which can be kept before them. If there are more parts than columns, the last one contains the rest with its delimiters, so that nothing is lost; or the row fails, by choice.
- Into **rows**: each part is a row of its own, and the other columns are repeated.

Whitespace around the parts is removed unless *Trim parts* is off. Delimiters within quotes count like any other: read CSV text with *CSV file*.

### Missing values
Null has no parts: its columns are null, or it is one row with null. An empty text has one empty part. For types other than text, a blank part is null.

### Errors
A part that does not fit its type fails the row, or becomes null.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ column, by, delimiter, pattern, into, columns }) => {
    if (column === '') return 'Choose a column';
    const at = by === 'delimiter' ? delimiter : pattern;
    return `${column} at ${at.trim() === '' ? JSON.stringify(at) : at} to ${into === 'rows' ? 'rows' : columns.map(({ name }) => name || '?').join(', ') || 'columns'}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const problems = splitProblems(params);
    const index = rows?.columns.findIndex(({ name }) => name === params.column) ?? -1;
    if (!rows || index < 0) return { outputs: { rows }, problems };
    const made = madeColumns(params, itemAt(rows.columns, index));
    const columns = [...rows.columns.slice(0, index), ...made, ...rows.columns.slice(index + 1)];
    const offset = index + (params.into === 'columns' && params.keep ? 1 : 0);
    const field = (i: number) =>
      params.into === 'rows' ? 'position' : i >= offset && i - offset < params.columns.length ? `columns.${i - offset}.name` : 'columns';
    problems.push(
      ...duplicateNames(
        columns.map(({ name }) => name),
        field,
      ),
    );
    return { outputs: { rows: { columns } }, problems };
  },
  lower: ({ params }) => ({
    op: 'split',
    column: params.column,
    at: params.by === 'pattern' ? { pattern: params.pattern, field: 'pattern' } : params.delimiter.replaceAll('\\t', '\t').replaceAll('\\n', '\n'),
    trim: params.trim,
    blanks: params.blanks,
    into: params.into === 'rows' ? { kind: 'rows', position: params.position } : intoColumnsOf(params),
  }),
  examples: [
    {
      title: 'A name into two columns',
      params: {
        column: 'name',
        delimiter: ' ',
        columns: [
          { name: 'first', type: 'string' },
          { name: 'last', type: 'string' },
        ],
      },
      inputs: {
        rows: [
          { id: 1, name: 'Ada Lovelace' },
          { id: 2, name: 'Plato' },
          { id: 3, name: null },
          { id: 4, name: 'Juan de la Cruz' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, first: 'Ada', last: 'Lovelace' },
          { id: 2, first: 'Plato', last: null },
          { id: 3, first: null, last: null },
          { id: 4, first: 'Juan', last: 'de la Cruz' },
        ],
      },
    },
    {
      title: 'Tags into rows',
      params: { column: 'tags', by: 'pattern', pattern: '[,;]', into: 'rows', position: 'nr' },
      inputs: {
        rows: [
          { id: 1, tags: 'red; blue,green' },
          { id: 2, tags: null },
        ],
      },
      outputs: {
        rows: [
          { id: 1, tags: 'red', nr: 1 },
          { id: 1, tags: 'blue', nr: 2 },
          { id: 1, tags: 'green', nr: 3 },
          { id: 2, tags: null, nr: null },
        ],
      },
    },
    {
      title: 'Parts with a type; too many fail the row',
      params: {
        column: 'size',
        delimiter: 'x',
        keep: true,
        surplus: 'fail',
        columns: [
          { name: 'width', type: 'integer' },
          { name: 'height', type: 'integer' },
        ],
      },
      inputs: { rows: [{ size: '20 x 30' }, { size: '1x2x3' }, { size: '4 x wide' }] },
      outputs: { rows: [{ size: '20 x 30', width: 20, height: 30 }] },
      failures: ['"1x2x3" has 3 parts, but there are 2 columns', '"wide" is not a whole number'],
    },
  ],
});

function intoColumnsOf({ columns, keep, surplus, missing, unfit }: Params): SplitIntoColumns {
  return { kind: 'columns', columns: columns.map(({ name, type }, i) => ({ name, type, field: `columns.${i}.type` })), keep, surplus, missing, unfit };
}

function splitProblems({ by, delimiter, pattern }: Params): NodeProblem[] {
  if (by === 'delimiter') {
    if (delimiter !== '') return [];
    return [{ code: 'split/delimiter', severity: 'error', message: 'There is nothing to split at', hint: 'Write the delimiter.', field: 'delimiter' }];
  }
  const problems = patternProblems(pattern, 'pattern');
  if (problems.length > 0 || pattern === '' || patternGroups(pattern).count === 0) return problems;
  const hint = 'Write (?:…) for brackets that only group, or take "Extract" to get at what they match.';
  return [{ code: 'split/groups', severity: 'error', message: 'What groups of the pattern match would be lost', hint, field: 'pattern' }];
}

/** In place of the text. */
function madeColumns({ into, columns, keep, position, missing, unfit, column, blanks }: Params, source: Column): Column[] {
  if (into === 'rows') {
    const part: Column = { name: column, type: 'string', ...nullness([source, { nullable: true, nulls: 'unseen' }]) };
    return position === null ? [part] : [part, { name: position, type: 'integer', nullable: true }];
  }
  const made = columns.map(
    ({ name, type }, i): Column => ({
      name,
      type,
      ...nullness([source], (missing === 'null' && (i > 0 || !blanks)) || mayBecomeNull('string', type, unfit)),
    }),
  );
  return keep ? [source, ...made] : made;
}
