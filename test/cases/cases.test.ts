/**
 * Other people's files, as the command line reads them. Each folder beside this file is a case, named after what is in it:
 * - `p.millrace.json`, which is run in a copy of the folder, and its data; `x.db.sql` is made into the database `x.db` first
 * - `expected/exit`: the exit code; where there is no such file 0, or that of Ctrl+C where a drive has ended
 * - `expected/stderr`: each line of it is to be found in what the run says
 * - `expected/x.db.t.jsonl`: the rows of table `t` in `x.db` afterwards, in their order, one JSON list a line
 * - `expected/stdout`: what the run prints; one that never ends is stopped once that is there
 * - `drive.ts`: does what happens while it runs (driven-run.ts); `expected/stdout` are then all rows that came out, and
 *   `expected/answers` what HTTP in answered, one status and body a line
 * - any other file of `expected/` is what the run leaves under that name, byte for byte
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace } from '../command-line.ts';
import { type Drive, DrivenRun } from './driven-run.ts';

/** The exit code of a run that Ctrl+C has stopped with a checkpoint. */
const stopped = 130;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cases-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const cases = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

test.concurrent.each(cases)('%s', async (name) => {
  const place = join(folder, name);
  cpSync(join(import.meta.dirname, name), place, { recursive: true });
  for (const script of readdirSync(place).filter((file) => file.endsWith('.db.sql'))) {
    const database = new Sqlite(join(place, script.slice(0, -'.sql'.length)));
    database.exec(readFileSync(join(place, script), 'utf8'));
    database.close();
  }
  const expected = (file: string): string => readFileSync(join(place, 'expected', file), 'utf8');
  const files = existsSync(join(place, 'expected')) ? readdirSync(join(place, 'expected')) : [];
  const isDriven = existsSync(join(place, 'drive.ts'));
  const prints = files.includes('stdout') ? expected('stdout') : null;
  const { code, output, errors } = isDriven ? await driven(name, place) : await run(place, prints);
  // The summary comes after.
  if (prints !== null) expect(isDriven ? output : output.slice(0, prints.length), errors).toBe(prints);

  const lines = files.includes('stderr') ? expected('stderr').trimEnd().split('\n') : [];
  for (const line of lines) expect(errors).toContain(line);
  expect(code, errors).toBe(files.includes('exit') ? Number(expected('exit')) : isDriven ? stopped : 0);
  for (const file of files.filter((each) => !['exit', 'stderr', 'stdout'].includes(each))) {
    const [, database, table] = /^(.*\.db)\.(.*)\.jsonl$/.exec(file) ?? [];
    const found = database && table ? rowsOf(join(place, database), table) : readFileSync(join(place, file), 'utf8');
    expect(found, file).toBe(expected(file));
  }
});

interface Printed {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Ctrl+C once it has printed this. */
function run(folder: string, prints: string | null): Promise<Printed> {
  return millrace(['run', 'p.millrace.json'], folder, {}, prints === null ? undefined : (output, stop) => output.length >= prints.length && stop());
}

/** Puts the answers beside the case's files. */
async function driven(name: string, place: string): Promise<Printed> {
  const { default: drive } = (await import(`./${name}/drive.ts`)) as { readonly default: Drive };
  const run = new DrivenRun(place);
  let code: number | null = null;
  try {
    await drive(run);
  } finally {
    code = await run.stop();
  }
  writeFileSync(join(place, 'answers'), run.answers);
  const output = run.rows().map((row) => `${row}\n`);
  return { code, output: output.join(''), errors: run.errors };
}

function rowsOf(path: string, table: string): string {
  const database = new Sqlite(path, { readonly: true });
  try {
    const rows = database.prepare(`SELECT * FROM "${table}" ORDER BY rowid`).raw().all();
    return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  } finally {
    database.close();
  }
}
