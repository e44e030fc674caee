import { f, type ParamsOf } from '@millrace/kit/fields';

export const queryParams = {
  connection: f.connection({ label: 'Connection', type: 'postgres' }),
  read: f.choice({
    label: 'Read',
    default: 'table',
    options: [
      { value: 'table', label: 'A table or view' },
      { value: 'query', label: 'A query' },
    ],
  }),
  table: f.text({ label: 'Table', placeholder: 'orders', entries: 'tables', when: { param: 'read', is: ['table'] } }),
  sql: f.sql({ label: 'SQL', placeholder: 'SELECT * FROM orders WHERE total > 100', when: { param: 'read', is: ['query'] } }),
  finer: f.choice({
    label: 'Finer than 1 ms',
    help: 'PostgreSQL keeps microseconds, a timestamp here milliseconds.',
    default: 'cut',
    options: [
      { value: 'cut', label: 'Cut off' },
      { value: 'text', label: 'Keep, as text' },
      { value: 'fail', label: 'Does not fit' },
    ],
    advanced: true,
  }),
  cursorColumn: f.column({
    label: 'Cursor',
    of: 'output',
    types: ['integer', 'number', 'decimal', 'timestamp', 'date', 'string'],
    optional: true,
    group: 'Schedule',
    help: 'A column that grows, such as an id or the time of the last change. Rows come in its order, and only those above the last value that was read.',
  }),
  repeat: f.duration({
    label: 'Read again every',
    group: 'Schedule',
    optional: true,
    min: 100,
    placeholder: 'once',
    help: 'The source then never ends. Each reading returns all rows again, or with a cursor those above its last value. Empty: it is read once.',
  }),
};
export type QueryParams = ParamsOf<typeof queryParams>;
