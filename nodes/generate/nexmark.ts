import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { thousands } from '../../model/text/thousands.ts';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import type { Column, Json, Row, Schema } from '../../model/values/types.ts';
import { auction, bid, detailedBid, kindOf, type NexmarkKind, type NexmarkOptions, person } from './nexmark-events.ts';
import { Pace } from './pace.ts';

const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: false });
const time = column('time', 'timestamp');
const columns: { readonly [kind in NexmarkKind]: readonly Column[] } = {
  person: [column('id', 'integer'), ...['name', 'email', 'credit_card', 'city', 'state'].map((name) => column(name, 'string'))],
  auction: [
    column('id', 'integer'),
    column('item', 'string'),
    column('description', 'string'),
    column('initial_bid', 'integer'),
    column('reserve', 'integer'),
    column('expires', 'timestamp'),
    column('seller', 'integer'),
    column('category', 'integer'),
  ],
  bid: [column('auction', 'integer'), column('bidder', 'integer'), column('price', 'integer')],
};
const detailColumns = ['channel', 'url', 'extra'].map((name) => column(name, 'string'));
const nullable = (list: readonly Column[]) => list.map((each) => ({ ...each, nullable: true }));
const ofAll = nullable([...columns.person, ...columns.auction.slice(1), ...columns.bid]);
const schemas: { readonly [events in Events]: Schema } = {
  all: { columns: [column('kind', 'string'), time, ...ofAll] },
  persons: { columns: [time, ...columns.person] },
  auctions: { columns: [time, ...columns.auction] },
  bids: { columns: [time, ...columns.bid] },
};
const detailsOf: { readonly [events in Events]: readonly Column[] } = { all: nullable(detailColumns), bids: detailColumns, auctions: [], persons: [] };
type Events = 'all' | 'bids' | 'auctions' | 'persons';
const kinds = { bids: 'bid', auctions: 'auction', persons: 'person' } as const;
/** Events that are searched for one batch: few of them may be of the wanted kind. */
const looks = 16_384;

export default defineNode({
  type: 'nexmark',
  kind: 'source',
  title: 'Nexmark',
  summary: 'Generates the events of an auction house, as in the Nexmark benchmark.',
  category: 'Generate',
  icon: 'gavel',
  forBenchmarks: true,
  version: 1,
  keywords: ['benchmark', 'auction', 'bid', 'person', 'test', 'beam', 'flink'],
  docs: `
Generates the events of the Nexmark benchmark for stream processors: people who join an auction house, the auctions that they open, and bids. Of 50 events 1 is a person, 3 are auctions, and 46 are bids. As in Apache Beam's generator, half of all bids are for one auction that is hot for a while, and three quarters come from one hot bidder.

| events | columns besides \`time\` |
|---|---|
| persons | \`id\`, \`name\`, \`email\`, \`credit_card\`, \`city\`, \`state\` |
| auctions | \`id\`, \`item\`, \`description\`, \`initial_bid\`, \`reserve\`, \`expires\`, \`seller\` (a person), \`category\` (10 to 14) |
| bids | \`auction\`, \`bidder\` (a person), \`price\`; with details \`channel\`, \`url\`, \`extra\` |
| all | \`kind\` (person, auction or bid) and all of these, null where the kind has none |

**Events** counts those of all kinds, so that sources of different kinds with the same params fit together. Times continue from **First time** by **Events a second**, however fast the events are generated. The events depend only on the seed: a run that resumes in the middle generates the same ones. Some bids name an auction or a person that is generated a little later.

**Details of bids** are those of the Nexmark suite for Flink: the channel of a bid (half of them Google, Facebook, Baidu or Apple, the others one of 10,000), the address of a page, often with the parameter \`channel_id\`, and as many letters as make a bid 100 bytes long on average. They do not change the other columns.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ endless }) => !endless,
  eventTime: { column: 'time', simulated: true },
  params: {
    events: f.choice({
      label: 'Kinds',
      default: 'all',
      options: [
        { value: 'all', label: 'All' },
        { value: 'bids', label: 'Bids' },
        { value: 'auctions', label: 'Auctions' },
        { value: 'persons', label: 'Persons' },
      ],
    }),
    details: f.boolean({
      label: 'Details of bids',
      help: 'Their channel, URL and extra text.',
      default: false,
      when: { param: 'events', is: ['all', 'bids'] },
    }),
    endless: f.boolean({ label: 'Never ends', default: false }),
    count: f.number({ label: 'Events', default: 10_000, min: 0, integer: true, when: { param: 'endless', is: [false] } }),
    rate: f.number({ label: 'Rate', default: 0, min: 0, unit: 'events/s', help: '0: as fast as the pipeline can.' }),
    eventRate: f.number({ label: 'Events a second, by their times', default: 10_000, min: 0.001, unit: 'events/s' }),
    start: f.text({ label: 'First time', default: '2015-07-15T00:00:00Z', advanced: true }),
    seed: f.number({ label: 'Seed', default: 1, integer: true, advanced: true }),
  },
  card: ({ events, endless, count, rate }) =>
    `${events === 'all' ? 'All' : events.charAt(0).toUpperCase() + events.slice(1)} of ${endless ? 'endless' : thousands(count)} events${rate > 0 ? ` at ${rate}/s` : ''}`,
  infer({ params }) {
    const outputs = { rows: schemaOf(params) };
    if (parseTimestamp(params.start) !== null) return { outputs };
    const problem = {
      code: 'params/timestamp',
      severity: 'error',
      message: `"${params.start}" is not a timestamp.`,
      hint: 'Write it as 2026-01-31T12:00:00Z.',
      field: 'start',
    } as const;
    return { outputs, problems: [problem] };
  },
  run({ params, batchSize, start, signal, sample }) {
    const { events, rate } = params;
    const makeBid = params.details ? detailedBid : bid;
    const makers = { person, auction, bid: makeBid };
    const empty: Row = Object.fromEntries(schemaOf(params).columns.map(({ name }) => [name, null]));
    const options: NexmarkOptions = { seed: params.seed, eventRate: params.eventRate, start: parseTimestamp(params.start) ?? 0 };
    const count = params.endless ? Number.POSITIVE_INFINITY : params.count;
    const pace = rate > 0 && !sample ? new Pace(rate, signal) : null;
    let made = (start as { readonly events: number } | null)?.events ?? 0;

    /** Up to this many events further; the rows of the wanted kinds. */
    const some = (most: number): Row[] => {
      const end = Math.min(made + most, count);
      const rows: Row[] = [];
      if (events === 'all')
        for (; made < end && rows.length < batchSize; made++) rows.push({ ...empty, kind: kindOf(made), ...makers[kindOf(made)](made, options) });
      else {
        const wanted = kinds[events];
        const make = makers[wanted];
        for (; made < end && rows.length < batchSize; made++) if (kindOf(made) === wanted) rows.push(make(made, options));
      }
      return rows;
    };
    const paced = async (dealer: Pace) => {
      while (made < count) {
        const most = await dealer.next(batchSize);
        if (most === 0) return null;
        const rows = some(most);
        if (rows.length > 0) return { rows };
      }
      return null;
    };
    const read = () => {
      while (made < count) {
        const rows = some(looks);
        if (rows.length > 0) return { rows };
      }
      return null;
    };
    return {
      read: () => (pace ? paced(pace) : read()),
      position: (): Json => ({ events: made }),
      progress: () => ({ done: made, total: params.endless ? null : count, unit: 'rows' }),
      close: () => pace?.close(),
    };
  },
  examples: [
    {
      title: 'The first bids',
      params: { events: 'bids', count: 7 },
      outputs: {
        rows: [
          { time: 1436918400000, auction: 1009, bidder: 1001, price: 4779639 },
          { time: 1436918400000, auction: 1000, bidder: 1002, price: 3220021 },
          { time: 1436918400000, auction: 1007, bidder: 1001, price: 384101 },
        ],
      },
    },
    {
      title: 'The first person',
      params: { events: 'persons', count: 50 },
      outputs: {
        rows: [
          {
            time: 1436918400000,
            id: 1000,
            name: 'Vicky Shultz',
            email: 'eoa@aza.com',
            credit_card: '5463 7440 4866 4816',
            city: 'Portland',
            state: 'WA',
          },
        ],
      },
    },
  ],
});

function schemaOf({ events, details }: { readonly events: Events; readonly details: boolean }): Schema {
  return details ? { columns: [...schemas[events].columns, ...detailsOf[events]] } : schemas[events];
}
