/** The queries of the Nexmark benchmark: run by Millrace, and answered by SQLite over the same events. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json, Row } from '../../model/values/types.ts';
import { auction, detailedBid, kindOf, type NexmarkOptions, person } from '../../nodes/generate/nexmark-events.ts';

const folder = import.meta.dirname;
const pipelineEnd = '.millrace.json';
/** What q13 looks up: the numbers from 0 to 9,999, each with a text. */
const sideInput = 'side-input.csv';

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

interface PipelineFile {
  readonly nodes: { readonly [id: string]: { readonly type: string; readonly params: Record<string, Json> } };
  readonly edges: readonly string[];
}

/**
 * Writes one pipeline that answers all of these queries for that load into a folder; returns its file. The nodes of `q4` are `q4_bids`
 * and so on, and its answer is the table `answer` of `q4.db` there.
 */
export function writePipeline(queries: readonly string[], { events, eventRate }: Load, into: string): string {
  const nodes: Record<string, unknown> = {};
  const edges: string[] = [];
  for (const query of queries) {
    const pipeline = JSON.parse(readFileSync(join(folder, query + pipelineEnd), 'utf8')) as PipelineFile;
    for (const [id, node] of Object.entries(pipeline.nodes)) {
      const { type, params } = node;
      const own = type === 'nexmark' ? { count: events, eventRate } : type === 'sqlite-table' ? { path: `${query}.db` } : {};
      nodes[`${query}_${id}`] = { ...node, params: { ...params, ...own } };
    }
    edges.push(...pipeline.edges.map((edge) => edge.replace(/^(.*) -> (.*)$/, `${query}_$1 -> ${query}_$2`)));
  }
  const file = join(into, queries.join('-') + pipelineEnd);
  writeFileSync(file, JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'Nexmark', parameters: {}, nodes, edges, layout: {} }));
  copyFileSync(join(folder, sideInput), join(into, sideInput));
  return file;
}

/** A database with the tables `persons`, `auctions` and `bids`: what the source makes for that load, times in milliseconds; and `side_input`. */
export function eventsDatabase({ events, eventRate }: Load): Sqlite.Database {
  const database = new Sqlite(':memory:');
  // Times as a table of Millrace holds them, and back.
  database.function('iso', { deterministic: true }, (ms) => new Date(Number(ms)).toISOString());
  database.function('ms', { deterministic: true }, (text) => BigInt(Date.parse(String(text))));
  const options: NexmarkOptions = { seed: 1, start: Date.parse('2015-07-15T00:00:00Z'), eventRate };
  const makers = { person, auction, bid: detailedBid };
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
  database.exec('CREATE TABLE side_input (key INTEGER PRIMARY KEY, value TEXT)');
  const addSide = database.prepare('INSERT INTO side_input VALUES (?, ?)');
  for (const line of readFileSync(join(folder, sideInput), 'utf8').trimEnd().split('\n').slice(1)) addSide.run(...line.split(','));
  database.exec('COMMIT; CREATE INDEX bids_auction ON bids (auction); CREATE INDEX persons_id ON persons (id)');
  return database;
}

/** Both answers to a query, as JSON lines in the order of their text. `into` is the folder in which its pipeline ran. */
export function answers(query: string, events: Sqlite.Database, into: string): { readonly millrace: readonly string[]; readonly sql: readonly string[] } {
  const lines = (sql: string) =>
    events
      .prepare<[], object>(sql)
      .all()
      .map((row) => JSON.stringify(row))
      .sort();
  events.prepare('ATTACH ? AS answer').run(join(into, `${query}.db`));
  try {
    return { millrace: lines('SELECT * FROM answer.answer'), sql: lines(readFileSync(join(folder, `${query}.sql`), 'utf8')) };
  } finally {
    events.exec('DETACH answer');
  }
}
