/** A pipeline with every kind of state and sink that a crash could harm, and what its outputs hold. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { formatPipeline } from '../../engine/document/file.ts';
import type { Edge, Pipeline, PipelineNode } from '../../engine/document/pipeline.ts';
import { logColumns } from './rotations.ts';

/** Readings of the generator per second of wall clock, where it never ends and to reach a known end; each a second of event time. */
const readingsPerSecond = { endless: 2000, bounded: 20_000 };

const node = (type: string, params: PipelineNode['params']): PipelineNode => ({ type, typeVersion: 1, params });
const edge = (from: string, to: string, port = 'rows'): Edge => ({ from: { node: from, port: 'rows' }, to: { node: to, port } });

/** `readings` bounds the generator, for an undisturbed run to end where the other one did; null: it never ends. `feed` is where the orders come, and logs in a folder of theirs. */
export function writePipeline(folder: string, readings: number | null, feed: string): string {
  const orders = node('file-tail', {
    path: join(feed, 'orders*.jsonl'),
    format: 'jsonl',
    eventTime: 'column',
    timeColumn: 'at',
    outOfOrder: 5000,
    idleAfter: 60_000,
  });
  const pipeline: Pipeline = {
    name: 'Everything at once',
    parameters: {},
    nodes: {
      orders,
      // Goes nowhere else: it waits where it is ahead of the other one.
      again: orders,
      pairs: node('stream-join', { keys: [{ left: 'id', right: 'id' }], match: 'range', before: 1000, after: 1000 }),
      readings: node('generator', {
        ...(readings === null ? { endless: true, rate: readingsPerSecond.endless } : { count: readings, rate: readingsPerSecond.bounded }),
        sensors: 10,
        eventTime: 'column',
        timeColumn: 'time',
        outOfOrder: 1000,
      }),
      logs: node('file-tail', { path: join(feed, 'logs', '*.jsonl*'), types: logColumns }),
      balance: node('keyed-code', {
        keys: ['user'],
        code: `interface State { balance: number; orders: number }
export const initial: State = { balance: 0, orders: 0 };
export function onRow(row: Row, state: State, context: Context) {
  state.balance += row.amount;
  state.orders++;
  // A timer of its own each: one that is moved would fire before or after the move, as the rows happen to come.
  if (state.orders % 50 === 0) context.setTimer(row.at + 60_000, String(state.orders));
  return { id: row.id, user: row.user, balance: state.balance, orders: state.orders, alarm: false };
}
export function onTimer(timer: Timer, state: State, context: Context) {
  return { id: -timer.time, user: context.key.user, balance: null, orders: Number(timer.name), alarm: true };
}
`,
      }),
      once: node('dedupe', { keys: ['id'], within: 600_000 }),
      running: node('running-aggregate', {
        keys: ['sensor'],
        aggregations: [
          { function: 'sum', column: 'humidity', name: 'total' },
          { function: 'count', column: null, name: 'n' },
        ],
      }),
      minutes: node('aggregate', {
        groupBy: ['region'],
        window: 'tumbling',
        every: 60_000,
        aggregations: [
          { function: 'count', column: null, name: 'readings' },
          { function: 'average', column: 'humidity', name: 'humidity' },
        ],
      }),
      sessions: node('aggregate', {
        groupBy: ['user'],
        window: 'session',
        gap: 2000,
        aggregations: [{ function: 'sum', column: 'amount', name: 'spent' }],
      }),
      balances: node('sqlite-table', { path: 'one.db', table: 'balances', mode: 'append' }),
      raw: node('sqlite-table', { path: 'one.db', table: 'readings', mode: 'append' }),
      windows: node('sqlite-table', { path: 'two.db', table: 'minutes', mode: 'append' }),
      spending: node('sqlite-table', { path: 'two.db', table: 'sessions', mode: 'append' }),
      paired: node('sqlite-table', { path: 'two.db', table: 'pairs', mode: 'append' }),
      lines: node('jsonl-output', { path: 'kept.jsonl' }),
      seen: node('jsonl-output', { path: 'seen.jsonl' }),
      records: node('csv-output', { path: 'running.csv' }),
    },
    edges: [
      edge('orders', 'once'),
      edge('orders', 'pairs', 'left'),
      edge('again', 'pairs', 'right'),
      edge('pairs', 'paired'),
      edge('logs', 'seen'),
      edge('once', 'balance'),
      edge('once', 'lines'),
      edge('once', 'sessions'),
      edge('balance', 'balances'),
      edge('sessions', 'spending'),
      edge('readings', 'raw'),
      edge('readings', 'running'),
      edge('running', 'records'),
      edge('readings', 'minutes'),
      edge('minutes', 'windows'),
    ],
    layout: {},
  };
  const file = join(folder, 'everything.millrace.json');
  writeFileSync(file, formatPipeline(pipeline));
  return file;
}

/** Orders in order of time but for a few seconds, some of them twice. */
export function order(index: number): string {
  const original = index % 17 === 16 ? index - 3 : index;
  const at = Date.UTC(2026, 0, 1) + original * 100 + ((original * 7919) % 4000);
  return `${JSON.stringify({ id: original, at: new Date(at).toISOString(), user: `user-${(original * 31) % 7}`, amount: ((original * 37) % 1000) / 4 })}\n`;
}

/**
 * What was written, in an order of its own where interleaving decides on that of the rows. `inOrder`: of a run in one instance; several keep
 * the order for each key alone.
 */
export function outputs(folder: string, inOrder: boolean): { readonly [name: string]: readonly string[] } {
  const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  const table = (file: string, name: string) => {
    if (!existsSync(join(folder, file))) return [];
    const database = new Database(join(folder, file), { readonly: true, timeout: 60_000 });
    try {
      return sorted(database.prepare(`SELECT * FROM ${name}`).all());
    } finally {
      database.close();
    }
  };
  const lines = (file: string) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split('\n') : []);
  return {
    balances: table('one.db', 'balances'),
    readings: table('one.db', 'readings'),
    minutes: table('two.db', 'minutes'),
    sessions: table('two.db', 'sessions'),
    pairs: table('two.db', 'pairs'),
    orders: lines('kept.jsonl'),
    running: inOrder ? lines('running.csv') : lines('running.csv').sort(),
  };
}

/** Rows of a table, 0 while it is not there or locked. */
export function count(folder: string, file: string, name: string): number {
  if (!existsSync(join(folder, file))) return 0;
  const database = new Database(join(folder, file), { readonly: true, timeout: 1000 });
  try {
    return (database.prepare(`SELECT count(*) AS n FROM ${name}`).get() as { n: number }).n;
  } catch {
    return 0;
  } finally {
    database.close();
  }
}
