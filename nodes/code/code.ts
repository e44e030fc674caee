import { duplicateNames, typeOptions } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { Column } from '../../model/values/types.ts';

const template = `export default function step(row: Row) {
  return { ...row };
}
`;

export default defineNode({
  type: 'code',
  kind: 'transform',
  title: 'Code',
  summary: 'Turns each row into one row, several, or none, with a TypeScript function.',
  category: 'Code',
  icon: 'code',
  version: 1,
  keywords: ['typescript', 'javascript', 'function', 'script', 'map', 'flat map', 'explode'],
  docs: `
The snippet's default function is called once for each row and returns

- an **object**: one row, with a column for each field;
- a **list of objects**: several rows;
- **null** or nothing: the row is dropped.

\`\`\`ts
export default function step(row: Row) {
  if (row.status === "void") return null;
  return { ...row, total: row.price * row.amount };
}
\`\`\`

The row itself must not be changed; \`{ ...row, … }\` makes a new one. What the module declares outside the function is kept from row to row.

### Columns
The output columns are inferred from the code: spreads of \`row\`, object literals, later assignments, different returns (a column that one of them lacks may be null). An explicit return type, such as \`: { word: string; length: number }[]\`, takes precedence. If the columns cannot be inferred, declare them below.

### Missing values
A column that was seen to be null has the type \`number | null\`, and the editor underlines expressions in which JavaScript would convert null to another value: \`row.price * 2\`, \`row.name.trim()\`. Give a default for null, \`(row.price ?? 0) * 2\`, or test it first. If null still occurs there, the row fails; it never counts as 0.

### Errors
What the function throws fails that row, with the line and the column of the snippet. So does a value of another type than its column's, a column that is not declared, a promise, and anything that is no row. Code can use the row and the helper library, but nothing else on this machine.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params: {
    code: f.code({ label: 'Snippet', signature: template, default: template }),
    columns: f.list({
      label: 'Columns',
      itemLabel: 'Column',
      help: 'Only for columns that cannot be inferred from the code.',
      advanced: true,
      item: {
        name: f.text({ label: 'Name' }),
        type: f.choice({ label: 'Type', default: 'string', options: typeOptions }),
      },
      default: [],
    }),
  },
  card: ({ code }) =>
    code
      // The card of a function on one line shows its body.
      .replace(/^\s*export default\s+(?:async\s+)?function\b[^{\n]*\{(.+)\}\s*$/, '$1')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('//') && !line.startsWith('export default') && line !== '}')
      .slice(0, 3)
      .join('\n'),
  infer: ({ params: { code, columns }, inputs, analyse }) => {
    const rows = inputs.rows;
    const problems: NodeProblem[] = duplicateNames(
      columns.map(({ name }) => name),
      (i) => `columns.${i}.name`,
    );
    const declared: Column[] = columns.filter(({ name }) => name !== '').map(({ name, type }) => ({ name, type, nullable: true }));
    const { schema, problem } = analyse.snippet(code, rows ?? { columns: [] }, declared);
    if (problem && (rows || problem.code === 'code/syntax')) problems.push({ severity: 'error', ...problem, field: 'code' });
    else if (rows && !schema) {
      const message = 'The columns that the snippet returns cannot be inferred from its code';
      problems.push({ code: 'code/unknown-columns', severity: 'error', message, hint: 'Declare them under "Columns".', field: 'columns' });
    }
    return { outputs: { rows: rows && schema }, problems };
  },
  lower: ({ params: { code } }) => ({ op: 'flatMap', code: { language: 'typescript', source: code, field: 'code' } }),
  examples: [
    {
      title: 'One row in, one row out, or none',
      params: {
        code: 'export default function step(row: Row) {\n  if (row.amount <= 0) return null;\n  return { ...row, total: row.price * row.amount };\n}\n',
      },
      inputs: {
        rows: [
          { price: 2.5, amount: 4 },
          { price: 1.5, amount: 0 },
        ],
      },
      outputs: { rows: [{ price: 2.5, amount: 4, total: 10 }] },
    },
    {
      title: 'One row for each word',
      params: {
        code: 'export default function step(row: Row) {\n  return row.text.split(" ").map((word, i) => ({ id: row.id, position: i + 1, word }));\n}\n',
      },
      inputs: {
        rows: [
          { id: 1, text: 'mind the gap' },
          { id: 2, text: 'stop' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, position: 1, word: 'mind' },
          { id: 1, position: 2, word: 'the' },
          { id: 1, position: 3, word: 'gap' },
          { id: 2, position: 1, word: 'stop' },
        ],
      },
    },
    {
      title: 'A throw fails its row alone',
      params: { code: 'export default function step(row: Row) {\n  if (row.age < 0) throw new Error("negative age");\n  return row;\n}\n' },
      inputs: { rows: [{ age: 30 }, { age: -1 }, { age: 40 }] },
      outputs: { rows: [{ age: 30 }, { age: 40 }] },
      failures: ['negative age'],
    },
  ],
});
