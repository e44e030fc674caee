import { duplicateNames, findColumn } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { unfitField } from '@millrace/kit/formats/casting';
import { formatProblem, formatText, textFormatFields, textFormOf, typeOfFormat } from '@millrace/kit/formats/text-formats';
import { patternHelp } from '@millrace/kit/formats/time-pattern';
import { words } from '@millrace/kit/formats/words';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, Schema } from '../../model/values/types.ts';

const params = {
  columns: f.list({
    label: 'Columns',
    itemLabel: 'Column',
    item: {
      column: f.column({ label: 'Column', types: ['string', 'integer', 'number'] }),
      ...textFormatFields,
      name: f.text({ label: 'New column', optional: true, whenEmpty: 'in its place', help: 'Empty: the values take the place of the texts.' }),
    },
    default: [],
  }),
  marks: f.text({ label: 'Marks for missing', optional: true, placeholder: 'n/a, -', help: 'Texts that become null, separated by commas.' }),
  unfit: { ...unfitField, help: 'A text in another format.' },
};
type Params = ParamsOf<typeof params>;
type Item = Params['columns'][number];

export default defineNode({
  type: 'parse',
  kind: 'transform',
  title: 'Parse',
  summary: 'Parses texts in a given format as numbers, times, or booleans.',
  category: 'Columns',
  icon: 'numbers',
  version: 1,
  keywords: [
    'cast',
    'convert',
    'string to number',
    'string to date',
    'parse date',
    'to_datetime',
    'strptime',
    'decimal comma',
    'thousands',
    'currency',
    'percent',
    'epoch',
    'unix time',
    'using locale',
    'format',
    'boolean',
  ],
  docs: `
Reads text columns with a format that you set for each. The values replace the texts, or go into a new column. Only the given format is accepted, never a similar one: \`1.234\` can be a thousand or just over one, and the node does not guess.

| values | format |
|---|---|
| numbers | decimal dot or comma; thousands in groups of three; a currency or unit before or after; percent; accounting brackets; a minus before or after |
| dates or times | a pattern such as \`dd.MM.yyyy HH:mm\` |
| times counted from 1970 | seconds (also with a fraction), milliseconds, microseconds or nanoseconds |
| yes or no | lists of words |

The pattern of a time is made of ${patternHelp} A time without an offset of its own is in the time zone that you set.

Digits are never lost silently: a whole number beyond 2^53 does not fit, nor does a time finer than a millisecond, unless you allow it to be cut off. Whole numbers are read too, such as 20260131 with the pattern \`yyyyMMdd\`.

### Missing values and errors
Null and blank text are null, and so are the *marks for missing*. A text that does not fit **fails its row** with the text in the message, or becomes null.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ columns }) => columns.map((item) => `${item.column || '?'} as ${formatText(item) || '?'}`).join(', ') || 'Add a column',
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    return { outputs: { rows: rows && parsedSchema(params, rows) }, problems: parseProblems(params, rows) };
  },
  lower: ({ params: { columns, marks, unfit } }) => ({
    op: 'parse',
    columns: columns.map((each, i) => ({
      name: each.name ?? each.column,
      from: each.column,
      format: textFormOf(each),
      field: `columns.${i}.column`,
    })),
    missing: words(marks ?? ''),
    unfit,
  }),
  examples: [
    {
      title: "A bank's export",
      params: {
        columns: [item('amount', { as: 'number', units: 'EUR' }), item('booked', { as: 'time', pattern: 'dd.MM.yyyy' })],
      },
      inputs: {
        rows: [
          { booked: '31.01.2026', amount: '1.234,50 EUR' },
          { booked: '01.02.2026', amount: '-12,00' },
          { booked: null, amount: ' ' },
          { booked: '30.02.2026', amount: '1,00' },
          { booked: '01.02.2026', amount: '12.50' },
        ],
      },
      outputs: {
        rows: [
          { booked: 1769817600000, amount: 1234.5 },
          { booked: 1769904000000, amount: -12 },
          { booked: null, amount: null },
        ],
      },
      failures: ['"30.02.2026" is not a time in the form dd.MM.yyyy', '"12.50" is not a number such as -1.234,5 EUR'],
    },
    {
      title: 'Percentages, brackets, and yes or no, into new columns',
      params: {
        columns: [
          item('share', { as: 'number', decimal: 'dot', thousands: 'comma', percent: 'fraction', name: 'fraction' }),
          item('balance', { as: 'number', decimal: 'dot', thousands: 'comma', units: '$', brackets: true, name: 'dollars' }),
          item('paid', { as: 'boolean', yes: 'ja', no: 'nein', name: 'is_paid' }),
        ],
        marks: '-',
      },
      inputs: {
        rows: [
          { share: '12.5 %', balance: '$(1,200.75)', paid: 'Ja' },
          { share: '-', balance: '$3', paid: 'nein' },
        ],
      },
      outputs: {
        rows: [
          { share: '12.5 %', balance: '$(1,200.75)', paid: 'Ja', fraction: 0.125, dollars: -1200.75, is_paid: true },
          { share: '-', balance: '$3', paid: 'nein', fraction: null, dollars: 3, is_paid: false },
        ],
      },
    },
    {
      title: 'Nanoseconds do not fit, unless they are cut off',
      params: { columns: [item('ns', { as: 'epoch', unit: 'nanoseconds' }), item('us', { as: 'epoch', unit: 'microseconds', finer: 'cut' })] },
      inputs: {
        rows: [
          { ns: '1706702400123000000', us: 1706702400123456 },
          { ns: '1706702400123456789', us: 0 },
        ],
      },
      outputs: { rows: [{ ns: 1706702400123, us: 1706702400123 }] },
      failures: ['"1706702400123456789" is finer than a millisecond'],
    },
  ],
});

/** For examples: what is not given has the form's defaults. */
function item(column: string, said: Partial<Item>): Item {
  const defaults = Object.fromEntries(Object.entries(textFormatFields).map(([name, field]) => [name, 'default' in field ? field.default : null]));
  return { ...(defaults as Omit<Item, 'column' | 'name'>), name: null, column, ...said };
}

function parsedSchema(given: Params, rows: Schema): Schema {
  const parsed = given.columns.flatMap((each): { readonly column: Column; readonly isNew: boolean }[] => {
    const from = findColumn(rows, each.column);
    if (!from) return [];
    const mayBeNull = nullness([from], from.type === 'string' || given.unfit === 'null' || given.marks !== null);
    return [{ column: { name: each.name ?? each.column, type: typeOfFormat(each), ...mayBeNull }, isNew: each.name !== null }];
  });
  const inPlace = (column: Column) => parsed.find(({ column: { name }, isNew }) => !isNew && name === column.name)?.column ?? column;
  return { columns: [...rows.columns.map(inPlace), ...parsed.filter(({ isNew }) => isNew).map(({ column }) => column)] };
}

function parseProblems({ columns }: Params, rows: Schema | null): NodeProblem[] {
  if (columns.length === 0)
    return [{ code: 'parse/nothing', severity: 'error', message: 'There is nothing to parse', hint: 'Add a column.', field: 'columns' }];
  const problems = columns.flatMap((each, i): NodeProblem[] => {
    const problem = formatProblem(each);
    if (!problem) return [];
    return [{ code: 'parse/format', severity: 'error', message: problem.message, hint: 'Change the format.', field: `columns.${i}.${problem.field}` }];
  });
  const inPlace = columns.filter(({ name }) => name === null).length;
  const own = columns.map(({ column }, i) => ({ column, i })).filter(({ i }) => columns[i]?.name === null);
  problems.push(
    ...duplicateNames(
      own.map(({ column }) => column),
      (at) => `columns.${itemAt(own, at).i}.column`,
    ),
  );
  if (inPlace === columns.length || !rows) return problems;
  const taken = rows.columns.map(({ name }) => name);
  const added = columns.flatMap(({ name }, i) => (name === null ? [] : [{ name, i }]));
  problems.push(...duplicateNames([...taken, ...added.map(({ name }) => name)], (at) => `columns.${added[at - taken.length]?.i ?? 0}.name`));
  return problems;
}
