/** Sinks of runs that commit with each checkpoint: killed with SIGKILL, and on a disk that fills up. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DisturbedRun, until } from '../kill/disturbed-run.ts';
import { type Chain, Trial } from './trial.ts';

let trial: Trial;
const running: DisturbedRun[] = [];
beforeEach(() => {
  trial = new Trial();
});
afterEach(async () => {
  for (const run of running.splice(0)) await run.killGroup();
  trial.remove();
});

const rows = 4000;
const paced: Chain[number] = ['source', 'generator', { count: rows, rate: 2000 }];
const atOnce: Chain[number] = ['source', 'generator', { count: rows }];

function open(chain: Chain): DisturbedRun {
  trial.write('trial.millrace.json', trial.textOf(chain));
  const run = new DisturbedRun(trial.at('trial.millrace.json'), trial.at('data'), ['--commit', 'checkpoint', '--checkpoint-every', '100ms']);
  running.push(run);
  return run;
}
const size = (name: string) => statSync(trial.at(name), { throwIfNoEntry: false })?.size ?? 0;
const tableRows = (name: string) => {
  const database = new Sqlite(trial.at(name), { readonly: true, timeout: 60_000 });
  try {
    return database.prepare('SELECT * FROM t ORDER BY rowid').all();
  } finally {
    database.close();
  }
};
const columns = 'time TIMESTAMP, sensor TEXT, region TEXT, temperature REAL, humidity REAL, status TEXT';
const tableFromBefore = (name: string) => {
  const database = new Sqlite(trial.at(name));
  database.exec(`CREATE TABLE t (${columns}); INSERT INTO t (sensor) VALUES ('from before')`);
  database.close();
};

interface Kind {
  readonly name: string;
  readonly file: string;
  readonly sink: Chain[number];
  readonly before?: () => void;
  readonly content: () => unknown;
}
const table = (params: { readonly [name: string]: string | readonly string[] }): Chain[number] => [
  'sink',
  'sqlite-table',
  { path: 'out.db', table: 't', ...params } as never,
];
const text = () => readFileSync(trial.at('out.txt'), 'utf8');
const kinds: readonly Kind[] = [
  { name: 'SQLite, replaced', file: 'out.db', sink: table({ mode: 'replace' }), before: () => tableFromBefore('out.db'), content: () => tableRows('out.db') },
  { name: 'SQLite, appended', file: 'out.db', sink: table({ mode: 'append' }), before: () => tableFromBefore('out.db'), content: () => tableRows('out.db') },
  { name: 'SQLite, by key', file: 'out.db', sink: table({ mode: 'upsert', keys: ['sensor'] }), content: () => tableRows('out.db') },
  { name: 'CSV', file: 'out.txt', sink: ['sink', 'csv-output', { path: 'out.txt' }], before: () => trial.write('out.txt', 'from before\n'), content: text },
  { name: 'CSV, at once', file: 'out.txt', sink: ['sink', 'csv-output', { path: 'out.txt', visible: 'at-once' }], content: text },
  {
    name: 'JSON Lines, appended',
    file: 'out.txt',
    sink: ['sink', 'jsonl-output', { path: 'out.txt', mode: 'append' }],
    before: () => trial.write('out.txt', '{"sensor":"from before"}\n'),
    content: text,
  },
  {
    name: 'JSON Lines, gzip',
    file: 'out.txt',
    sink: ['sink', 'jsonl-output', { path: 'out.txt', compress: true }],
    content: () => gunzipSync(readFileSync(trial.at('out.txt'))).toString(),
  },
];

test.each(kinds)('killed twice and gone on: $name', async ({ file, sink, before, content }) => {
  before?.();
  expect((await trial.run([atOnce, sink])).state).toBe('done');
  const wanted = content();
  rmSync(trial.at(file));
  before?.();
  const run = open([paced, sink]);
  for (const wait of [150, 333]) {
    const old = size(file);
    run.start();
    const seen = file === 'out.db' ? () => existsSync(trial.at(file)) && markers() > 0 : () => size(file) !== old;
    await until(seen, () => run.words);
    await sleep(wait);
    await run.killGroup();
  }
  run.start();
  expect(await run.ended(), run.words).toBe(0);
  expect(run.words).toContain('from checkpoint');
  expect(content()).toEqual(wanted);
  expect(readdirSync(trial.folder).sort()).toEqual(['data', file, 'trial.millrace.json']);
});

function markers(): number {
  const database = new Sqlite(trial.at('out.db'), { readonly: true, timeout: 60_000 });
  try {
    return (database.prepare('SELECT max(checkpoint) AS last FROM _millrace_commits').get() as { last: number | null }).last ?? 0;
  } catch {
    return 0;
  } finally {
    database.close();
  }
}

describe('a disk that fills up (where root may mount)', () => {
  const sinks: readonly (readonly [string, string, Chain[number], () => readonly string[]])[] = [
    ['SQLite', 'out.db', ['sink', 'sqlite-table', { path: 'disk/out.db', table: 't' }], () => tableRows('disk/out.db').map((row) => JSON.stringify(row))],
    ['CSV', 'out.csv', ['sink', 'csv-output', { path: 'disk/out.csv' }], () => readFileSync(trial.at('disk/out.csv'), 'utf8').split('\n')],
    [
      'JSON Lines at once',
      'out.jsonl',
      ['sink', 'jsonl-output', { path: 'disk/out.jsonl', visible: 'at-once' }],
      () => readFileSync(trial.at('disk/out.jsonl'), 'utf8').split('\n'),
    ],
  ];
  test.for(sinks)('%s: told, and nothing is missing or twice once there is room', async ([, file, sink, content], { skip }) => {
    const disk = trial.at('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return skip('mounting a file system is not allowed here');
    }
    try {
      const run = open([['source', 'generator', { count: 20_000, rate: 20_000 }], sink]);
      run.start();
      // It is tried again by itself, in the hope that somebody makes room.
      await until(
        () => run.words.includes('The disk is full') || !run.isAlive,
        () => run.words,
      );
      await run.killGroup();
      expect(run.words).toContain('The disk is full');
      execFileSync('mount', ['-o', 'remount,size=20m', disk]);
      run.start();
      expect(await run.ended(), run.words).toBe(0);
      const all = content();
      expect(readdirSync(disk)).toEqual([file]);
      rmSync(join(disk, file));
      expect((await trial.run([['source', 'generator', { count: 20_000 }], sink])).state).toBe('done');
      expect(all).toEqual(content());
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
