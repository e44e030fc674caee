/** Other programs that do some of the jobs. They are measured in the same run where they are found. */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Peer {
  /** Of the table, and of its output. */
  readonly name: string;
  /** The program. */
  readonly command: string;
  /** A file in the folder of peers without which the program cannot do it. */
  readonly needs?: string;
  /** What we promise: at most so many times its time. Null where it is told for comparison only. */
  readonly maxRatio: number | null;
  args(input: string, output: string): readonly string[];
}
type Wanted = Omit<Peer, 'command'> & { readonly job: string; readonly program: string };

/** Where programs are looked for before PATH: its `bin`, and its `node_modules`. */
const folder = process.env['MILLRACE_BENCH_PEERS'];
const sqliteOfDuckdb = 'sqlite_scanner.duckdb_extension';

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const rows = (input: string) => `read_csv(${quoted(input)})`;
const readings = (input: string) => `SELECT * FROM ${rows(input)}`;
const computed = (input: string) =>
  `SELECT *, temperature * 1.8 + 32 AS fahrenheit, temperature - (100 - humidity) / 5 AS dew_point,
     CASE WHEN temperature > 28 THEN 'hot' WHEN temperature > 18 THEN 'warm' ELSE 'mild' END AS level
   FROM ${rows(input)} WHERE status <> 'error' AND temperature > 10`;

/** DuckDB writes into its own file, or by its extension into the file that Millrace writes. */
function duckdb(job: string, select: (input: string) => string): readonly Wanted[] {
  const table = (input: string) => `CREATE TABLE output.readings AS ${select(input)}`;
  const extension = join(folder ?? '', sqliteOfDuckdb);
  return [
    { job, program: 'duckdb', name: 'duckdb', maxRatio: null, args: (input, output) => ['-c', `ATTACH ${quoted(output)} AS output; ${table(input)}`] },
    {
      job,
      program: 'duckdb',
      name: 'duckdb-to-sqlite',
      needs: sqliteOfDuckdb,
      maxRatio: 1.1,
      args: (input, output) => ['-c', `LOAD ${quoted(extension)}; ATTACH ${quoted(output)} AS output (TYPE sqlite); ${table(input)}`],
    },
  ];
}

const wanted: readonly Wanted[] = [
  {
    job: 'J1',
    program: 'sqlite3',
    name: 'sqlite3',
    maxRatio: 1,
    args: (input, output) => [output, '-cmd', '.mode csv', `.import "${input}" readings`],
  },
  ...duckdb('J1', readings),
  ...duckdb('J2', computed),
];

/** Those that do a job and are installed here. */
export function peersOf(job: string): readonly Peer[] {
  return wanted
    .filter(({ job: of, needs }) => of === job && (needs === undefined || (folder !== undefined && existsSync(join(folder, needs)))))
    .flatMap((peer) => {
      const command = [...(folder ? [join(folder, 'bin', peer.program)] : []), peer.program].find(isInstalled);
      return command ? [{ ...peer, command }] : [];
    });
}

/** The script that starts Node-RED, where it is installed with its nodes for SQLite; else null. */
export function nodeRed(): string | null {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, 'node-red'));
  const scripts = [...(folder ? [join(folder, 'node_modules', 'node-red', 'red.js')] : []), ...places].filter(existsSync);
  return scripts.map((script) => realpathSync(script)).find((script) => existsSync(join(script, '../../node-red-node-sqlite'))) ?? null;
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}
