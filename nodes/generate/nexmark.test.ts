import { readSource } from '@millrace/kit/testing/read-source';
import { expect, it } from 'vitest';
import nexmark from './nexmark.ts';

const read = (params: { readonly [param: string]: unknown }, options: Parameters<typeof readSource>[3] = {}) => readSource(nexmark, '.', params, options);
const share = <T>(list: readonly T[], test: (item: T) => boolean) => list.filter(test).length / list.length;

it('makes the same events for the same seed, in any batches and from any position', async () => {
  for (const events of ['all', 'bids', 'auctions', 'persons']) {
    const { rows, positions } = await read({ events, count: 3000 }, { batchSize: 100 });
    expect((await read({ events, count: 3000 }, { batchSize: 7 })).rows).toEqual(rows);
    const cut = positions[positions.length >> 1]!;
    expect((await read({ events, count: 3000 }, { start: cut.position })).rows).toEqual(rows.slice(cut.rows));
    expect((await read({ events, count: 3000, seed: 2 })).rows).not.toEqual(rows);
  }
});

it('has 1 person, 3 auctions and 46 bids of 50, alone as in one stream', async () => {
  const all = (await read({ count: 5000 })).rows;
  for (const [events, kind, count] of [
    ['persons', 'person', 100],
    ['auctions', 'auction', 300],
    ['bids', 'bid', 4600],
  ]) {
    const alone = await read({ events, count: 5000 });
    const names = alone.schema!.columns.map(({ name }) => name);
    const picked = all.filter((row) => row['kind'] === kind).map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
    expect(picked).toEqual(alone.rows);
    expect(alone.rows).toHaveLength(Number(count));
  }
});

it('numbers people and auctions one after the other, and refers to some that are there or come soon', async () => {
  const events = { count: 50_000 };
  const people = (await read({ ...events, events: 'persons' })).rows.map((row) => row['id'] as number);
  const auctions = (await read({ ...events, events: 'auctions' })).rows;
  const bids = (await read({ ...events, events: 'bids' })).rows;
  expect(people).toEqual(people.map((_, i) => 1000 + i));
  expect(auctions.map((row) => row['id'])).toEqual(auctions.map((_, i) => 1000 + i));
  const last = people.at(-1)! + 10;
  for (const row of auctions) {
    expect(row['seller']).toBeLessThanOrEqual(last);
    expect(row['expires']).toBeGreaterThan(row['time'] as number);
    expect(row['reserve']).toBeGreaterThan(row['initial_bid'] as number);
  }
  const hot = (row: (typeof bids)[number]) => ((row['auction'] as number) - 1000) % 100 === 0;
  expect(share(bids, hot)).toBeCloseTo(0.5, 1);
  expect(share(bids, (row) => ((row['bidder'] as number) - 1000) % 100 === 1)).toBeCloseTo(0.75, 1);
  const prices = bids.map((row) => row['price'] as number);
  expect(Math.min(...prices)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...prices)).toBeLessThanOrEqual(100_000_000);
  expect(share(prices, (price) => price < 100_000)).toBeCloseTo(0.5, 1);
});

it('counts its times by the rate of events', async () => {
  const { rows } = await read({ count: 4, eventRate: 2, start: '2026-01-01T00:00:00Z' });
  expect(rows.map((row) => (row['time'] as number) - Date.UTC(2026, 0, 1))).toEqual([0, 500, 1000, 1500]);
});

it('makes events at a rate, also where few of them are wanted', async () => {
  const started = performance.now();
  const { rows } = await read({ events: 'persons', count: 101, rate: 500 });
  expect(rows).toHaveLength(3);
  expect(performance.now() - started).toBeGreaterThan(180);
});

it('says when its first time is none', async () => {
  expect((await read({ start: 'soon', count: 0 })).problems).toMatchObject([{ field: 'start', severity: 'error' }]);
});

it('adds details to bids without changing them', async () => {
  const bids = { events: 'bids', count: 50_000 };
  const plain = (await read(bids)).rows;
  const { rows, schema } = await read({ ...bids, details: true });
  expect(schema!.columns.map(({ name }) => name)).toEqual(['time', 'auction', 'bidder', 'price', 'channel', 'url', 'extra']);
  expect(rows.map(({ time, auction, bidder, price }) => ({ time, auction, bidder, price }))).toEqual(plain);
  const texts = rows as unknown as { readonly channel: string; readonly url: string; readonly extra: string }[];
  expect(share(texts, ({ channel }) => ['Google', 'Facebook', 'Baidu', 'Apple'].includes(channel))).toBeCloseTo(0.5, 1);
  expect(share(texts, ({ channel, url }) => channel.startsWith('channel-') && !url.includes('&channel_id='))).toBeCloseTo(0.05, 2);
  const urls = new Map<string, string>();
  for (const { channel, url, extra } of texts) {
    expect(url).toMatch(/^https:\/\/www\.nexmark\.com\/\w{3,4}\/\w{3,4}\/\w{3,4}\/item\.htm\?query=1(&channel_id=\d+)?$/);
    expect(extra).toMatch(/^[a-z]{54,81}$/);
    if (urls.has(channel)) expect(urls.get(channel)).toBe(url);
    urls.set(channel, url);
  }
  const all = (await read({ count: 100, details: true })).rows;
  expect(all.find(({ kind }) => kind === 'bid')).toMatchObject({ channel: texts[0]!.channel, extra: texts[0]!.extra, name: null });
  expect(all.find(({ kind }) => kind === 'person')).toMatchObject({ channel: null, url: null, extra: null });
});
