/** Runs each query as a user would (`millrace run`), and compares its answer with SQLite's, row for row. See README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type Sqlite from 'better-sqlite3';
import { measure } from '../measure.ts';
import { answers, eventsDatabase, queries, writePipeline } from './nexmark.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '10000' },
    queries: { type: 'string', default: queries.join(',') },
    unchecked: { type: 'boolean', default: false },
  },
});
const load = { events: Number(values.events), eventRate: Number(values.rate) };
const cli = join(import.meta.dirname, '../../out/main/cli.cjs');
const folder = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
const print = (text: string) => process.stdout.write(`${text}\n`);

print(
  `${load.events.toLocaleString('en')} events, ${load.eventRate.toLocaleString('en')} a second by their times; whole processes, Node ${process.versions.node}`,
);
const events = values.unchecked ? null : eventsDatabase(load);
let wrong = 0;
try {
  for (const query of values.queries.split(',')) {
    const file = writePipeline([query], load, folder);
    const { seconds, largestMb, cpuSeconds } = await measure([cli, 'run', file]);
    const verdict = events ? compared(query, events) : '';
    for (const answer of [`${query}.db`, query]) rmSync(join(folder, answer), { recursive: true, force: true });
    const rate = Math.round(load.events / seconds).toLocaleString('en');
    print(
      [
        query.padEnd(4),
        `${seconds.toFixed(2)} s`.padStart(9),
        `${rate} events/s`.padStart(20),
        `${cpuSeconds?.toFixed(2) ?? '?'} s of CPU`.padStart(15),
        `${largestMb?.toFixed(0) ?? '?'} MB`.padStart(8),
        verdict,
      ].join('  '),
    );
  }
} finally {
  events?.close();
  rmSync(folder, { recursive: true });
}
process.exitCode = wrong > 0 ? 1 : 0;

function compared(query: string, database: Sqlite.Database): string {
  const { millrace, sql } = answers(query, database, folder);
  const rows = `${millrace.length.toLocaleString('en')} rows`.padStart(14);
  if (millrace.length === sql.length && millrace.every((line, i) => line === sql[i])) return `${rows}  as SQL`;
  wrong++;
  return `${rows}  NOT as SQL, which has ${sql.length.toLocaleString('en')}`;
}
