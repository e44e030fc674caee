import { f } from '@millrace/kit/fields';
import { keysField, ttlDocs, ttlField } from '@millrace/kit/keys';
import { defineNode } from '@millrace/kit/node';
import { durationText } from '../../model/time/duration.ts';

const params = {
  mode: f.choice({
    label: 'Let through',
    default: 'rate',
    options: [
      { value: 'rate', label: 'At most N rows per interval' },
      { value: 'every', label: 'Every Nth row', help: 'The first row, and then every Nth row.' },
      { value: 'share', label: 'A random share' },
    ],
  }),
  keys: keysField,
  count: f.number({ label: 'Rows', default: 100, min: 1, integer: true, when: { param: 'mode', is: ['rate'] } }),
  per: f.duration({ label: 'In', default: 60_000, min: 1, when: { param: 'mode', is: ['rate'] } }),
  every: f.number({ label: 'One of', default: 10, min: 1, integer: true, unit: 'rows', when: { param: 'mode', is: ['every'] } }),
  share: f.number({ label: 'Share', default: 10, min: 0, max: 100, unit: '%', when: { param: 'mode', is: ['share'] } }),
  seed: f.number({
    label: 'Seed',
    help: 'The same seed selects the same rows.',
    default: 1,
    integer: true,
    when: { param: 'mode', is: ['share'] },
  }),
  ttl: { ...ttlField, when: { param: 'mode', is: ['every'] } } as typeof ttlField,
};

export default defineNode({
  type: 'rate-limit',
  kind: 'transform',
  title: 'Limit or sample',
  summary: 'Passes at most N rows per interval, every Nth row, or a random share; the rest leave separately.',
  category: 'Rows',
  icon: 'gauge',
  version: 1,
  keywords: ['throttle', 'rate', 'sample', 'sampling', 'random', 'every nth', 'downsample', 'quota'],
  docs: `
Rows that pass leave by *rows*, all others by *rest*. No row is delayed. If *rest* is not connected, those rows are dropped.

- **At most N rows per interval**: time is divided into intervals of equal length, aligned to 1970-01-01T00:00Z. The first N rows of each key pass in each interval. Time is the event time of the rows if they have one (a row without it fails), and the wall clock otherwise. A row that arrives after the watermark has passed its interval does not pass.
- **Every Nth row**: the first row of each key, then every Nth row. With 10 that is the 1st, the 11th, the 21st.
- **A random share**: without *By*, each row is selected independently. With *By*, keys are selected: all rows of a key go the same way, so the sample has all rows of each key in it. The selection depends only on the seed and the row's number (or its key): a second run over the same rows selects the same ones, and a restart changes nothing. A smaller share is a subset of a larger one with the same seed.

*At most N rows per interval* keeps a number for each key until its interval is over. ${ttlDocs.replace('The node keeps the state', '*Every Nth row* keeps a number for each key: the node keeps the state')}
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'rest' }],
  params,
  card: ({ mode, keys, count, per, every, share }) => {
    const what = mode === 'rate' ? `${count} rows per ${durationText(per)}` : mode === 'every' ? `1 of ${every} rows` : `${share} %`;
    return keys.length > 0 ? `${what}\nby ${keys.join(', ')}` : what;
  },
  infer: ({ inputs }) => {
    const rows = inputs.rows;
    return { outputs: { rows, rest: rows } };
  },
  lower: ({ params: { mode, keys, count, per, every, ttl, share, seed } }) => {
    if (mode === 'rate') return { op: 'rateLimit', keys, count, per };
    return mode === 'every' ? { op: 'everyNth', keys, ttl, every } : { op: 'sample', keys, percent: share, seed };
  },
  examples: [
    {
      title: 'Two rows a minute for each user',
      params: { mode: 'rate', keys: ['user'], count: 2, per: 60_000 },
      inputs: {
        rows: [
          { time: 0, user: 'a' },
          { time: 1000, user: 'a' },
          { time: 60_000, user: 'a' },
          { time: 59_999, user: 'a' },
          { time: 59_999, user: 'b' },
          { time: null, user: 'b' },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: true },
            { name: 'user', type: 'string', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { time: 0, user: 'a' },
          { time: 1000, user: 'a' },
          { time: 60_000, user: 'a' },
          { time: 59_999, user: 'b' },
        ],
        rest: [{ time: 59_999, user: 'a' }],
      },
      failures: ['no time'],
    },
    {
      title: 'One of three',
      params: { mode: 'every', every: 3 },
      inputs: { rows: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }] },
      outputs: { rows: [{ n: 1 }, { n: 4 }], rest: [{ n: 2 }, { n: 3 }, { n: 5 }] },
    },
    {
      title: 'All, by a share',
      params: { mode: 'share', share: 100 },
      inputs: { rows: [{ n: 1 }, { n: 2 }] },
      outputs: { rows: [{ n: 1 }, { n: 2 }], rest: [] },
    },
  ],
});
