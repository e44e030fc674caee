import { duplicateNames, findColumn, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { unfitField } from '@millrace/kit/formats/casting';
import { columnsOfPaths, jsonColumns, jsonFieldItem, jsonFieldProblems, jsonPathDocs } from '@millrace/kit/formats/json-fields';
import { columnsOf, formatDocs, isNamedFormat, logZoneField, namedFormats } from '@millrace/kit/formats/log-formats';
import { namedGroupProblems, patternGroups, patternProblems } from '@millrace/kit/formats/patterns';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { ExtractOp } from '@millrace/kit/row-ops';
import { own } from '../../model/text/own.ts';
import { zoneProblem } from '../../model/time/zone.ts';
import type { Column, ColumnType } from '../../model/values/types.ts';

const byPattern = { param: 'by', is: ['pattern'] } as const;
const params = {
  by: f.choice({
    label: 'Extract',
    default: 'pattern',
    options: [
      { value: 'pattern', label: 'Groups of a pattern, from text' },
      { value: 'json', label: 'Fields, from JSON' },
      { value: 'logfmt', label: 'Values of pairs: key=value' },
      ...namedFormats,
    ],
  }),
  column: f.column({ label: 'Column', types: ['string', 'json'] }),
  pattern: f.text({
    label: 'Pattern',
    placeholder: '(?<area>\\d+)-(?<number>\\d+)',
    help: 'A regular expression. Each of its named groups, (?<name>…), becomes a column.',
    when: byPattern,
  }),
  types: f.keyValue({
    label: 'Types',
    help: 'Of groups that are not text.',
    keyLabel: 'Group',
    valueLabel: 'Type',
    options: typeOptions.map(({ value }) => value),
    default: {},
    when: byPattern,
  }),
  ignoreCase: f.boolean({ label: 'Ignore case', default: false, when: byPattern }),
  unmatched: f.choice({
    label: 'A text that does not match',
    default: 'fail',
    when: { param: 'by', is: ['pattern', 'logfmt', ...namedFormats.map(({ value }) => value)] },
    options: [
      { value: 'fail', label: 'Fails the row' },
      { value: 'null', label: 'Leaves null' },
    ],
  }),
  logZone: { ...logZoneField, when: { param: 'by', is: ['syslog'] } },
  fields: f.list({ label: 'Fields', itemLabel: 'Field', min: 1, item: jsonFieldItem, default: [], when: { param: 'by', is: ['json'] } }),
  pairs: f.list({
    label: 'Pairs',
    itemLabel: 'Pair',
    min: 1,
    item: {
      ...jsonFieldItem,
      path: f.text({ label: 'Key', placeholder: 'level' }),
      name: f.text({ label: 'Name', optional: true, whenEmpty: 'as its key' }),
    },
    default: [],
    when: { param: 'by', is: ['logfmt'] },
  }),
  keep: f.boolean({ label: 'Keep the column', default: true }),
  unfit: { ...unfitField, advanced: true },
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'extract',
  kind: 'transform',
  title: 'Extract',
  summary: 'Extracts parts of a text, or fields of a JSON value, into columns of their own.',
  category: 'Columns',
  icon: 'regex',
  version: 1,
  keywords: [
    'regex',
    'regular expression',
    'named groups',
    'str.extract',
    'grok',
    'access log',
    'syslog',
    'logfmt',
    'key=value',
    'parse log',
    'json path',
    'fields',
    'struct',
    'expand record',
    'normalize json',
  ],
  docs: `
Adds columns with parts of another column.

- By a **pattern**, each named group of a regular expression becomes a column: \`(?<area>\\d+)-(?<number>\\d+)\` gives the columns *area* and *number*. They are text unless *Types* says otherwise. The pattern may match anywhere in the text; \`^\` and \`$\` match its start and end. A group that takes no part in the match is null.
- From **pairs** such as \`level=info msg="not found" ms=12\` (logfmt), values are named by their key, each with a type. A key that is missing, or has no value, is null.
- From **JSON**, fields are named by their path, each with a type. ${jsonPathDocs}
- By a named **log format**, the parts of a line become columns:
${formatDocs}

### Missing values and errors
Null stays null. A text that does not match fails its row, or leaves the columns null, by choice. So does a value that does not fit its type.

### Slow patterns
Patterns such as \`(a+)+$\` can take forever on some texts. They have the same time limit as code: a run whose pattern does not finish is stopped with a message that names the pattern.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: (given) => {
    if (given.column === '') return 'Choose a column';
    const names = madeColumns(given).map(({ name }) => name || '?');
    return names.length === 0 ? `from ${given.column}` : `${names.join(', ')} from ${given.column}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const source = findColumn(rows, params.column) ?? null;
    const problems = [...extractProblems(params), ...(source ? typeProblems(params, source) : [])];
    if (!rows) return { outputs: { rows: null }, problems };
    const made = madeColumns(params);
    const kept = params.keep ? rows.columns : rows.columns.filter(({ name }) => name !== params.column);
    const columns = [...kept, ...made];
    problems.push(
      ...duplicateNames(
        columns.map(({ name }) => name),
        (i) => nameField(params, i - kept.length),
      ),
    );
    return { outputs: { rows: { columns } }, problems };
  },
  lower: ({ params }) => ({ op: 'extract', column: params.column, keep: params.keep, by: wayOf(params) }),
  examples: [
    {
      title: 'Parts of a log line',
      params: {
        column: 'line',
        pattern: '^(?<level>[A-Z]+) (?<path>\\S+)(?: (?<ms>\\d+)ms)?$',
        types: { ms: 'integer' },
        keep: false,
      },
      inputs: { rows: [{ line: 'INFO /home 12ms' }, { line: 'WARN /cart' }, { line: null }, { line: '???' }] },
      outputs: {
        rows: [
          { level: 'INFO', path: '/home', ms: 12 },
          { level: 'WARN', path: '/cart', ms: null },
          { level: null, path: null, ms: null },
        ],
      },
      failures: ['"???" does not match the pattern'],
    },
    {
      title: 'Fields of JSON',
      params: {
        by: 'json',
        column: 'payload',
        fields: [
          { path: 'user.name', name: 'user', type: 'string' },
          { path: 'items[0].price', name: null, type: 'number' },
        ],
        keep: false,
      },
      inputs: {
        rows: [
          { id: 1, payload: { user: { name: 'Ada' }, items: [{ price: 2.5 }] } },
          { id: 2, payload: null },
          { id: 3, payload: { items: [] } },
        ],
      },
      outputs: {
        rows: [
          { id: 1, user: 'Ada', price: 2.5 },
          { id: 2, user: null, price: null },
          { id: 3, user: null, price: null },
        ],
      },
    },
    {
      title: 'Lines of an access log',
      params: { by: 'common', column: 'line', keep: false },
      inputs: { rows: [{ line: '203.0.113.7 - ada [31/Jan/2026:13:00:00 +0100] "GET / HTTP/1.1" 200 512' }, { line: null }, { line: '???' }] },
      outputs: {
        rows: [
          {
            host: '203.0.113.7',
            ident: null,
            user: 'ada',
            time: 1769860800000,
            method: 'GET',
            path: '/',
            protocol: 'HTTP/1.1',
            status: 200,
            bytes: 512,
          },
          { host: null, ident: null, user: null, time: null, method: null, path: null, protocol: null, status: null, bytes: null },
        ],
      },
      failures: ['"???" is not in the common log format'],
    },
    {
      title: 'Values of pairs',
      params: {
        by: 'logfmt',
        column: 'line',
        pairs: [
          { path: 'level', name: null, type: 'string' },
          { path: 'ms', name: 'took', type: 'integer' },
        ],
        keep: false,
      },
      inputs: { rows: [{ line: 'level=info msg="not found" ms=12' }, { line: 'level=warn' }, { line: 'started' }] },
      outputs: {
        rows: [
          { level: 'info', took: 12 },
          { level: 'warn', took: null },
        ],
      },
      failures: ['"started" is not made of pairs'],
    },
    {
      title: 'A pattern without named groups is an error',
      params: { column: 'line', pattern: '\\d+' },
      inputs: { rows: [{ line: 'a1' }] },
      failures: ['The pattern has no named group'],
    },
  ],
});

function wayOf(given: Params): ExtractOp['by'] {
  const { by, pattern, ignoreCase, fields, pairs, unmatched, unfit, logZone } = given;
  if (isNamedFormat(by)) return { kind: 'log', format: by, zone: by === 'syslog' ? logZone : null, unmatched };
  switch (by) {
    case 'json':
      return { kind: 'json', columns: columnsOfPaths(fields, 'fields'), unfit };
    case 'logfmt': {
      const columns = pairs.map(({ path, name, type }, i) => ({ name: name ?? path, type, key: path, field: `pairs.${i}.type` }));
      return { kind: 'logfmt', columns, unmatched, unfit };
    }
    case 'pattern': {
      const columns = madeColumns(given).map(({ name, type }) => ({ name, type, field: 'types' }));
      return { kind: 'pattern', pattern: { pattern, field: 'pattern' }, ignoreCase, columns, unmatched, unfit };
    }
  }
}

function extractProblems({ by, pattern, fields, types, logZone }: Params): NodeProblem[] {
  if (by === 'json') return jsonFieldProblems(fields, 'fields');
  const zone = by === 'syslog' ? zoneProblem(logZone) : null;
  if (zone) return [{ code: 'log/zone', severity: 'error', ...zone, field: 'logZone' }];
  if (by !== 'pattern') return [];
  const problems = namedGroupProblems(pattern, 'pattern');
  if (patternProblems(pattern, 'pattern').length > 0 || pattern === '') return problems;
  const { names } = patternGroups(pattern);
  for (const name of Object.keys(types)) {
    if (names.includes(name)) continue;
    const hint = names.length > 0 ? `Its groups are ${names.join(', ')}.` : 'Remove it.';
    problems.push({ code: 'extract/unknown-group', severity: 'error', message: `The pattern has no group "${name}"`, hint, field: 'types' });
  }
  return problems;
}

function typeProblems({ by }: Params, { name, type }: Column): NodeProblem[] {
  const wanted = by === 'json' ? 'json' : 'string';
  if (type === wanted || (type !== 'string' && type !== 'json')) return [];
  const message = by === 'json' ? `Column "${name}" is text, not JSON` : `Column "${name}" is JSON, not text`;
  const hint = by === 'json' ? 'Give it the type JSON first, with "Select columns".' : 'Choose "Fields, from JSON", or give it the type text first.';
  return [{ code: 'extract/column-type', severity: 'error', message, hint, field: 'column' }];
}

/** The columns to add. */
function madeColumns({ by, fields, pairs, pattern, types }: Params): Column[] {
  if (by === 'json') return jsonColumns(fields);
  if (by === 'logfmt') return pairs.map(({ path, name, type }) => ({ name: name ?? path, type, nullable: true }));
  if (isNamedFormat(by)) return columnsOf(by).map((column) => ({ ...column, nullable: true }));
  if (patternProblems(pattern, '').length > 0) return [];
  // A group may take no part in a match, so all are nullable.
  return patternGroups(pattern).names.map((name) => ({ name, type: typeOf(types, name), nullable: true }));
}

/** The param with the name of the i-th added column. */
function nameField({ by }: Params, i: number): string {
  if (by === 'json' || by === 'logfmt') return `${by === 'json' ? 'fields' : 'pairs'}.${i}.name`;
  return by === 'pattern' ? 'pattern' : 'by';
}

function typeOf(types: Params['types'], name: string): ColumnType {
  return (own(types, name) as ColumnType | undefined) ?? 'string';
}
