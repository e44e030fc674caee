import { expressionProblems } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import type { Schema } from '../../model/values/types.ts';
import { conditionExpression, conditionProblems, conditionText } from './condition.ts';

export default defineNode({
  type: 'filter',
  kind: 'transform',
  title: 'Filter',
  summary: 'Keeps the rows that meet a condition; the others leave by a separate port.',
  category: 'Rows',
  icon: 'filter',
  version: 1,
  keywords: ['where', 'condition', 'select rows', 'split', 'route', 'if'],
  docs: `
Sends each row to **kept** if it meets the condition, and to **rest** if it does not. If you want those rows too, for example to count them, connect *rest*.

Write the condition in one of two ways.

- **Rules** compare columns with values. A value is read in the column's own type, so \`30\` is a number for a number column and \`2024-01-31\` is a time for a timestamp column. *in* takes a list: \`north, south\`. *matches* takes a regular expression.
- An **expression** is TypeScript over \`row\`, for example \`row.temperature > 30 && row.region !== "north"\`.

### Missing values
A null value meets no rule but *is null*: a row without a temperature is neither above 30 nor below, and goes to *rest*. The same holds in an expression: \`row.temperature < 5\` is null for null, and so is \`!(row.temperature < 5)\`. To keep such rows, write \`row.temperature === null || row.temperature < 5\`.

### Errors
An expression counts as met if its value is *truthy* in JavaScript: anything but false, null, 0, NaN and "". A value that is an object or a function is likely a mistake (\`row.name.includes\` without its brackets) and fails the row.
`,
  inputs: [{ name: 'rows' }],
  outputs: [
    { name: 'kept', label: 'Kept' },
    { name: 'rest', label: 'Rest' },
  ],
  params: {
    mode: f.choice({
      label: 'Condition as',
      default: 'rules',
      options: [
        { value: 'rules', label: 'Rules' },
        { value: 'expression', label: 'Expression' },
      ],
    }),
    rules: f.condition({ label: 'Keep rows where', default: { match: 'all', rules: [] }, when: { param: 'mode', is: ['rules'] } }),
    where: f.expression({
      label: 'Keep rows where',
      returns: 'boolean',
      placeholder: 'row.temperature > 30',
      help: 'A TypeScript expression over row.',
      when: { param: 'mode', is: ['expression'] },
    }),
  },
  card: ({ mode, rules, where }) => (mode === 'rules' ? conditionText(rules) || 'Add a condition' : where || 'Write a condition'),
  infer: ({ params: { mode, rules, where }, inputs, analyse }) => {
    const rows = inputs.rows;
    const code = mode === 'rules' ? conditionExpression(rules, rows ?? { columns: [] }) : where;
    const { notNull = [], type } = analyse.expression(code, rows ?? { columns: [] });
    const outputs = { kept: rows && withoutNull(rows, notNull), rest: rows };
    if (mode === 'rules') {
      if (rules.rules.length > 0) return { outputs, problems: rows ? conditionProblems(rules, rows, 'rules') : [] };
      return {
        outputs,
        problems: [
          { code: 'filter/no-rules', severity: 'warning', message: 'There is no condition, so all rows are kept', hint: 'Add a condition.', field: 'rules' },
        ],
      };
    }
    const problems = expressionProblems(analyse, where, rows, 'where');
    if (problems.some(({ severity }) => severity === 'error') || !rows || type === null || type === 'boolean' || type === 'json') return { outputs, problems };
    const message = `The condition gives a ${type}, not true or false`;
    return {
      outputs,
      problems: [
        ...problems,
        { code: 'filter/not-boolean', severity: 'warning', message, hint: 'Compare it with something, as in row.temperature > 30.', field: 'where' },
      ],
    };
  },
  lower: ({ params: { mode, rules, where }, inputs }) => ({
    op: 'filter',
    isRule: mode === 'rules',
    test:
      mode === 'rules'
        ? { language: 'typescript', source: conditionExpression(rules, inputs.rows), field: 'rules' }
        : { language: 'typescript', source: where, field: 'where' },
  }),
  examples: [
    {
      title: 'Hot readings, by rules',
      params: { rules: { match: 'all', rules: [{ column: 'temperature', operator: '>', value: '30' }] } },
      inputs: {
        rows: [
          { sensor: 'a', temperature: 31.5 },
          { sensor: 'b', temperature: 12 },
          { sensor: 'c', temperature: null },
        ],
      },
      outputs: {
        kept: [{ sensor: 'a', temperature: 31.5 }],
        rest: [
          { sensor: 'b', temperature: 12 },
          { sensor: 'c', temperature: null },
        ],
      },
    },
    {
      title: 'By an expression',
      params: { mode: 'expression', where: 'row.region === "north" || row.level >= 3' },
      inputs: {
        rows: [
          { region: 'north', level: 1 },
          { region: 'south', level: 3 },
          { region: 'south', level: 2 },
        ],
      },
      outputs: {
        kept: [
          { region: 'north', level: 1 },
          { region: 'south', level: 3 },
        ],
        rest: [{ region: 'south', level: 2 }],
      },
    },
    {
      title: 'A misspelt column is reported before anything runs',
      params: { mode: 'expression', where: 'row.temprature > 30' },
      inputs: { rows: [{ temperature: 31 }] },
      failures: ['There is no column "temprature"; did you mean "temperature"?'],
    },
  ],
});

/** Rows that meet a condition have a value in the columns that it looks at. */
function withoutNull(rows: Schema, names: readonly string[]): Schema {
  if (names.length === 0) return rows;
  const found = new Set(names);
  return { ...rows, columns: rows.columns.map((column) => (found.has(column.name) ? { ...column, nullable: false, nulls: undefined } : column)) };
}
