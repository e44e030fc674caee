/** Sessions of a PostgreSQL server, with settings by which every value comes as text that is the same wherever the server stands. */
import { NotConnected, Permanent } from '@millrace/kit/errors';
import pg from 'pg';
import { MillraceError } from '../../../model/problems/problem.ts';

export interface ConnectionParams {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  readonly tls: 'verify' | 'unverified' | 'off';
  readonly ca: string | null;
  readonly options: { readonly [setting: string]: string };
}

const connectMs = 10_000;
const cancelMs = 2000;
const abandonMs = 500;
const settings = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  idle_in_transaction_session_timeout: '0',
  // The server notices that a client is gone which cannot say so, and gives its locks back.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
};

/** Values as the server writes them. */
const asWritten: pg.CustomTypesConfig = { getTypeParser: () => (text: string) => text };

export interface Failed {
  /** SQLSTATE. */
  readonly code?: string;
  readonly message: string;
}

/** One session. All values come as texts, rows as lists of them. */
export class Session {
  readonly client: pg.Client;
  readonly params: ConnectionParams;
  #isOpen = true;
  #lost: unknown = null;

  private constructor(client: pg.Client, params: ConnectionParams) {
    this.client = client;
    this.params = params;
    client.on('error', (error) => {
      this.#lost ??= error;
      this.#isOpen = false;
    });
    client.on('end', () => {
      this.#isOpen = false;
    });
  }

  /** Rejects with a MillraceError, and within a second of the signal. */
  static async open(params: ConnectionParams, signal: AbortSignal, { replication }: { readonly replication?: 'database' } = {}): Promise<Session> {
    signal.throwIfAborted();
    const client = new pg.Client({
      host: params.host,
      port: params.port,
      database: params.database,
      user: params.user,
      ...(params.password !== null && { password: params.password }),
      ssl: params.tls === 'off' ? false : params.tls === 'unverified' ? { rejectUnauthorized: false } : { ...(params.ca && { ca: params.ca }) },
      application_name: 'millrace',
      ...(replication && { replication }),
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
      types: asWritten,
    });
    const session = new Session(client, params);
    const stop = () => session.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await client.connect();
      const all = Object.entries({ ...params.options, ...settings });
      // Some servers (of Unix sockets, or compatible ones) know no keep-alives.
      await client.query(
        `SELECT set_config(name, value, false) FROM (VALUES ${all.map(([name, value]) => `(${literal(name)}, ${literal(value)})`).join(', ')}) AS s(name, value)`,
      );
    } catch (error) {
      session.close();
      signal.throwIfAborted();
      throw connectProblem(error, params);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return session;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** One statement, or several without values. Rejects with `NotConnected` where the connection is gone, and else as the server says it. */
  async query(
    text: string,
    values?: readonly string[],
  ): Promise<{ readonly rows: (string | null)[][]; readonly fields: readonly pg.FieldDef[]; readonly count: number }> {
    try {
      const found = await this.client.query<(string | null)[]>({ text, rowMode: 'array', ...(values && { values: [...values] }) });
      const result = Array.isArray(found) ? (found.at(-1) as pg.QueryArrayResult<(string | null)[]>) : found;
      return { rows: result.rows, fields: result.fields, count: result.rowCount ?? 0 };
    } catch (error) {
      throw this.problem(error);
    }
  }

  /** What was thrown, as it is; a connection that is gone as `NotConnected`. */
  problem(error: unknown): unknown {
    if (error instanceof MillraceError) return error;
    return isLost(error) || !this.#isOpen ? connectProblem(this.#lost ?? error, this.params) : error;
  }

  /** What the session does is to end, if it does anything: whoever waits for it is told. */
  async cancel(): Promise<void> {
    const { processID, secretKey } = this.client as pg.Client & { readonly processID: number; readonly secretKey: number };
    if (!this.#isOpen || !processID) return;
    const other = new pg.Connection({ ssl: this.client.ssl }) as pg.Connection & CancelConnection;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, cancelMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      other.on('error', done);
      other.on('end', done);
      const cancel = () => other.cancel(processID, secretKey);
      other.on('connect', () => (this.params.tls === 'off' ? cancel() : other.requestSsl()));
      other.on('sslconnect', cancel);
      other.connect(this.params.port, this.params.host);
    });
    other.stream.destroy();
  }

  /** For who does not wait any more: what is under way is cancelled, and the session closed, within half a second. */
  abandon(): void {
    const timer = setTimeout(() => this.close(), abandonMs);
    void this.cancel().finally(() => {
      clearTimeout(timer);
      this.close();
    });
  }

  /** At once: the server undoes what was not committed. */
  close(): void {
    this.#isOpen = false;
    const { stream } = this.client.connection;
    void this.client.end().catch(() => {});
    stream.destroy();
  }
}

/** What the types of the library leave out. */
interface CancelConnection {
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

export function stateOf(error: unknown): string {
  const code = (error as Failed | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
}

function isLost(error: unknown): boolean {
  const code = String((error as Failed | null)?.code ?? '');
  const message = error instanceof Error ? error.message : '';
  return (
    /^(08|57P0[123])/.test(stateOf(error)) || /^E[A-Z]+$/.test(code) || /Connection terminated|not queryable|Client was closed|Connection ended/.test(message)
  );
}

/** Why no session could be opened, or where it went. */
export function connectProblem(error: unknown, { host, port, database, user }: ConnectionParams): MillraceError {
  if (error instanceof MillraceError) return error;
  const { message = String(error), code = '' } = error as Failed;
  const where = `${host}:${port}`;
  const options = { cause: error };
  if (/^28/.test(code) || /client password must be a/.test(message)) {
    const text = /^28/.test(code) ? `${where} refused user "${user}": ${message}.` : `${where} wants a password of user "${user}".`;
    return new Permanent({ code: 'postgres/login', message: text, hint: 'Check user and password of the connection.', field: 'password' }, options);
  }
  if (code === '3D000') {
    return new Permanent(
      {
        code: 'postgres/no-database',
        message: `${where} has no database "${database}".`,
        hint: 'Choose another database in the connection, or create it.',
        field: 'database',
      },
      options,
    );
  }
  if (/does not support SSL/.test(message)) {
    return new Permanent(
      {
        code: 'postgres/tls',
        message: `${where} does not encrypt connections.`,
        hint: 'Switch encryption on at the server, or choose the connection without it.',
        field: 'tls',
      },
      options,
    );
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    const text = `The certificate of ${where} cannot be trusted: ${message}.`;
    return new Permanent(
      { code: 'postgres/tls', message: text, hint: 'Give the certificate of the authority that signed it, and the host name that it is for.', field: 'tls' },
      options,
    );
  }
  if (code === '42501') {
    return new Permanent(
      { code: 'postgres/denied', message: `${where} does not let user "${user}" in: ${message}.`, hint: 'Ask an administrator for that right.', field: 'user' },
      options,
    );
  }
  if (code === '53300') {
    return new NotConnected(
      {
        code: 'postgres/refused',
        message: `${where} takes no more connections: ${message}.`,
        hint: 'Close others, or raise max_connections at the server.',
        field: 'host',
      },
      options,
    );
  }
  const why =
    code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `There is no host "${host}".`
      : code === 'ECONNREFUSED'
        ? `Nothing answers at ${where}.`
        : `The connection to ${where} failed: ${message}.`;
  return new NotConnected(
    { code: 'postgres/away', message: why, hint: 'Check host and port of the connection, and that the server runs.', field: 'host' },
    options,
  );
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `schema.table` or `table`, either in double quotes where it has a dot; in `public` where no schema is named. */
export function tableOf(text: string): { readonly schema: string; readonly name: string; readonly sql: string } {
  const parts = [...text.trim().matchAll(/"((?:[^"]|"")*)"|[^."]+/g)].map(([part, quoted]) => quoted?.replaceAll('""', '"') ?? part);
  const [schema, name] = parts.length > 1 ? [parts[0] ?? 'public', parts.slice(1).join('.')] : ['public', parts[0] ?? ''];
  return { schema, name, sql: `${quoteName(schema)}.${quoteName(name)}` };
}
