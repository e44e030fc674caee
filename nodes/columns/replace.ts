import { keyTypes, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { mayBecomeNull } from '@millrace/kit/formats/casting';
import { patternProblems } from '@millrace/kit/formats/patterns';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { ReplaceOp } from '@millrace/kit/row-ops';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, ColumnType, Schema } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';

const byTable = { param: 'what', is: ['values'] } as const;
const byPart = { param: 'what', is: ['text', 'pattern'] } as const;
const params = {
  what: f.choice({
    label: 'Replace',
    default: 'values',
    options: [
      { value: 'values', label: 'Whole values, by a table' },
      { value: 'text', label: 'A part of texts' },
      { value: 'pattern', label: 'What a pattern matches', help: 'A regular expression.' },
      { value: 'nulls', label: 'Marks for missing, by null' },
    ],
  }),
  columns: f.columns({ label: 'In columns', help: 'None: all text columns.', default: [] }),
  values: f.list({
    label: 'Table',
    itemLabel: 'Value',
    min: 1,
    item: {
      from: f.text({ label: 'Value', optional: true, whenEmpty: 'missing' }),
      to: f.text({ label: 'New value', optional: true, whenEmpty: 'null' }),
    },
    default: [],
    when: byTable,
  }),
  others: f.choice({
    label: 'Values not in the table',
    default: 'keep',
    when: byTable,
    options: [
      { value: 'keep', label: 'Stay' },
      { value: 'null', label: 'Become null' },
      { value: 'fail', label: 'Fail the row' },
    ],
  }),
  type: f.choice({ label: 'New type', default: 'keep', when: byTable, options: [{ value: 'keep', label: 'As it is' }, ...typeOptions] }),
  find: f.text({ label: 'Text', when: { param: 'what', is: ['text'] } }),
  pattern: f.text({ label: 'Pattern', placeholder: '\\s+', when: { param: 'what', is: ['pattern'] } }),
  replacement: f.text({
    label: 'By',
    default: '',
    whenEmpty: 'nothing',
    help: 'After a pattern, $1 or $<name> stands for what a group has matched.',
    when: byPart,
  }),
  marks: f.text({
    label: 'Marks',
    default: 'NULL, N/A, NA, -',
    help: 'Separated by commas. Whitespace around a value is ignored.',
    when: { param: 'what', is: ['nulls'] },
  }),
  ignoreCase: f.boolean({ label: 'Ignore case', default: false }),
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'replace',
  kind: 'transform',
  title: 'Replace',
  summary: 'Replaces values by a table, parts of texts, or marks for missing values.',
  category: 'Columns',
  icon: 'replace',
  version: 1,
  keywords: [
    'map',
    'recode',
    'value map',
    'lookup table',
    'str.replace',
    'rule engine',
    'find and replace',
    'substitute',
    'na_values',
    'null marks',
    'regex',
    'clean',
  ],
  docs: `
Replaces values in the columns that you choose; if you choose none, in all text columns.

- **Whole values, by a table** of old and new ones. Both are read in the column's type, or the new ones in *New type*: codes become texts. An old value left empty stands for null and for empty text; a new one left empty is null. A value that is not in the table stays, becomes null, or fails the row, so that new values are noticed.
- **A part of texts**: every occurrence of a text, taken literally.
- **What a pattern matches**: every match of a regular expression. \`$1\` and \`$<name>\` in the new text stand for groups.
- **Marks for missing**: values that only say that there is none, such as \`N/A\`, become null. This works on columns of any type: \`-999\` in numbers.

Null has no parts, and stays null.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ what, columns, values, find, pattern, replacement, marks }) => {
    const place = columns.length > 0 ? ` in ${columns.join(', ')}` : '';
    if (what === 'values')
      return `${values.length === 0 ? 'Add a value' : values.map(({ from, to }) => `${from ?? 'missing'} → ${to ?? 'none'}`).join(', ')}${place}`;
    if (what === 'nulls') return `${marks.trim() || 'Marks'} → none${place}`;
    const found = what === 'text' ? find : pattern;
    return found === '' ? 'Choose what to replace' : `${JSON.stringify(found)} → ${JSON.stringify(replacement)}${place}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const problems = params.what === 'pattern' ? patternProblems(params.pattern, 'pattern') : [];
    if (!rows) return { outputs: { rows: null }, problems };
    problems.push(...columnProblems(params, rows));
    return { outputs: { rows: { columns: rows.columns.map((column) => (isChosen(params, column) ? replacedColumn(params, column) : column)) } }, problems };
  },
  lower: ({ params, inputs }) => ({
    op: 'replace',
    columns: inputs.rows.columns.filter((column) => isChosen(params, column)).map(({ name }) => name),
    ignoreCase: params.ignoreCase,
    by: wayOf(params),
  }),
  examples: [
    {
      title: 'Codes become texts',
      params: {
        columns: ['state'],
        values: [
          { from: '1', to: 'open' },
          { from: '2', to: 'closed' },
          { from: null, to: 'unknown' },
        ],
        type: 'string',
        others: 'fail',
      },
      inputs: { rows: [{ state: 1 }, { state: 2 }, { state: null }, { state: 3 }] },
      outputs: { rows: [{ state: 'open' }, { state: 'closed' }, { state: 'unknown' }] },
      failures: ['3 in column "state" is not in the table'],
    },
    {
      title: 'Marks for missing',
      params: { what: 'nulls', marks: 'n/a, -, -999', ignoreCase: true, columns: ['name', 'level'] },
      inputs: {
        rows: [
          { name: 'N/A', level: 3 },
          { name: ' - ', level: -999 },
          { name: '-x', level: 0 },
        ],
      },
      outputs: {
        rows: [
          { name: null, level: 3 },
          { name: null, level: null },
          { name: '-x', level: 0 },
        ],
      },
    },
    {
      title: 'Part of a text, in all text columns',
      params: { what: 'text', find: '.', replacement: '$&' },
      inputs: {
        rows: [
          { id: 1, a: '1.2.3', b: null },
          { id: 2, a: 'x', b: 'y.' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, a: '1$&2$&3', b: null },
          { id: 2, a: 'x', b: 'y$&' },
        ],
      },
    },
    {
      title: 'What a pattern matches, in another order',
      params: { what: 'pattern', pattern: '^(?<last>\\w+), (\\w+)$', replacement: '$2 $<last>', columns: ['name'] },
      inputs: { rows: [{ name: 'Lovelace, Ada' }, { name: 'Plato' }] },
      outputs: { rows: [{ name: 'Ada Lovelace' }, { name: 'Plato' }] },
    },
  ],
});

function wayOf({ what, values, others, type, find, pattern, replacement, marks }: Params): ReplaceOp['by'] {
  switch (what) {
    case 'values':
      return { kind: 'table', values, others, type: type === 'keep' ? null : type };
    case 'text':
      return { kind: 'text', find, replacement };
    case 'pattern':
      return { kind: 'pattern', pattern: { pattern, field: 'pattern' }, replacement };
    case 'nulls':
      return { kind: 'marks', marks: marks.split(',').map((mark) => mark.trim()) };
  }
}

function isChosen({ columns }: Params, { name, type }: Column): boolean {
  return columns.length === 0 ? type === 'string' : columns.includes(name);
}

/** The new type of a column in the mode for whole values. */
function typeOf({ type }: Params, column: Column): ColumnType {
  return type === 'keep' ? column.type : type;
}

function replacedColumn(given: Params, column: Column): Column {
  if (given.what === 'nulls') return { ...column, ...nullness([], true) };
  if (given.what !== 'values') return column;
  const type = typeOf(given, column);
  const toNull = given.others === 'null' || given.values.some(({ to }) => to === null || (type !== 'string' && to.trim() === ''));
  const keepsNull = !given.values.some(({ from, to }) => from === null && to !== null);
  const added = toNull || (given.others === 'keep' && mayBecomeNull(column.type, type, 'fail'));
  return { ...column, type, ...nullness(keepsNull ? [column] : [], added) };
}

function columnProblems(given: Params, rows: Schema): NodeProblem[] {
  const chosen = rows.columns.filter((column) => isChosen(given, column));
  if (chosen.length === 0 && given.columns.length === 0) {
    return [{ code: 'replace/no-text', severity: 'error', message: 'There is no text column to replace in', hint: 'Choose columns.', field: 'columns' }];
  }
  const error = (code: ProblemCode, message: string, hint: string, field: string): NodeProblem => ({ code, severity: 'error', message, hint, field });
  return chosen.flatMap((column): NodeProblem[] => {
    const { name, type } = column;
    const at = given.columns.indexOf(name);
    const field = at < 0 ? 'columns' : `columns.${at}`;
    if (given.what === 'nulls') return [];
    if (given.what !== 'values') {
      if (type === 'string') return [];
      return [
        error('replace/column-type', `Column "${name}" is of type ${type}, which has no parts of text`, 'Choose text columns, or cast this one first.', field),
      ];
    }
    if (!(keyTypes as readonly ColumnType[]).includes(type)) {
      return [error('replace/column-type', `Whole values of type ${type}, as in column "${name}", cannot be looked up`, 'Choose another column.', field)];
    }
    return given.values.flatMap(({ from, to }, i) => {
      const [old, fresh] = [castValue(from, type, 'string'), castValue(to, typeOf(given, column), 'string')];
      if (!old.ok)
        return [error('replace/value', `${old.message}, as column "${name}" needs`, 'Values are looked up in the type of the column.', `values.${i}.from`)];
      return fresh.ok
        ? []
        : [error('replace/value', `${fresh.message}, as column "${name}" needs`, 'Write another value, or choose another type.', `values.${i}.to`)];
    });
  });
}
