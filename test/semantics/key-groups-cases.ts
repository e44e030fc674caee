/** What the law of key groups is tried with: all examples of the catalogue, and what those do not have. */

import type { TransformDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import { completeParams } from '@millrace/kit/params';
import fc from 'fast-check';
import { expect } from 'vitest';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import keyedCode from '../../nodes/code/keyed-code.ts';
import fill from '../../nodes/columns/fill.ts';
import join from '../../nodes/joins/join.ts';
import streamJoin from '../../nodes/joins/stream-join.ts';
import pivot from '../../nodes/reshape/pivot.ts';
import dedupe from '../../nodes/rows/dedupe.ts';
import rateLimit from '../../nodes/rows/rate-limit.ts';
import topN from '../../nodes/rows/top-n.ts';
import { schema } from '../transform-trial.ts';
import { type Case, eventsOf, examples, resultOf } from './key-groups-law.ts';
import { timed } from './stream.ts';

const readings = timed(schema({ time: 'timestamp', sensor: 'string?', line: 'integer?', price: 'decimal?', level: 'integer?', word: 'string?' }), 'time');
const untimed = { columns: readings.columns };
const functions = ['count', 'sum', 'average', 'min', 'max', 'first', 'last', 'distinctCount', 'percentile'] as const;
const aggregations = [
  ...functions.map((name) => ({ name, function: name, column: 'level', percent: 50 })),
  ...(['min', 'last', 'distinctCount'] as const).map((name) => ({ name: `${name} word`, function: name, column: 'word' })),
];
const orders = timed(schema({ time: 'timestamp', id: 'integer?', part: 'string?', flag: 'boolean?', price: 'decimal?', a: 'integer' }), 'time');
const payments = timed(schema({ time: 'timestamp', id: 'integer?', part: 'string?', flag: 'boolean?', price: 'integer?', b: 'integer' }), 'time');

function of(definition: TransformDefinition<any>, title: string, params: Params, schemas: Case['schemas'] = { rows: readings }): Case {
  return { title: `${definition.type}: ${title}`, definition, params: completeParams(definition.params, params), schemas };
}

const windows: readonly Params[] = [
  { window: 'none' },
  { window: 'tumbling', every: 20 },
  { window: 'tumbling', every: 20, lateness: 25 },
  { window: 'tumbling', every: 20, early: 50 },
  { window: 'sliding', length: 30, every: 10, lateness: 25, early: 50 },
  { window: 'session', gap: 15 },
  { window: 'session', gap: 15, lateness: 25, early: 50 },
];
const groups = [['sensor'], ['sensor', 'line'], ['price']];
const aggregates = windows.flatMap((window) =>
  groups.map((groupBy) => of(aggregate, `${JSON.stringify(window)} by ${groupBy}`, { ...window, groupBy, aggregations })),
);

const matches: readonly Params[] = [
  { match: 'range', before: 12, after: 27 },
  { match: 'range', before: 600, after: 1100, lateness: 500 },
  { match: 'tumbling', every: 30 },
  { match: 'sliding', length: 45, every: 12, offset: 9, lateness: 18 },
  { match: 'session', gap: 15 },
  { match: 'session', gap: 12, lateness: 24 },
];
const pairs = [['id'], ['id', 'part', 'flag'], ['price']].map((names) => names.map((name) => ({ left: name, right: name })));
const joins = matches.flatMap((match) =>
  pairs.flatMap((keys) =>
    ['inner', 'outer'].map((kind) =>
      of(streamJoin, `${kind} ${JSON.stringify(match)} by ${keys.map(({ left }) => left)}`, { ...match, kind, keys }, { left: orders, right: payments }),
    ),
  ),
);
const lookups = pairs.flatMap((keys) =>
  ['fixed', 'changing'].map((table) => {
    const own = keys.map(({ left, right }) => ({ column: left, lookup: right }));
    return of(join, `${table} by ${keys.map(({ left }) => left)}`, { table, keys: own, kind: 'left', lateness: 10 }, { rows: orders, lookup: payments });
  }),
);

const deletions = pairs.slice(0, 1).map((keys) => {
  const own = keys.map(({ left, right }) => ({ column: left, lookup: right }));
  return of(
    join,
    'changing with deletions',
    { table: 'changing', keys: own, kind: 'left', lateness: 10, deletedColumn: 'flag' },
    { rows: orders, lookup: payments },
  );
});

const timers = `
export const initial = { count: 0 };
export function onRow(row, state, context) {
  state.count++;
  context.setTimer(row.time + 30, row.word ?? 'none');
  return { word: row.word, count: Number(state.count), time: row.time };
}
export function onTimer(timer, state, context) {
  if (state.count > 4) context.forget();
  return { word: timer.name, count: Number(state.count), time: timer.time };
}`;

/** With rows of other words than those that have columns. */
export const unlistedWords = of(pivot, 'unlisted', { keys: ['sensor'], column: 'word', values: [{ value: 'a' }], function: 'count' });

export const allCases: readonly Case[] = [
  ...examples,
  ...aggregates,
  ...joins,
  ...lookups,
  ...deletions,
  of(keyedCode, 'with timers', { keys: ['sensor', 'line'], code: timers, ttl: 60 }),
  of(dedupe, 'first', { keys: ['sensor', 'price'] }),
  of(dedupe, 'last', { keys: ['sensor', 'price'], keep: 'last' }),
  of(dedupe, 'first within', { keys: ['sensor', 'price'], within: 20 }),
  of(dedupe, 'last within', { keys: ['sensor', 'price'], keep: 'last', within: 20 }),
  of(topN, 'of all', { keys: ['sensor'], column: 'level', count: 2 }),
  of(topN, 'of windows', { keys: ['sensor', 'price'], column: 'level', count: 2, over: 'tumbling', every: 20 }),
  unlistedWords,
  of(rateLimit, 'at most N rows per interval', { keys: ['sensor', 'price'], count: 2, per: 20 }),
  of(rateLimit, 'by the clock', { keys: ['sensor'], count: 2, per: 20 }, { rows: untimed }),
  of(rateLimit, 'every Nth row', { mode: 'every', keys: ['sensor', 'line'], every: 3, ttl: 40 }),
  of(fill, 'that forgets', { keys: ['sensor'], columns: [{ column: 'level', with: 'previous' }], ttl: 30 }),
];

/** Reads the seed of the run: see property-seed.ts. */
export function expectLaw(each: Case, numRuns: number): void {
  const instances = fc.record({ count: fc.constantFrom(1, 2, 3, 5), by: fc.nat(7) });
  const division = fc.record({ cut: fc.nat(14), before: instances, after: instances, memory: fc.constantFrom(0, 600, Number.POSITIVE_INFINITY) });
  fc.assert(
    fc.property(eventsOf(each), division, (events, drawn) => {
      const divided = resultOf(each, events, { ...drawn, cut: Math.min(drawn.cut, events.length) });
      expect(divided).toEqual(resultOf(each, events, null));
    }),
    { numRuns },
  );
}
