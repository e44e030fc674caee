/**
 * The contract of connections: how a system outside (a database server, a broker) is reached, declared once and shared by the nodes that
 * use it. Users make connections of such a type, by name; they are kept beside the pipelines, secrets apart from them.
 */
import { MillraceError } from '../model/problems/problem.ts';
import type { AnyParams, Fields, ParamsOf } from './fields.ts';
import type { IconName } from './icons.ts';
import { type Loaded, loadingCode } from './loaded.ts';
import type { Migration } from './migration.ts';

export interface ConnectionContext<P = AnyParams> {
  /** Fields of the kind `secret` hold the text of the secret here, and a reference to it everywhere else. Empty optional ones are null. */
  readonly params: P;
  /** Fires when nobody waits any more; what is under way ends within a second of it. */
  readonly signal: AbortSignal;
}

/** Something that a connection leads to: a topic, a table, a column. */
export interface ConnectionEntry {
  readonly name: string;
  /** What tells it from others: `table, about 12,000 rows`. */
  readonly detail?: string;
}

export interface ConnectionDefinition<F extends Fields = Fields> {
  readonly kind: 'connection';
  /** kebab-case; what `f.connection` names. The file that declares it is called `<type>-connection.ts`. */
  readonly type: string;
  readonly title: string;
  readonly summary: string;
  readonly icon: IconName;
  readonly version: number;
  readonly migrations?: readonly Migration[];
  /** Markdown. */
  readonly docs: string;
  readonly params: F;
  /** One line for lists: `shop at db.example.com:5432`. */
  card(params: ParamsOf<F>): string;
  /**
   * What it connects to, each as `host:port` (an IPv6 address in brackets); shown before a pipeline from elsewhere is trusted, and nodes
   * can open nothing else. `name and its members` style lists end with `*`: `kafka.example.com:9092*` allows whatever that server names.
   * Pure; params without their secrets.
   */
  reaches(params: ParamsOf<F>): readonly string[];
  /** Absent where what it needs is all in its file: see loaded.ts. */
  readonly code?: Loaded;
  /** Connects once and says what is there: `PostgreSQL 15.18, 12 tables`. Throws a MillraceError that names the field at fault. */
  test(context: ConnectionContext<ParamsOf<F>>): Promise<string>;
  /** Names for fields with `entries`: `what` is that of the field, `of` the values of the node's other params (a schema, a table). At most some thousand. */
  entries?(what: string, of: AnyParams, context: ConnectionContext<ParamsOf<F>>): Promise<readonly ConnectionEntry[]>;
}

/** A connection that somebody has made. Plain data. */
export interface Connection {
  /** What it is called where it was made. */
  readonly name: string;
  readonly type: string;
  /** Complete. Fields of the kind `secret` hold references, or for a node that runs the texts. */
  readonly params: AnyParams;
}

/** Declares a type of connections. */
export function defineConnection<const F extends Fields>(definition: Omit<ConnectionDefinition<F>, 'kind'>): ConnectionDefinition<F> {
  return loadingCode({ kind: 'connection', ...definition });
}

/** The params of the connection that a node was given, for a node with a field for one of that type. Throws a MillraceError where it was given none. */
export function connectionOf<F extends Fields>(
  definition: ConnectionDefinition<F>,
  { connection }: { readonly connection?: Connection | undefined },
): ParamsOf<F> {
  if (connection?.type === definition.type) return connection.params as ParamsOf<F>;
  throw new MillraceError({
    code: 'connection/missing',
    message: connection ? `The connection "${connection.name}" is not one to ${definition.title}.` : `No connection to ${definition.title} is chosen.`,
    hint: 'Choose one in the form of the node, or make one.',
    field: 'connection',
  });
}
