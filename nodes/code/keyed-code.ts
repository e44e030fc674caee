import { duplicateNames, keyTypes, typeOptions } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { Column } from '../../model/values/types.ts';

const template = `interface State { count: number }
export const initial: State = { count: 0 };

export function onRow(row: Row, state: State, context: Context) {
  state.count++;
  return { ...row, count: state.count };
}
`;

export default defineNode({
  type: 'keyed-code',
  kind: 'transform',
  title: 'Code with memory',
  summary: 'Runs a TypeScript function on the rows of each key, with state and timers.',
  category: 'Code',
  icon: 'code-circle',
  version: 1,
  keywords: ['stateful', 'state', 'timer', 'timeout', 'session', 'alarm', 'process function', 'typescript', 'remember', 'balance'],
  docs: `
For results that need more than one row: earlier rows of the same key, or rows that did not arrive in time. The snippet exports

- **\`onRow(row, state, context)\`**, called for each row. It returns rows as the function of the node *Code* does: an object, a list of objects, or null.
- **\`initial\`**: the state of a key before its first row, or a function \`(key) => …\` that gives it.
- **\`onTimer(timer, state, context)\`**, called when a timer is due. It returns rows, too. Leave it out where no timers are set.

### State
Each key has a state of its own: an object (or a list) that the functions change in place. It holds numbers, decimals, texts, true or false, null, bytes, and lists and objects of these, at most 1 MiB for a key. It is part of every checkpoint. Variables outside the functions are not, so do not keep anything there that must last.

\`context.forget()\` forgets the key: its state is \`initial\` again and its timers are gone. Where keys come and go, call it when one is finished, or fill in **Forget a key after**: a key without rows for that long, in event time, is then forgotten by itself. Its timers stay.

### Timers
\`context.setTimer(time)\` asks for a call of \`onTimer\` as soon as event time has passed \`time\`: as soon as no row from before can come any more. A time that has passed already is due at once. Setting the timer again moves it, \`context.clearTimer()\` takes it back. Give a second argument, a name, to have several of them: \`context.setTimer(time, "reminder")\`. Timers of one key and of all keys fire in the order of their times. Rows that \`onTimer\` returns should carry the time of the timer; with an older one they may be late for what follows.

At the end of the input all timers that are still set fire. \`context.ended\` is then true: a timer that always sets itself again must stop there.

### Missing values
As in *Code*: where an operator meets null, the row fails, and the editor underlines where that may be. Write \`state.total += row.amount ?? 0\`.

### Context
| | |
|---|---|
| \`context.key\` | the values of the key columns |
| \`context.time\` | the event time of the row, or the time of the timer; null where rows have none |
| \`context.watermark\` | event time up to which everything has come. A row with a \`time\` at or before it is late. |
| \`context.ended\` | whether the input has ended |
| \`setTimer(time, name?)\`, \`clearTimer(name?)\`, \`forget()\` | as above |

### A session that ends with a pause
Returns a row when a user has done nothing for 30 minutes:

\`\`\`ts
interface State { clicks: number; since: number | null }
export const initial: State = { clicks: 0, since: null };

export function onRow(row: Row, state: State, context: Context) {
  state.since ??= row.time;
  state.clicks++;
  context.setTimer(row.time + 30 * 60_000);
  return null;
}

export function onTimer(timer: Timer, state: State, context: Context) {
  const { since, clicks } = state;
  context.forget();
  return { time: timer.time, user: context.key.user, since, clicks };
}
\`\`\`

### A balance with an alert
Adds up bookings, and alerts once when an account falls below zero:

\`\`\`ts
interface State { balance: number; alerted: boolean }
export const initial: State = { balance: 0, alerted: false };

export function onRow(row: Row, state: State) {
  state.balance = round(state.balance + row.amount, 2);
  const overdrawn = state.balance < 0;
  const alert = overdrawn && !state.alerted;
  state.alerted = overdrawn;
  return { ...row, balance: state.balance, alert };
}
\`\`\`

### Columns
They are inferred from what both functions return; a row of \`onTimer\` without one of the columns has null there. Where the code does not say enough, declare them below. Fields of \`State\` are inferred from its declaration or from \`initial\`.

### Errors
What \`onRow\` throws fails that row, with the line of the snippet: state and timers are then as they were before it. So does a state that cannot be kept. An error in \`onTimer\` is reported with the key and the time; that timer is used up. A late row is a row like any other here.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params: {
    keys: f.columns({
      label: 'Key columns',
      help: 'Rows that are equal in all of them share a state.',
      types: keyTypes,
      min: 1,
      default: [],
    }),
    code: f.code({ label: 'Snippet', signature: template, default: template, keyed: 'keys' }),
    ttl: f.duration({
      label: 'Forget a key after',
      help: 'After this long without rows, in event time. Empty: never.',
      optional: true,
      advanced: true,
      min: 1,
    }),
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
  card: ({ keys, code }) => {
    const timers = hasTimers(code) ? ', timers' : '';
    return keys.length > 0 ? `by ${keys.join(', ')}${timers}` : 'Choose key columns';
  },
  infer: ({ params: { keys, code, ttl, columns }, inputs, analyse }) => {
    const rows = inputs.rows;
    const problems: NodeProblem[] = duplicateNames(
      columns.map(({ name }) => name),
      (i) => `columns.${i}.name`,
    );
    if (ttl !== null && rows && !rows.eventTime) {
      const hint = 'Choose the column with the time at the source, or leave this empty.';
      problems.push({ code: 'event-time/missing', severity: 'error', message: 'Keys are forgotten by event time, but the rows have none', hint, field: 'ttl' });
    }
    const declared: Column[] = columns.filter(({ name }) => name !== '').map(({ name, type }) => ({ name, type, nullable: true }));
    const { schema, problem, warning } = analyse.keyed(code, rows ?? { columns: [] }, keys, declared);
    if (warning) problems.push({ severity: 'warning', ...warning, field: 'code' });
    if (problem && (rows || problem.code === 'code/syntax')) problems.push({ severity: 'error', ...problem, field: 'code' });
    else if (rows && !schema) {
      const message = 'The columns that the snippet returns cannot be inferred from its code';
      problems.push({ code: 'code/unknown-columns', severity: 'error', message, hint: 'Declare them under "Columns".', field: 'columns' });
    }
    return { outputs: { rows: rows && schema }, problems };
  },
  lower: ({ params: { keys, code, ttl } }) => ({
    op: 'stateful',
    keys,
    ttl,
    code: { language: 'typescript', source: code, field: 'code' },
    hasTimers: hasTimers(code),
  }),
  examples: [
    {
      title: 'A running balance with an alert',
      params: {
        keys: ['account'],
        code: 'interface State { balance: number; alerted: boolean }\nexport const initial: State = { balance: 0, alerted: false };\n\nexport function onRow(row: Row, state: State) {\n  state.balance = round(state.balance + row.amount, 2);\n  const overdrawn = state.balance < 0;\n  const alert = overdrawn && !state.alerted;\n  state.alerted = overdrawn;\n  return { ...row, balance: state.balance, alert };\n}\n',
      },
      inputs: {
        rows: [
          { account: 'A', amount: 10 },
          { account: 'B', amount: 2.5 },
          { account: 'A', amount: -15.5 },
          { account: 'A', amount: -1 },
        ],
      },
      outputs: {
        rows: [
          { account: 'A', amount: 10, balance: 10, alert: false },
          { account: 'B', amount: 2.5, balance: 2.5, alert: false },
          { account: 'A', amount: -15.5, balance: -5.5, alert: true },
          { account: 'A', amount: -1, balance: -6.5, alert: false },
        ],
      },
    },
    {
      title: 'A session that ends with a pause',
      params: {
        keys: ['user'],
        code: 'interface State { clicks: number; since: number | null }\nexport const initial: State = { clicks: 0, since: null };\n\nexport function onRow(row: Row, state: State, context: Context) {\n  state.since ??= row.time;\n  state.clicks++;\n  context.setTimer(row.time + 30 * 60_000);\n  return null;\n}\n\nexport function onTimer(timer: Timer, state: State, context: Context) {\n  const { since, clicks } = state;\n  context.forget();\n  return { time: timer.time, user: context.key.user, since, clicks };\n}\n',
      },
      inputs: {
        rows: [
          { user: 'ada', time: 0 },
          { user: 'bob', time: 60_000 },
          { user: 'ada', time: 600_000 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'user', type: 'string', nullable: false },
            { name: 'time', type: 'timestamp', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { time: 1_860_000, user: 'bob', since: 60_000, clicks: 1 },
          { time: 2_400_000, user: 'ada', since: 0, clicks: 2 },
        ],
      },
    },
    {
      title: 'A throw fails its row alone',
      params: {
        keys: ['id'],
        code: 'export const initial = { sum: 0 };\nexport function onRow(row: Row, state: { sum: number }) {\n  state.sum += row.n;\n  if (row.n < 0) throw new Error("below zero");\n  return { id: row.id, sum: Number(state.sum) };\n}\n',
      },
      inputs: {
        rows: [
          { id: 'a', n: 1 },
          { id: 'a', n: -5 },
          { id: 'a', n: 2 },
        ],
      },
      outputs: {
        rows: [
          { id: 'a', sum: 1 },
          { id: 'a', sum: 3 },
        ],
      },
      failures: ['below zero'],
    },
  ],
});

function hasTimers(code: string): boolean {
  return /\bexport\s+(?:function|const)\s+onTimer\b/.test(code);
}
