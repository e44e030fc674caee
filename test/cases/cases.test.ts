/**
 * Other people's files, as the command line reads them. Each folder beside this file is a case, named after what is in it:
 * - `p.millrace.json`, which is run in a copy of the folder, and its data; `x.db.sql` is made into the database `x.db` first
 * - `expected/exit`: the exit code, 0 where there is no such file
 * - `expected/stderr`: each line of it is to be found in what the run says
 * - `expected/x.db.t.jsonl`: the rows of table `t` in `x.db` afterwards, in their order, one JSON list a line
 * - `expected/stdout`: what the run prints; one that never ends is stopped once that is there
 * - any other file of `expected/` is what the run leaves under that name, byte for byte
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace } from '../command-line.ts';

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
  const prints = files.includes('stdout') ? expected('stdout') : null;
  const { code, output, errors } = await run(place, prints);
  // The summary comes after.
  if (prints !== null) expect(output.slice(0, prints.length), errors).toBe(prints);

  const lines = files.includes('stderr') ? expected('stderr').trimEnd().split('\n') : [];
  for (const line of lines) expect(errors).toContain(line);
  expect(code, errors).toBe(files.includes('exit') ? Number(expected('exit')) : 0);
  for (const file of files.filter((each) => !['exit', 'stderr', 'stdout'].includes(each))) {
    const [, database, table] = /^(.*\.db)\.(.*)\.jsonl$/.exec(file) ?? [];
    const found = database && table ? rowsOf(join(place, database), table) : readFileSync(join(place, file), 'utf8');
    expect(found, file).toBe(expected(file));
  }
});

/** Ctrl+C once it has printed this. */
function run(folder: string, prints: string | null): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  return millrace(['run', 'p.millrace.json'], folder, {}, prints === null ? undefined : (output, stop) => output.length >= prints.length && stop());
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
