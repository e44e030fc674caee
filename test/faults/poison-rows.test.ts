/** Rows that nobody can handle, sent to a stream by a stranger: through the real command line. */
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, type Nodes, type StreamRun, StreamTrial } from './stream-trial.ts';

let trial: StreamTrial;
let port: number;
beforeEach(async () => {
  trial = new StreamTrial();
  port = await freePort();
});
afterEach(() => trial.close());

const second = 1000;
/** A whole minute of the past, so that no time is ahead of the clock. */
const past = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
const columns = [
  { column: 'id', type: 'integer' },
  { column: 'at', type: 'timestamp' },
];
const http = () => ({ port, columns, eventTime: 'column', timeColumn: 'at' });
const edges = ['source -> windows', 'windows -> out', 'windows.late -> late'];
const nodes = (onError?: 'stop'): Nodes => ({
  source: ['http-in', http(), onError],
  windows: ['aggregate', { window: 'tumbling', every: 10 * second, aggregations: [{ function: 'count', column: null, name: 'n' }] }],
  out: ['jsonl-output', { path: 'out.jsonl' }],
  late: ['jsonl-output', { path: 'late.jsonl' }],
});

async function post(...rows: readonly { readonly id: number; readonly at?: number }[]): Promise<void> {
  const body = rows.map(({ id, at }) => ({ id, ...(at !== undefined && { at: new Date(past + at * second).toISOString() }) }));
  const answer = await fetch(`http://127.0.0.1:${port}/rows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await answer.json()).toEqual({ accepted: rows.length });
}

const keptErrors = () => {
  const database = new DatabaseSync(trial.at('stream.errors.db'), { readOnly: true });
  try {
    return database.prepare('SELECT node, error FROM errors').all();
  } finally {
    database.close();
  }
};
/** Waits until the source has sent on so many rows: asked of the run's metrics. */
async function hasRead(run: StreamRun, rows: number): Promise<void> {
  await run.says(/Metrics are at/);
  const address = /Metrics are at (\S+)/.exec(run.words)![1]!;
  const text = async () => (await fetch(address)).text();
  const isSent = new RegExp(`^millrace_\\w*rows\\w*\\{[^}]*node="source"[^}]*direction="out"[^}]*port="rows"[^}]*\\} ${rows}$`, 'm');
  await expect.poll(text).toMatch(isSent);
}

const missing = { node: 'source', error: 'at is null, but every row needs an event time' };

test('a row without a time is kept, and the stream goes on: an open port takes what anybody sends', async () => {
  trial.pipeline(nodes(), edges);
  const run = trial.start(['--checkpoint-every', '500ms']);
  await run.says(/Takes rows at/);
  await post({ id: 1, at: 1 });
  await post({ id: 2 });
  // Whether or not another row ever comes.
  await expect.poll(keptErrors).toEqual([missing]);
  await post({ id: 3, at: 15 });
  await run.until(() => trial.lines('out.jsonl').length === 1);
  const summary = await run.stop('--drain');
  expect(summary.state).toBe('done');
  expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([1, 1]);
  expect(keptErrors()).toEqual([missing]);
});

test('a stream that stopped at a row can go on past it, and finds the same rows late as if it had never stopped', async () => {
  trial.pipeline(nodes('stop'), edges);
  // No checkpoint comes by itself between the requests: what was read since the first one is read again, in one batch.
  const run = trial.start(['--checkpoint-every', '1h', '--metrics', '0']);
  await run.says(/Takes rows at/);
  await post({ id: 0, at: 0 });
  await hasRead(run, 1);
  expect((await trial.millrace(['runs', 'checkpoint', 'stream.millrace.json'])).all).toMatch(/[Cc]heckpoint/);
  await post({ id: 1, at: 22 }, { id: 2, at: 100 });
  await hasRead(run, 3);
  await post({ id: 3, at: 60 });
  await hasRead(run, 4);
  await post({ id: 4 });
  expect(await run.ended()).toBe(1);
  expect(run.words).toContain('millrace run stream.millrace.json --keep-errors');

  const again = trial.start();
  expect(await again.ended()).toBe(1);
  expect(again.words).toContain(missing.error);

  const past = trial.start(['--keep-errors']);
  await past.until(() => trial.lines('late.jsonl').length > 0);
  expect((await past.stop('--drain')).state).toBe('done');
  expect(trial.json('out.jsonl').map(({ n }) => n)).toEqual([1, 1, 1]);
  expect(trial.json('late.jsonl').map(({ id }) => id)).toEqual([3]);
  expect(keptErrors()).toEqual([missing]);
});
