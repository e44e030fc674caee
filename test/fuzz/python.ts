/** Independent readers in Python, one process for many cases. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';

const script = join(import.meta.dirname, 'readers.py');
const probe = spawnSync('python3', [script, '--has'], { encoding: 'utf8' });

/** What there is to compare with: `python` (3.11 or later) and `duckdb`, where `pip install duckdb` has put it. */
export const has = { python: probe.status === 0, duckdb: probe.status === 0 && probe.stdout.includes('duckdb') };
if (!has.duckdb)
  console.warn(`No comparison with ${has.python ? 'DuckDB: python3 has no module duckdb' : 'Python and DuckDB: no python3 of version 3.11 or later'}.`);

/** The answers to requests, in their order. `reader` is a function of readers.py, which says what it takes and gives. */
export function askPython<T>(reader: string, requests: readonly unknown[]): T[] {
  const { stdout, stderr, status } = spawnSync('python3', [script, reader], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`readers.py ${reader}: ${stderr}`);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

/** Cases drawn by the seed of this run, which is told so that they can be drawn again: MILLRACE_SEED=<seed>. */
export function drawn<T>(arbitrary: fc.Arbitrary<T>, count: number): { readonly seed: number; readonly cases: readonly T[] } {
  const seed = fc.readConfigureGlobal()?.seed ?? Math.floor(Math.random() * 2 ** 31);
  return { seed, cases: fc.sample(arbitrary, { numRuns: count, seed }) };
}

/** Throws with the first differences, and how to see them again. */
export function expectNone(differences: readonly string[], seed: number): void {
  if (differences.length === 0) return;
  throw new Error(`${differences.length} differences (again with MILLRACE_SEED=${seed}):\n${differences.slice(0, 5).join('\n')}`);
}
