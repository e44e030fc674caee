import { f } from '../../kit/fields.ts';
import { keysField, ttlDocs, ttlField } from '../../kit/keys.ts';
import { defineNode } from '../../kit/node.ts';
import { durationText } from '../../model/time/duration.ts';

const params = {
  mode: f.choice({
    label: 'Let through',
    default: 'rate',
    options: [
      { value: 'rate', label: 'So many in a time' },
      { value: 'every', label: 'One of so many', help: 'The first row, and then every so many-th one.' },
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
    help: 'Another seed draws other rows; the same one the same.',
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
  summary: 'Lets a number of rows through in a time, one of so many, or a random share; the rest goes elsewhere.',
  category: 'Rows',
  icon: 'gauge',
  version: 1,
  keywords: ['throttle', 'rate', 'sample', 'sampling', 'random', 'every nth', 'downsample', 'quota'],
  docs: `
Rows that are let through leave by *rows*, all others by *rest*. No row waits: connect *rest*, or do without those rows.

- **So many in a time**: time is cut into stretches of one length, aligned to 1970-01-01T00:00Z, and the first so many rows of each key and stretch are let through. Time is the rows' event time where they have one (a row without fails), and the wall clock otherwise. A row that comes when its stretch is over for good, as the watermark has passed it, is not let through.
- **One of so many**: the first row of each key, then every so many-th one. With 10 that is the 1st, the 11th, the 21st.
- **A random share**: without *By*, each row is drawn on its own. With *By* it is the keys that are drawn: all rows of a key go the same way, so that what is sampled is complete for the keys that it has. The draw depends on the seed and the row's number (or its key) alone: it is the same again in a second run over the same rows, and goes on after a restart as if there had been none. A smaller share is part of a larger one with the same seed.

*So many in a time* keeps a number for each key until its stretch is over. ${ttlDocs.replace('Kept is the state', '*One of so many* keeps a number for each key: kept is the state')}
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
