/** What a stream that failed says of its outputs is what is in them. */
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rowsOf } from '../../engine/protocol/run-outputs.ts';
import { StreamTrial } from './stream-trial.ts';

let trial: StreamTrial;
beforeEach(() => {
  trial = new StreamTrial();
});
afterEach(() => trial.close());

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, id) => `{"id":${from + id}}\n`).join('');
const inTable = () => {
  const database = new Sqlite(trial.at('out.db'), { readonly: true, timeout: 60_000 });
  try {
    return (database.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n;
  } finally {
    database.close();
  }
};

test('rows that were taken back are not counted as written, in this run and in one that goes on', async () => {
  const code = 'export default function step(row: Row) {\n  if (row.id === 100) throw new Error("no");\n  return row;\n}';
  trial.write('in.jsonl', rows(0, 40));
  trial.pipeline(
    {
      source: ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl' }],
      step: ['code', { code }, 'stop'],
      out: ['jsonl-output', { path: 'out.jsonl' }],
      table: ['sqlite-table', { path: 'out.db', table: 't', mode: 'append' }],
    },
    ['source -> step', 'step -> out', 'step -> table'],
  );
  const run = trial.start();
  await run.until(() => trial.lines('out.jsonl').length === 40);
  trial.append('in.jsonl', rows(40, 101));
  expect(await run.ended()).toBe(1);
  for (const _ of ['the run', 'one that goes on and fails again']) {
    const { state, outputs } = trial.summary();
    expect(state).toBe('failed');
    expect(inTable()).toBe(trial.lines('out.jsonl').length);
    expect(outputs.map((output) => rowsOf(output).written)).toEqual([inTable(), inTable()]);
    expect((await trial.runs()).code).toBe(1);
  }
});
