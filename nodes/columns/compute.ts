import { duplicateNames, expressionProblems, typeOptions } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { mentionedColumns } from '../../model/schema/mentioned-columns.ts';

export default defineNode({
  type: 'compute',
  kind: 'transform',
  title: 'Compute columns',
  summary: 'Adds or replaces columns with expressions.',
  category: 'Columns',
  icon: 'math-function',
  version: 1,
  keywords: [
    'expression',
    'formula',
    'add column',
    'derive',
    'map',
    'calculate',
    'trim',
    'clean text',
    'upper case',
    'lower case',
    'round',
    'month',
    'year',
    'date part',
  ],
  docs: `
Each item names a column and gives its value as a TypeScript expression over \`row\`: \`row.price * row.amount\`, \`row.name.toUpperCase()\`, \`row.temperature > 30 ? "hot" : "mild"\`. If the input already has a column of that name, it is replaced in its place; otherwise the new column is added at the end.

Expressions are evaluated **from top to bottom**, and each sees the columns above it: compute \`net\` first and \`gross\` from \`row.net\`.

### Types
With type **auto** the type follows from the expression. If it cannot be inferred, as for a field in a JSON column, choose it. Results are never converted silently: text in a number column fails the row. Only undefined, NaN and the infinities become null, and a Date becomes a timestamp.

### Decimals
JavaScript's operators do not work on decimals: \`row.price * row.quantity\` is reported as a problem. Write \`decimal.multiply(row.price, row.quantity)\`, \`decimal.compare(row.price, 10) > 0\`, \`decimal.round(row.price, 2)\`.

### Missing values
An operation on null gives null, as in SQL: \`row.temperature * 1.8 + 32\` is null for a missing temperature, and so is \`row.temperature > 30 ? "hot" : "mild"\`. To use another value, give a default: \`(row.temperature ?? 0) * 1.8\`. A method of a missing value fails the row; \`row.name?.trim()\` gives null instead. The editor underlines where a column may be null.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params: {
    columns: f.list({
      label: 'Columns',
      itemLabel: 'Column',
      min: 1,
      item: {
        name: f.text({ label: 'Name', placeholder: 'fahrenheit' }),
        expression: f.expression({ label: 'Expression', returns: 'any', placeholder: 'row.celsius * 1.8 + 32' }),
        type: f.choice({ label: 'Type', default: 'auto', options: [{ value: 'auto', label: 'Auto' }, ...typeOptions] }),
      },
      default: [],
    }),
  },
  card: ({ columns }) => columns.map(({ name, expression }) => `${name || '?'} = ${expression || '?'}`).join(', ') || 'Add a column',
  infer: ({ params, inputs, analyse }) => {
    const rows = inputs.rows;
    const problems: NodeProblem[] = duplicateNames(
      params.columns.map(({ name }) => name),
      (i) => `columns.${i}.name`,
    );
    const known = rows && new Map(rows.columns.map((column) => [column.name, column]));
    params.columns.forEach(({ name, expression, type }, i) => {
      const field = `columns.${i}.expression`;
      const mentioned = known && mentionedColumns(expression, (column) => known.get(column));
      const input = known && { columns: mentioned ?? [...known.values()] };
      let found = expressionProblems(analyse, expression, input, field);
      // Its message may name the other columns.
      const isWrong = found.some(({ severity }) => severity === 'error');
      if (mentioned && isWrong && problems.length < mostExplained) found = expressionProblems(analyse, expression, { columns: [...known.values()] }, field);
      const told = input && analyse.expression(expression, input);
      const isUnknown = told !== null && name !== '' && type === 'auto' && told.type === null && !isWrong && expression.trim() !== '';
      if (!isUnknown) problems.push(...found);
      if (!known || !told || name === '') return;
      if (isUnknown) {
        problems.push({
          code: 'compute/unknown-type',
          severity: 'error',
          message: `The type of "${name}" cannot be inferred from its expression`,
          hint: 'Choose its type.',
          field: `columns.${i}.type`,
        });
      }
      // Nothing is promised about null if the user has set the type.
      known.set(name, {
        name,
        type: type === 'auto' ? (told.type ?? 'json') : type,
        ...(told.type === null ? { nullable: true } : { nullable: told.nullable, nulls: told.nulls }),
      });
    });
    return { outputs: { rows: known && { columns: [...known.values()] } }, problems };
  },
  lower: ({ params: { columns } }) => ({
    op: 'compute',
    columns: columns.map(({ name, expression }, i) => ({ name, expression: { language: 'typescript', source: expression, field: `columns.${i}.expression` } })),
  }),
  examples: [
    {
      title: 'Add a column, and one that uses it',
      params: {
        columns: [
          { name: 'net', expression: 'row.price * row.amount', type: 'auto' },
          { name: 'gross', expression: 'row.net * 1.19', type: 'auto' },
        ],
      },
      inputs: { rows: [{ price: 2.5, amount: 4 }] },
      outputs: { rows: [{ price: 2.5, amount: 4, net: 10, gross: 11.899999999999999 }] },
    },
    {
      title: 'Replace a column and handle null',
      params: { columns: [{ name: 'name', expression: 'row.name?.trim().toUpperCase() ?? "UNKNOWN"', type: 'auto' }] },
      inputs: {
        rows: [
          { id: 1, name: ' ann ' },
          { id: 2, name: null },
        ],
      },
      outputs: {
        rows: [
          { id: 1, name: 'ANN' },
          { id: 2, name: 'UNKNOWN' },
        ],
      },
    },
    {
      title: 'A value of another type fails its row',
      params: { columns: [{ name: 'level', expression: 'row.level > 2 ? row.level : "low"', type: 'integer' }] },
      inputs: { rows: [{ level: 3 }, { level: 1 }] },
      outputs: { rows: [{ level: 3 }] },
      failures: ['Column "level" is of type integer'],
    },
  ],
});

/** In this many problems, names are compared with those of all columns that could have been meant. */
const mostExplained = 20;
