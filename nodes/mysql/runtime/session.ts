/** Sessions of a MySQL or MariaDB server, with settings by which values are the same wherever the server stands. */
import { isIP, Socket } from 'node:net';
import { checkServerIdentity, TLSSocket } from 'node:tls';
import { MillraceError, Permanent } from '@millrace/kit/errors';
import type { Connection, ConnectionOptions, FieldPacket, PrepareStatementInfo } from 'mysql2';
import type { ConnectionParams } from './connection-params.ts';
import mysql from './mysql-library.ts';
import { connectProblem, isLost } from './server-errors.ts';

/** A column of a result, as the server describes it. */
export type Field = FieldPacket & {
  readonly columnType?: number;
  readonly columnLength?: number;
  readonly characterSet?: number;
  readonly extendedFormat?: string;
};
export type Cells = readonly unknown[];

const connectMs = 10_000;
const cancelMs = 2000;
/** Seconds for which a session may say nothing, or not take what the server sends. */
const idleLimit = 600;
const slowReaderLimit = 7 * 86_400;
const keepAliveMs = 60_000;
const sqlMode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

/** One session. Rows come as lists of values: decimals, days and times as text, whole numbers beyond 2^53 too. */
export class Session {
  readonly connection: Connection;
  readonly params: ConnectionParams;
  /** `10.11.19`. */
  version = '';
  isMariaDb = false;
  /** The longest statement that the server takes, in bytes. */
  maxPacket = 0;
  #id = 0;
  #isOpen = true;
  #lost: unknown = null;
  #keepAlive: NodeJS.Timeout | null = null;

  private constructor(connection: Connection, params: ConnectionParams) {
    this.connection = connection;
    this.params = params;
    connection.on('error', (error) => {
      this.#lost ??= error;
      this.#isOpen = false;
    });
    connection.on('end', () => {
      this.#isOpen = false;
    });
  }

  /** Rejects with a MillraceError, and within a second of the signal. `reads`: it cannot change anything. */
  static async open(params: ConnectionParams, signal: AbortSignal, { reads = false }: { readonly reads?: boolean } = {}): Promise<Session> {
    signal.throwIfAborted();
    if (!params.database)
      throw new Permanent({ code: 'mysql/no-database', message: 'The connection names no database.', hint: 'Name one.', field: 'database' });
    const session = new Session(mysql.createConnection(optionsOf(params)), params);
    const stop = () => session.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        session.connection.once('error', reject);
        session.connection.connect((error) => (error ? reject(error) : resolve()));
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      session.#checkAddress();
      await session.#settle(reads);
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

  /** One statement. Rejects with `NotConnected` where the connection is gone, and else as the server says it. */
  query(sql: string): Promise<{ readonly rows: readonly Cells[]; readonly fields: readonly Field[] }> {
    return new Promise((resolve, reject) => {
      this.connection.query({ sql, rowsAsArray: true }, (error, rows, fields) => {
        if (error) reject(this.problem(error));
        else resolve({ rows: Array.isArray(rows) ? (rows as Cells[]) : [], fields: fields ?? [] });
      });
    });
  }

  /** The columns of a statement's result, and how many placeholders it has, without running it. */
  describe(sql: string): Promise<{ readonly fields: readonly Field[]; readonly placeholders: number }> {
    return new Promise((resolve, reject) => {
      this.connection.prepare(sql, (error, statement) => {
        if (error) return reject(this.problem(error));
        const { columns, parameters } = statement as PrepareStatementInfo & { readonly columns: readonly Field[]; readonly parameters: readonly unknown[] };
        statement.close();
        resolve({ fields: columns, placeholders: parameters.length });
      });
    });
  }

  /** What was thrown, as it is; a connection that is gone as `NotConnected`. */
  problem(error: unknown): unknown {
    if (error instanceof MillraceError) return error;
    return isLost(error) || !this.#isOpen ? connectProblem(this.#lost ?? error, this.params) : error;
  }

  /** What the session does is to end, if it does anything: whoever waits for it is told. */
  async cancel(): Promise<void> {
    if (!this.#isOpen) return;
    const signal = AbortSignal.timeout(cancelMs);
    const other = await Session.open(this.params, signal);
    try {
      await other.query(`KILL QUERY ${this.#id}`);
    } finally {
      other.close();
    }
  }

  /** At once: the server undoes what was not committed. */
  close(): void {
    this.#isOpen = false;
    if (this.#keepAlive) clearInterval(this.#keepAlive);
    this.connection.destroy();
    // The library only ends it, and what was not read would keep it open.
    streamOf(this.connection).destroy();
  }

  /** The library checks names, and takes the certificate of `localhost` for any address. */
  #checkAddress(): void {
    const { tls, host } = this.params;
    const stream = streamOf(this.connection);
    if (tls !== 'verify' || isIP(host) === 0 || !(stream instanceof TLSSocket)) return;
    const wrong = checkServerIdentity(host, stream.getPeerCertificate());
    if (wrong) throw wrong;
  }

  async #settle(reads: boolean): Promise<void> {
    const found = (await this.query('SELECT VERSION(), @@max_allowed_packet, CONNECTION_ID()')).rows[0] ?? [];
    this.version = /^[\d.]+/.exec(String(found[0]))?.[0] ?? '';
    this.isMariaDb = /mariadb/i.test(String(found[0]));
    this.maxPacket = Number(found[1]);
    this.#id = Number(found[2]);
    for (const [name, value] of Object.entries(this.params.options)) await this.query(`SET SESSION ${settingOf(name)} = ${settingValue(value)}`);
    await this.query(
      `SET SESSION time_zone = '+00:00', sql_mode = '${sqlMode}', wait_timeout = ${idleLimit}, net_write_timeout = ${slowReaderLimit}, group_concat_max_len = 1000000`,
    );
    if (reads) await this.query('SET SESSION TRANSACTION READ ONLY');
    this.#keepAlive = setInterval(() => this.#isOpen && this.connection.ping(() => {}), keepAliveMs);
    this.#keepAlive.unref();
  }
}

function streamOf(connection: object): Socket {
  const stream: unknown = Reflect.get(connection, 'stream');
  if (stream instanceof Socket) return stream;
  throw new Error('The connection has no socket');
}

function optionsOf({ host, port, database, user, password, tls, ca }: ConnectionParams): ConnectionOptions {
  return {
    host,
    port,
    database,
    user,
    ...(password !== null && { password }),
    ...(tls !== 'off' && { ssl: tls === 'unverified' ? { rejectUnauthorized: false } : { rejectUnauthorized: true, verifyIdentity: true, ...(ca && { ca }) } }),
    charset: 'UTF8MB4_GENERAL_CI',
    connectTimeout: connectMs,
    // A server could ask for any file of this machine otherwise.
    flags: ['-LOCAL_FILES'],
    dateStrings: true,
    supportBigNumbers: true,
    jsonStrings: true,
    connectAttributes: { program_name: 'millrace' },
  } as ConnectionOptions;
}

function settingOf(name: string): string {
  if (/^[a-z_]\w*$/i.test(name)) return name;
  throw new Permanent({ code: 'mysql/setting', message: `"${name}" is not the name of a variable of the server.`, hint: 'Correct it.', field: 'options' });
}
function settingValue(value: string): string {
  return /^(-?\d+(\.\d+)?|on|off|default)$/i.test(value) ? value : literal(value);
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`;
}

/** `database.table` or `table`, either in backquotes where it has a dot. */
export function tableOf(text: string, database: string): { readonly schema: string; readonly name: string; readonly sql: string } {
  const parts = [...text.trim().matchAll(/`((?:[^`]|``)*)`|[^.`]+/g)].map(([part, quoted]) => quoted?.replaceAll('``', '`') ?? part);
  const [schema, name] = parts.length > 1 ? [parts[0] ?? database, parts.slice(1).join('.')] : [database, parts[0] ?? ''];
  return { schema, name, sql: `${quoteName(schema)}.${quoteName(name)}` };
}
