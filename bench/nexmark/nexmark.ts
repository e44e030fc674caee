/** The queries of the Nexmark benchmark: run by Millrace, and answered by SQLite over the same events. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json, Row } from '../../model/values/types.ts';
import { auction, bid, kindOf, type NexmarkOptions, person } from '../../nodes/generate/nexmark-events.ts';

const folder = import.meta.dirname;
const pipelineEnd = '.millrace.json';

/** `q0`, `q1`, ... in the order of their numbers. */
export const queries: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith(pipelineEnd))
  .map((name) => name.slice(0, -pipelineEnd.length))
  .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

export interface Load {
  /** Events of all kinds. */
  readonly events: number;
  /** By their times, a second. */
  readonly eventRate: number;
}

/** Writes a query's pipeline for that load into a folder; returns its file. Its answer is the table `answer` of `answer.db` there. */
export function writePipeline(query: string, { events, eventRate }: Load, into: string): string {
  const pipeline = JSON.parse(readFileSync(join(folder, query + pipelineEnd), 'utf8')) as {
    nodes: Record<string, { type: string; params: Record<string, Json> }>;
  };
  for (const node of Object.values(pipeline.nodes)) if (node.type === 'nexmark') Object.assign(node.params, { count: events, eventRate });
  const file = join(into, query + pipelineEnd);
  writeFileSync(file, JSON.stringify(pipeline));
  return file;
}

/** A database with the tables `persons`, `auctions` and `bids`: what the source makes for that load, times in milliseconds. */
export function eventsDatabase({ events, eventRate }: Load): Sqlite.Database {
  const database = new Sqlite(':memory:');
  // Times as a table of Millrace holds them, and back.
  database.function('iso', { deterministic: true }, (ms) => new Date(Number(ms)).toISOString());
  database.function('ms', { deterministic: true }, (text) => BigInt(Date.parse(String(text))));
  const options: NexmarkOptions = { seed: 1, start: Date.parse('2015-07-15T00:00:00Z'), eventRate };
  const makers = { person, auction, bid };
  const inserts = new Map<string, Sqlite.Statement>();
  database.exec('BEGIN');
  for (let event = 0; event < events; event++) {
    const kind = kindOf(event);
    const row: Row = makers[kind](event, options);
    let insert = inserts.get(kind);
    if (!insert) {
      const names = Object.keys(row);
      const typed = names.map((name) => `${name} ${typeof row[name] === 'number' ? 'INTEGER' : 'TEXT'}`);
      database.exec(`CREATE TABLE ${kind}s (${typed.join(', ')})`);
      insert = database.prepare(`INSERT INTO ${kind}s VALUES (${names.map(() => '?').join(', ')})`);
      inserts.set(kind, insert);
    }
    insert.run(...Object.values(row));
  }
  database.exec('COMMIT; CREATE INDEX bids_auction ON bids (auction); CREATE INDEX persons_id ON persons (id)');
  return database;
}

/** Both answers to a query, as JSON lines in the order of their text. `answer` is the database that its pipeline wrote. */
export function answers(query: string, events: Sqlite.Database, answer: string): { readonly millrace: readonly string[]; readonly sql: readonly string[] } {
  const lines = (sql: string) =>
    events
      .prepare<[], object>(sql)
      .all()
      .map((row) => JSON.stringify(row))
      .sort();
  events.prepare('ATTACH ? AS answer').run(answer);
  try {
    return { millrace: lines('SELECT * FROM answer.answer'), sql: lines(readFileSync(join(folder, `${query}.sql`), 'utf8')) };
  } finally {
    events.exec('DETACH answer');
  }
}
