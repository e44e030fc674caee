/** Bad input of every kind, through the real engine: each is told with node, place and hint, and an existing output stays as it was. */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Problem } from '../../model/problems/problem.ts';
import { type Chain, expectProblem, Trial } from './trial.ts';

const isRoot = process.getuid?.() === 0;
type Wanted = Parameters<typeof expectProblem>[1];

let trial: Trial;
beforeEach(() => {
  trial = new Trial();
});
afterEach(() => {
  vi.unstubAllEnvs();
  trial.remove();
});

const table: Chain[number] = ['sink', 'sqlite-table', { path: 'out.db', table: 'kept' }];
/** Runs, expects failure, and that the database and the folder are as they were. */
async function expectRefusal(chain: Chain, wanted: Wanted): Promise<Problem> {
  const before = trial.tables();
  const files = readdirSync(trial.folder);
  const { code, state, problems } = await trial.run(chain);
  const [first] = problems.filter(({ severity }) => severity === 'error');
  expectProblem(first, wanted);
  expect([code, state]).toEqual(state === 'refused' ? [2, 'refused'] : [1, 'failed']);
  expect(trial.tables()).toEqual(before);
  expect(readdirSync(trial.folder).filter((name) => name !== 'trial.millrace.json')).toEqual(files);
  return first!;
}

describe('sources', () => {
  const goodLines = (count: number) => Array.from({ length: count }, (_, i) => `${i},name ${i}\n`).join('');
  const csv = (content: string | Uint8Array, params = {}) => {
    trial.write('in.csv', content);
    return ['source', 'csv-file', { path: 'in.csv', ...params }] as const;
  };
  const jsonl = (content: string) => {
    trial.write('in.jsonl', content);
    return ['source', 'jsonl-file', { path: 'in.jsonl' }] as const;
  };
  const gzip = gzipSync(`id,name\n${goodLines(200_000)}`);

  const cases: readonly { readonly name: string; readonly source: () => Chain[number]; readonly wanted: Wanted; readonly line?: number }[] = [
    {
      name: 'a missing CSV file',
      source: () => ['source', 'csv-file', { path: 'no.csv' }],
      wanted: { code: 'file/missing', field: 'path', message: /no\.csv/ },
    },
    {
      name: 'a missing JSON Lines file',
      source: () => ['source', 'jsonl-file', { path: 'no.jsonl' }],
      wanted: { code: 'file/missing', field: 'path', message: /no\.jsonl/ },
    },
    {
      name: 'a missing SQLite file',
      source: () => ['source', 'sqlite-query', { path: 'no.db', table: 't' }],
      wanted: { code: 'file/missing', field: 'path', message: /no\.db/ },
    },
    {
      name: 'a pattern that no file matches',
      source: () => ['source', 'csv-file', { path: 'data-*.csv' }],
      wanted: { code: 'file/missing', field: 'path', message: /data-\*\.csv/ },
    },
    {
      name: 'a folder',
      source: () => {
        mkdirSync(trial.at('in'));
        return ['source', 'csv-file', { path: 'in' }];
      },
      wanted: { code: 'file/directory', field: 'path', message: /folder|directory/ },
    },
    { name: 'a gzip file that is cut off', source: () => csv(gzip.subarray(0, gzip.length >> 1)), wanted: { code: 'file/gzip', message: /in\.csv/ } },
    {
      name: 'a gzip file with a wrong checksum',
      source: () => csv(Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8, 7)])),
      wanted: { code: 'file/gzip', message: /in\.csv/ },
    },
    { name: 'too few fields', source: () => csv(`id,name\n${goodLines(1500)}7\n${goodLines(5)}`), wanted: { message: /1 field|fields/ }, line: 1502 },
    { name: 'too many fields', source: () => csv(`id,name\n${goodLines(1500)}7,a,b\n${goodLines(5)}`), wanted: { message: /3 fields|fields/ }, line: 1502 },
    { name: 'text behind a closing quote', source: () => csv('id,name\n1,a\n2,"b"c\n3,d\n'), wanted: { message: /quote/ }, line: 3 },
    { name: 'a quote that is never closed', source: () => csv('id,name\n1,a\n2,"b\n3,d\n'), wanted: { message: /quote/ }, line: 3 },
    { name: 'an unknown encoding', source: () => csv('id,name\n1,a\n', { encoding: 'klingon-8' }), wanted: { field: 'encoding', message: /klingon-8/ } },
    {
      name: 'bytes that are no text in the encoding',
      source: () => csv(Buffer.from('id,name\n1,a\n2,\xff\xfe\n', 'latin1')),
      wanted: { message: /UTF-8|encoding/ },
      line: 3,
    },
    { name: 'NUL bytes', source: () => csv(`id,name\n1,a\n2,b\0c\n`), wanted: { message: /NUL/ }, line: 3 },
    {
      name: 'a value of another type far down',
      source: () => csv(`id,name\n${goodLines(1500)}x,y\n${goodLines(8000)}`),
      wanted: { message: /"x"/ },
      line: 1502,
    },
    { name: 'a line that is not JSON', source: () => jsonl('{"id":1,"name":"a"}\n{"id":2,"name":\n'), wanted: { message: /JSON/ }, line: 2 },
    { name: 'a line that is no object', source: () => jsonl('{"id":1,"name":"a"}\n[2]\n'), wanted: { message: /object/ }, line: 2 },
  ];

  test.each(cases)('$name', async ({ source, wanted, line }) => {
    const node = source();
    trial.database();
    const problem = await expectRefusal([node, table], { node: 'source', ...wanted });
    if (line !== undefined) expect(problem.position).toMatchObject({ source: expect.stringContaining(`in.`), line });
  });

  test('a line of 100 MB', async () => {
    const file = openSync(trial.at('in.csv'), 'w');
    writeSync(file, `id,name\n${goodLines(10)}7,`);
    for (let i = 0; i < 100; i++) writeSync(file, Buffer.alloc(1 << 20, 120));
    writeSync(file, '\n8,after\n');
    closeSync(file);
    trial.database();
    const problem = await expectRefusal([['source', 'csv-file', { path: 'in.csv' }], table], { node: 'source', message: /MB|long/ });
    expect(problem.position).toMatchObject({ line: 12 });
    // Reading goes on behind it where the policy says so.
    const { state } = await trial.run([['source', 'csv-file', { path: 'in.csv' }, 'skip'], table]);
    expect(state).toBe('done');
    expect(trial.tables()).toMatchObject([{ rows: { length: 11, 10: { id: 8, name: 'after' } } }]);
  });

  test.skipIf(isRoot)('an unreadable file (not as root)', async () => {
    const node = csv('id\n1\n');
    chmodSync(trial.at('in.csv'), 0);
    trial.database();
    await expectRefusal([node, table], { node: 'source', code: 'file/unreadable', message: /in\.csv/ });
  });
});

describe('snippets and expressions', () => {
  const generator: Chain[number] = ['source', 'generator', { count: 3000 }];
  const code = (body: string) => ['step', 'code', { code: `export default function step(row: Row) {\n${body}\n}\n` }] as const;

  const cases: readonly { readonly name: string; readonly body: string; readonly wanted: Wanted; readonly line: number }[] = [
    { name: 'a syntax error', body: '  return { ...row, x: };', wanted: { field: 'code', message: /./ }, line: 2 },
    {
      name: 'a type error: a column that is not there',
      body: '  return { ...row, x: row.temprature };',
      wanted: { field: 'code', message: /temprature/ },
      line: 2,
    },
    {
      name: 'a throw on one row',
      body: '  const sensor = row.sensor;\n  if (time.iso(row.time).includes("00:25:00")) throw new Error("not at that hour");\n  return { sensor };',
      wanted: { field: 'code', message: /not at that hour/ },
      line: 3,
    },
  ];
  test.each(cases)('$name', async ({ body, wanted, line }) => {
    trial.database();
    const problem = await expectRefusal([generator, code(body), table], { node: 'step', ...wanted });
    expect(problem.range).toMatchObject({ line });
    expect(problem.range!.column).toBeGreaterThan(0);
  });

  test('a throw names the row that it was for', async () => {
    trial.database();
    const problem = await expectRefusal(
      [generator, code('  if (row.sensor.endsWith("7")) throw new Error("seven");\n  return { sensor: row.sensor };'), table],
      {
        node: 'step',
        message: /seven/,
      },
    );
    expect(problem.row).toMatchObject({ sensor: expect.stringMatching(/7$/) });
  });

  test('a promise', async () => {
    trial.database();
    await expectRefusal(
      [generator, ['step', 'code', { code: 'export default async function step(row: Row) {\n  return { sensor: row.sensor };\n}\n' }], table],
      {
        node: 'step',
        field: 'code',
        message: /promise|async/i,
      },
    );
  });

  test('something that is no row', async () => {
    trial.database();
    await expectRefusal(
      [generator, ['step', 'code', { code: 'export default function step(row: Row) {\n  return row.sensor as any;\n}\n', columns: [{ name: 'a' }] }], table],
      {
        node: 'step',
        field: 'code',
        message: /row/,
      },
    );
  });

  test('an endless loop', async () => {
    trial.database();
    vi.stubEnv('MILLRACE_CALL_LIMIT_MS', '1500');
    await expectRefusal([generator, code('  if (row.sensor.endsWith("7")) while (true);\n  return { sensor: row.sensor };'), table], {
      node: 'step',
      field: 'code',
      message: /long|loop|end/,
    });
  });

  test('an endless loop leaves no unfinished file behind', async () => {
    trial.write('out.csv', 'from before\n');
    trial.database();
    vi.stubEnv('MILLRACE_CALL_LIMIT_MS', '1500');
    const body = '  if (row.sensor.endsWith("7")) while (true);\n  return { sensor: row.sensor };';
    await expectRefusal([generator, code(body), ['sink', 'csv-output', { path: 'out.csv' }]], { node: 'step', message: /./ });
    expect(readFileSync(trial.at('out.csv'), 'utf8')).toBe('from before\n');
  });

  test('an expression with a column that is not there', async () => {
    trial.database();
    await expectRefusal([generator, ['step', 'filter', { mode: 'expression', where: 'row.hotness > 3' }], table], {
      node: 'step',
      field: 'where',
      message: /hotness/,
    });
  });
});

describe('SQLite outputs', () => {
  const generator: Chain[number] = ['source', 'generator', { count: 3000 }];

  test('locked by another program', async () => {
    trial.database();
    const other = new Sqlite(trial.at('out.db'));
    other.exec('BEGIN IMMEDIATE');
    const { code, problems } = await trial.run([generator, table]);
    other.exec('ROLLBACK');
    other.close();
    expect(code).toBe(1);
    expectProblem(problems[0], { node: 'sink', code: 'sqlite/locked', field: 'path', message: /out\.db/ });
    expect(trial.tables()).toMatchObject([{ rows: [{ id: 1 }] }]);
  });

  test('not a database', async () => {
    trial.write('out.db', 'Dear diary, this is no database. '.repeat(100));
    const before = trial.snapshot('out.db');
    const { code, problems } = await trial.run([generator, table]);
    expect(code).toBe(1);
    expectProblem(problems[0], { node: 'sink', code: 'sqlite/not-a-database', field: 'path', message: /out\.db/ });
    expect(trial.snapshot('out.db')).toEqual(before);
  });

  test('a table with other columns', async () => {
    trial.database();
    await expectRefusal([generator, ['sink', 'sqlite-table', { path: 'out.db', table: 'kept', mode: 'append' }]], {
      node: 'sink',
      code: 'sqlite/other-columns',
      field: 'table',
      message: /"time".*"sensor"/,
    });
  });

  test('a row that breaks a constraint', async () => {
    const database = new Sqlite(trial.at('out.db'));
    database.exec('CREATE TABLE kept (sensor TEXT PRIMARY KEY)');
    database.close();
    const select: Chain[number] = ['step', 'select', { columns: [{ column: 'sensor' }] }];
    const problem = await expectRefusal([generator, select, ['sink', 'sqlite-table', { path: 'out.db', table: 'kept', mode: 'append' }]], {
      node: 'sink',
      code: 'sqlite/constraint',
      message: /UNIQUE/,
    });
    expect(problem.row).toMatchObject({ sensor: expect.any(String) });
    const { state } = await trial.run([generator, select, ['sink', 'sqlite-table', { path: 'out.db', table: 'kept', mode: 'append' }, 'skip']]);
    expect(state).toBe('done');
    expect(trial.tables()).toMatchObject([{ rows: { length: 20 } }]);
  });

  test('a folder that does not exist, a folder in place of a file', async () => {
    for (const [path, code] of [
      ['no/out.db', 'file/folder-missing'],
      ['.', 'file/folder'],
    ] as const) {
      const { problems } = await trial.run([generator, ['sink', 'sqlite-table', { path, table: 't' }]]);
      expectProblem(problems[0], { node: 'sink', code, field: 'path', message: /./ });
    }
  });

  test.skipIf(isRoot)('a read-only file (not as root)', async () => {
    trial.database();
    chmodSync(trial.at('out.db'), 0o444);
    await expectRefusal([generator, table], { node: 'sink', code: 'file/denied', field: 'path', message: /out\.db/ });
  });
});

test('killed in the middle: outputs are as they were, and the next run tidies up', async () => {
  const unending: Chain[number] = ['source', 'generator', { count: 1_000_000_000 }];
  trial.database();
  trial.write('out.csv', 'from before\n');
  const before = trial.tables();
  const hasFile = (end: string) => () => readdirSync(trial.folder).some((name) => name.endsWith(end));
  await trial.kill([unending, table], hasFile('.db-journal'));
  await trial.kill([unending, ['sink', 'csv-output', { path: 'out.csv' }]], hasFile('.millrace-part'));
  expect(trial.tables()).toEqual(before);
  expect(readFileSync(trial.at('out.csv'), 'utf8')).toBe('from before\n');
  expect(readdirSync(trial.folder).filter((name) => name.endsWith('.millrace-part'))).toHaveLength(1);
  const one: Chain[number] = ['source', 'generator', { count: 1 }];
  await trial.run([one, ['sink', 'csv-output', { path: 'out.csv' }]]);
  await trial.run([one, table]);
  expect(readdirSync(trial.folder).sort()).toEqual(['out.csv', 'out.db', 'trial.millrace.json']);
});

test('a CSV file with another header is not appended to', async () => {
  const rows: Chain = [
    ['source', 'generator', { count: 2 }],
    ['step', 'select', { columns: [{ column: 'sensor' }, { column: 'status' }] }],
    ['sink', 'csv-output', { path: 'out.csv', mode: 'append' }],
  ];
  for (const [header, isSame] of [
    ['\ufeffsensor,status\r\n', true],
    ['sensor,status', true],
    ['sensor,status,more\n', false],
    ['status,sensor\n', false],
  ] as const) {
    trial.write('out.csv', header);
    const { state, problems } = await trial.run(rows);
    const text = readFileSync(trial.at('out.csv'), 'utf8');
    expect([state, text.startsWith(header), text.length > header.length]).toEqual([isSame ? 'done' : 'failed', true, isSame]);
    if (!isSame) expectProblem(problems[0], { node: 'sink', code: 'file/other-columns', field: 'path', message: /sensor,status/ });
  }
});

describe('disks', () => {
  /** A file system of its own at `disk`. Only root may mount one, and not everywhere. */
  const mounted = (skip: (note: string) => never, options: string): (() => void) => {
    const disk = trial.at('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return skip('mounting a file system is not allowed here');
    }
    return () => execFileSync('umount', [disk]);
  };
  const generator: Chain[number] = ['source', 'generator', { count: 100_000 }];
  const sinks: readonly (readonly [string, string, Chain[number]])[] = [
    ['SQLite, a new table in an old file', 'disk/out.db', ['sink', 'sqlite-table', { path: 'disk/out.db', table: 'new' }]],
    ['CSV, replaced', 'disk/out.csv', ['sink', 'csv-output', { path: 'disk/out.csv' }]],
    ['JSON Lines, appended', 'disk/out.jsonl', ['sink', 'jsonl-output', { path: 'disk/out.jsonl', mode: 'append' }]],
  ];

  test.for(sinks)('a full disk: %s (where root may mount)', async ([, file, sink], { skip }) => {
    const unmount = mounted(skip, 'size=1m');
    try {
      if (file.endsWith('.db')) trial.database(file);
      else trial.write(file, 'from before\n');
      const before = trial.snapshot(file);
      const { code, problems } = await trial.run([generator, sink]);
      expect(code).toBe(1);
      expectProblem(problems[0], { node: 'sink', code: 'file/disk-full', message: /full/ });
      expect(trial.snapshot(file)).toEqual(before);
      expect(readdirSync(trial.at('disk'))).toEqual([file.slice('disk/'.length)]);
    } finally {
      unmount();
    }
  });

  test('a read-only disk (where root may mount)', async ({ skip }) => {
    const unmount = mounted(skip, 'size=1m');
    try {
      trial.database('disk/out.db');
      execFileSync('mount', ['-o', 'remount,ro', trial.at('disk')]);
      for (const path of ['disk/out.db', 'disk/new.db']) {
        const { problems } = await trial.run([generator, ['sink', 'sqlite-table', { path, table: 'new' }]]);
        expectProblem(problems[0], { node: 'sink', code: 'file/denied', message: new RegExp(path) });
      }
      const { problems } = await trial.run([generator, ['sink', 'csv-output', { path: 'disk/out.csv' }]]);
      expectProblem(problems[0], { node: 'sink', code: 'file/denied', message: /out\.csv/ });
    } finally {
      unmount();
    }
  });
});
