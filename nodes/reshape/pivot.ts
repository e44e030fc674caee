import { acceptedTypes, aggregateFunctions, resultType } from '@millrace/kit/aggregates';
import { duplicateNames, findColumn, keyTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { windowColumns, windowFields, windowOf, windowProblems, windowText } from '@millrace/kit/windows';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { decimalKey } from '../../model/values/decimal.ts';
import type { Schema } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';

const params = {
  keys: f.columns({
    label: 'Rows by',
    help: 'There is one output row for each combination of their values. None: one row in all.',
    types: keyTypes,
    default: [],
  }),
  column: f.column({ label: 'Names from', help: 'Its values become columns.', types: keyTypes }),
  values: f.list({
    label: 'Columns',
    itemLabel: 'Column',
    min: 1,
    sampled: { column: 'column', into: 'value' },
    help: 'The values that become columns, in this order.',
    item: {
      value: f.text({ label: 'Value', optional: true, whenEmpty: 'missing' }),
      name: f.text({ label: 'Name', optional: true, whenEmpty: 'as the value' }),
    },
    default: [],
  }),
  function: f.choice({
    label: 'Values are',
    default: 'only',
    options: [{ value: 'only', label: 'Taken as they are', help: 'There may be at most one for each cell.' }, ...aggregateFunctions],
  }),
  valueColumn: f.column({ label: 'Values from', optional: true, help: 'Count without a column counts rows.' }),
  percent: f.number({ label: 'Percentile', default: 95, min: 0, max: 100, unit: '%', when: { param: 'function', is: ['percentile'] } }),
  unlisted: f.choice({
    label: 'Values that are not a column',
    default: 'warn',
    options: [
      { value: 'warn', label: 'Are counted and reported' },
      { value: 'leave', label: 'Are expected' },
      { value: 'fail', label: 'Fail their row' },
    ],
  }),
  ...windowFields,
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'pivot',
  kind: 'transform',
  title: 'Pivot',
  summary: 'Turns rows into columns: one column for each value of a column that you list.',
  category: 'Reshape',
  icon: 'table-options',
  version: 1,
  keywords: ['rows to columns', 'long to wide', 'pivot table', 'crosstab', 'spread', 'cast', 'unstack', 'transpose', 'cross tabulation', 'sum by'],
  docs: `
Makes one row of each group of rows, with a column for each listed value of *Names from*. A table with a row for each month becomes one with a column for each month. It is the opposite of *Unpivot*.

The columns have to be known before a run starts. So list the values, or click *Take from the sample*; each value may get another name. A value left empty stands for null and for empty text.

Rows whose value is not listed are in no cell, but are not lost: they leave by the port *Others*, and the run reports how many there were of each value, unless they are expected.

### Cells
*Taken as they are* puts the one value into its cell. A second value for the same cell fails, rather than being dropped or added silently: if there are several, choose a function such as *Sum*. The functions are those of *Aggregate*. Null values are ignored, and a cell without values is null (0 for counts).

### When results are emitted
Without windows, when the input ends: one row for each group, in the order of their first rows. With windows, whenever one is complete, as in *Aggregate*. Memory, disk and late rows are as described there.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'others', label: 'Others' }, { name: 'late', late: true, absentWhen: { param: 'window', is: ['none'] } }],
  params,
  card: (given) => {
    if (given.column === '') return 'Choose a column';
    const what = given.function === 'only' ? (given.valueColumn ?? 'values') : [given.function, given.valueColumn ?? 'rows'].join(' ');
    const by = [...given.keys, ...windowText(given)];
    return by.length > 0 ? `${what} by ${given.column} for each ${by.join(', ')}` : `${what} by ${given.column}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const problems = [...pivotProblems(params, rows), ...windowProblems(params, rows)];
    return { outputs: { rows: rows && outputSchema(params, rows), others: rows, late: rows }, problems };
  },
  lower: ({ params, inputs }) => {
    const { keys, column, function: name, valueColumn, percent, unlisted } = params;
    const type = findColumn(inputs.rows, column)?.type ?? 'string';
    const values = params.values.map((listed) => {
      const cast = castValue(listed.value, type, 'string');
      return { name: nameOf(listed), value: cast.ok ? cast.value : null };
    });
    return {
      op: 'pivot',
      keys,
      column,
      values,
      function: name,
      valueColumn,
      percent: name === 'percentile' ? percent : null,
      unlisted,
      window: windowOf(params),
    };
  },
  examples: [
    {
      title: 'A column for each quarter; values that are not listed are reported',
      params: { keys: ['shop'], column: 'quarter', values: [listed('Q1'), listed('Q2', 'second')], valueColumn: 'sales', function: 'sum' },
      inputs: {
        rows: [
          { shop: 'Ulm', quarter: 'Q1', sales: 10 },
          { shop: 'Ulm', quarter: 'Q2', sales: 20 },
          { shop: 'Bonn', quarter: 'Q2', sales: 5 },
          { shop: 'Ulm', quarter: 'Q1', sales: 7 },
          { shop: 'Ulm', quarter: 'Q3', sales: 1 },
        ],
      },
      outputs: {
        rows: [
          { shop: 'Ulm', Q1: 17, second: 20 },
          { shop: 'Bonn', Q1: null, second: 5 },
        ],
        others: [{ shop: 'Ulm', quarter: 'Q3', sales: 1 }],
      },
    },
    {
      title: 'Keys and values to columns; two values for one cell fail',
      params: { keys: ['id'], column: 'key', values: [listed('name'), listed('city')], valueColumn: 'value' },
      inputs: {
        rows: [
          { id: 1, key: 'name', value: 'Ada' },
          { id: 1, key: 'city', value: 'London' },
          { id: 2, key: 'name', value: 'Max' },
          { id: 2, key: 'name', value: 'Moritz' },
        ],
      },
      outputs: { rows: [{ id: 1, name: 'Ada', city: 'London' }] },
      failures: ['There are 2 values for "name" where id is 2'],
    },
    {
      title: 'How many rows there are of each',
      params: { keys: ['day'], column: 'ok', values: [listed('true', 'good'), listed('false', 'bad')], function: 'count' },
      inputs: {
        rows: [
          { day: 1, ok: true },
          { day: 1, ok: true },
          { day: 1, ok: false },
          { day: 2, ok: true },
        ],
      },
      outputs: {
        rows: [
          { day: 1, good: 2, bad: 1 },
          { day: 2, good: 1, bad: 0 },
        ],
      },
    },
  ],
});

/** An item of an example's list. */
function listed(value: string, name: string | null = null): Params['values'][number] {
  return { value, name };
}

function nameOf({ value, name }: Params['values'][number]): string {
  return name ?? value ?? 'null';
}

/** Missing columns are skipped: the params' validation reports them. */
function outputSchema(given: Params, rows: Schema): Schema {
  const keys = given.keys.flatMap((name) => findColumn(rows, name) ?? []);
  const type = findColumn(rows, given.valueColumn ?? '')?.type ?? 'integer';
  const result = given.function === 'only' ? { type, nullable: true } : resultType(given.function, { type, nullable: true });
  const columns = [...windowColumns(windowOf(given)), ...keys, ...given.values.map((value) => ({ name: nameOf(value), ...result }))];
  return given.window === 'none' ? { columns } : { columns, eventTime: { column: 'window_end', shift: -1 } };
}

function pivotProblems(given: Params, rows: Schema | null): NodeProblem[] {
  const error = (code: ProblemCode, message: string, hint: string, field: string): NodeProblem => ({ code, severity: 'error', message, hint, field });
  const first = [...windowColumns(windowOf(given)).map(({ name }) => name), ...given.keys];
  const problems = duplicateNames([...first, ...given.values.map(nameOf)], (i) => (i < first.length ? 'keys' : `values.${i - first.length}.name`));
  const { function: name, column, valueColumn, keys } = given;
  if (valueColumn === null && name !== 'count') {
    problems.push(
      error('pivot/no-values', 'The column with the values of the cells is missing', 'Choose a column under "Values from", or count rows.', 'valueColumn'),
    );
  }
  if (column !== '' && keys.includes(column)) {
    problems.push(error('pivot/key', `"${column}" cannot give both the rows and the names of the columns`, 'Take it out of "Rows by".', 'keys'));
  }
  const values = findColumn(rows, valueColumn ?? '');
  if (values && name !== 'only' && !acceptedTypes(name).includes(values.type)) {
    const hint = `It takes ${acceptedTypes(name).join(', ')}: choose another column, or cast this one first.`;
    problems.push(error('pivot/column-type', `"${name}" does not work on ${values.type} columns such as "${values.name}"`, hint, 'valueColumn'));
  }
  return [...problems, ...listProblems(given, rows)];
}

/** The problems of the list of values. */
function listProblems({ column, values }: Params, rows: Schema | null): NodeProblem[] {
  const source = findColumn(rows, column);
  if (!source) return [];
  const seen = new Map<unknown, number>();
  return values.flatMap(({ value }, i): NodeProblem[] => {
    const field = `values.${i}.value`;
    const cast = castValue(value, source.type, 'string');
    if (!cast.ok) {
      return [{ code: 'pivot/value', severity: 'error', message: `${cast.message}, as column "${column}" needs`, hint: 'Write a value of its type.', field }];
    }
    const key = source.type === 'decimal' && cast.value !== null ? decimalKey(cast.value as string) : cast.value;
    if (!seen.has(key)) {
      seen.set(key, i);
      return [];
    }
    return [{ code: 'pivot/twice', severity: 'error', message: `The value ${value ?? 'null'} is listed twice`, hint: 'Remove one of them.', field }];
  });
}
