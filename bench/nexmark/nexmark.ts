/** The queries of the Nexmark benchmark: run by Millrace, and answered by SQLite over the same events. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json, Row } from '../../model/values/types.ts';
import { auction, detailedBid, kindOf, type NexmarkOptions, person } from '../../nodes/generate/nexmark-events.ts';

const folder = import.meta.dirname;
const pipelineEnd = '.millrace.json';
/** What q13 looks up: the numbers from 0 to 9,999, each with a text. */
const sideInput = 'side-input.csv';
/** The query whose answer is files in folders. */
const inFolders = 'q10';

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
 * and so on, and its answer is the table `answer` of `q4.db` there, that of q10 the files below `q10`.
 */
export function writePipeline(queries: readonly string[], { events, eventRate }: Load, into: string): string {
  const nodes: Record<string, unknown> = {};
  const edges: string[] = [];
  for (const query of queries) {
    const pipeline = JSON.parse(readFileSync(join(folder, query + pipelineEnd), 'utf8')) as PipelineFile;
    for (const [id, node] of Object.entries(pipeline.nodes)) {
      const { type, params } = node;
      nodes[`${query}_${id}`] = { ...node, params: { ...params, ...(type === 'nexmark' ? { count: events, eventRate } : placeOf(query, type)) } };
    }
    edges.push(...pipeline.edges.map((edge) => edge.replace(/^(.*) -> (.*)$/, `${query}_$1 -> ${query}_$2`)));
  }
  if (queries.includes(inFolders)) mkdirSync(join(into, inFolders));
  const file = join(into, queries.join('-') + pipelineEnd);
  writeFileSync(file, JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'Nexmark', parameters: {}, nodes, edges, layout: {} }));
  copyFileSync(join(folder, sideInput), join(into, sideInput));
  return file;
}

function placeOf(query: string, type: string): { readonly path?: string } {
  return type === 'sqlite-table' ? { path: `${query}.db` } : type === 'csv-output' ? { path: `${query}/bids.csv` } : {};
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
  const inOrder = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
  const selected = (sql: string) => inOrder(events.prepare<[], object>(sql).all());
  const sql = readFileSync(join(folder, `${query}.sql`), 'utf8');
  if (query === inFolders) return { millrace: inOrder(rowsBelow(join(into, query))), sql: selected(sql) };
  events.prepare('ATTACH ? AS answer').run(join(into, `${query}.db`));
  try {
    return { millrace: selected('SELECT * FROM answer.answer'), sql: selected(sql) };
  } finally {
    events.exec('DETACH answer');
  }
}

/** The rows of all CSV files, each with its folder. None of their cells needs quotes. */
function rowsBelow(root: string): object[] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const [names, ...rows] = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    const cells = (row: readonly string[]) => row.map((cell, i) => [names![i]!, /^\d+$/.test(cell) ? Number(cell) : cell]);
    return rows.map((row) => ({ folder: relative(root, entry.parentPath), ...Object.fromEntries(cells(row)) }));
  });
}
