/** A PostgreSQL server of a test's own, on loopback, with its data in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 60_000;
/** Debian keeps each version in a folder of its own, and outside of PATH. */
const debian = '/usr/lib/postgresql';

export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: 'postgres';
  readonly database: 'postgres';
  /** The certificate that it has made itself, in PEM form; null without TLS. */
  readonly certificate: string | null;
  /** Runs statements by psql, a program of its own, and gives their output: a line for each row, columns separated by `|`. */
  sql(statements: string, database?: string): string;
  /** As SIGKILL of all its processes would, without a word to clients. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Null where a server can be started here. */
export function whyMissing(): string | null {
  if (process.platform === 'win32') return 'the tests start PostgreSQL on Linux and macOS alone';
  if (!programs()) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  if (process.getuid?.() === 0 && owner() === null) return 'PostgreSQL refuses to run as root, and there is no user "postgres"';
  return null;
}

export interface ServerOptions {
  /** Of postgresql.conf. */
  readonly settings?: { readonly [name: string]: string };
  /** Who connects has to give it. */
  readonly password?: string | null;
  /** With a certificate for 127.0.0.1 that it signs itself. */
  readonly tls?: boolean;
}

/** The server ends with this process, however that ends. */
export async function startPostgres(folder: string, { settings = {}, password = null, tls = false }: ServerOptions = {}): Promise<PostgresServer> {
  const server = new Server(folder, await freePort(), { settings, password, tls });
  await server.start();
  return server;
}

class Server implements PostgresServer {
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  readonly database = 'postgres';
  readonly port: number;
  readonly #data: string;
  readonly #settings: { readonly [name: string]: string };
  readonly #password: string | null;
  #keeper: ChildProcess | null = null;

  readonly certificate: string | null;

  constructor(folder: string, port: number, { settings, password, tls }: Required<ServerOptions>) {
    this.port = port;
    this.#settings = { ...settings, ...(tls && { ssl: 'on' }) };
    this.#password = password;
    const place = join(folder, `postgres-${port}`);
    mkdirSync(place, { recursive: true });
    this.#data = join(place, 'data');
    const who = owner();
    if (who !== null) {
      // Temporary folders are their maker's alone.
      for (let at = folder; at.startsWith(tmpdir()) && at !== tmpdir(); at = dirname(at)) chmodSync(at, 0o755);
      chownSync(place, who, -1);
    }
    const passwordFile = join(place, 'password');
    if (password !== null) writeFileSync(passwordFile, `${password}\n`);
    const auth = password === null ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', passwordFile];
    runAsOwner('initdb', ['-D', this.#data, '-U', 'postgres', '--no-sync', '--no-instructions', '-E', 'UTF8', '--locale', 'C.UTF-8', ...auth]);
    if (tls) {
      const [key, certificate] = [join(this.#data, 'server.key'), join(this.#data, 'server.crt')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '3650'];
      const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject], {
        encoding: 'utf8',
      });
      if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
      chmodSync(key, 0o600);
      if (who !== null) for (const file of [key, certificate]) chownSync(file, who, -1);
    }
    this.certificate = tls ? readFileSync(join(this.#data, 'server.crt'), 'utf8') : null;
  }

  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      wal_level: 'logical',
      fsync: 'off',
      max_connections: '60',
      max_wal_senders: '20',
      max_replication_slots: '40',
      wal_receiver_timeout: '5s',
      wal_sender_timeout: '5s',
      ...this.#settings,
    };
    rmSync(join(this.#data, 'postmaster.pid'), { force: true });
    const command = asOwner('postgres', ['-D', this.#data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]);
    // Standard input ends with this process, and the server with that.
    const keeper = spawn('/bin/sh', ['-c', '"$@" 3<&- & server=$!; (read -r _; kill -QUIT $server) <&3 2>/dev/null & wait $server', 'sh', ...command], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#keeper = keeper;
    let said = '';
    let isOver = false;
    keeper.stderr?.on('data', (text) => {
      said = (said + String(text)).slice(-4000);
    });
    keeper.once('exit', () => {
      isOver = true;
    });
    keeper.unref();
    // It shall not hold this process up.
    for (const pipe of keeper.stdio) if (pipe instanceof Socket) pipe.unref();
    for (let waited = 0; ; waited += 50) {
      if (spawnSync(program('pg_isready'), ['-h', this.host, '-p', String(this.port), '-q']).status === 0) return;
      if (isOver || waited > patienceMs) throw new Error(`PostgreSQL does not start: ${said}`);
      await sleep(50);
    }
  }

  sql(statements: string, database = 'postgres'): string {
    const args = ['-h', this.host, '-p', String(this.port), '-U', this.user, '-d', database, '-AtqX', '-v', 'ON_ERROR_STOP=1', '-c', statements];
    const { status, stdout, stderr } = spawnSync(program('psql'), args, {
      encoding: 'utf8',
      // A lock that this very process holds would be waited for without end.
      env: { ...process.env, PGOPTIONS: '-c lock_timeout=20s', ...(this.#password !== null && { PGPASSWORD: this.#password }) },
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`psql: ${stderr}`);
    return stdout.trimEnd();
  }

  async kill(): Promise<void> {
    const keeper = this.#keeper;
    if (!keeper) return;
    this.#keeper = null;
    for (const pid of this.#processes()) tryKill(pid, 'SIGKILL');
    await ended(keeper);
    for (const pipe of keeper.stdio) pipe?.destroy();
    while (this.#processes().length > 0) await sleep(10);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(join(this.#data, '..'), { recursive: true, force: true });
  }

  /** The postmaster and its children: whose parent it is. */
  #processes(): number[] {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
    const all = stdout.split('\n').flatMap((line) => {
      const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), args: args ?? '' }] : [];
    });
    const masters = all.filter(({ args }) => args.includes(this.#data) && /\/postgres /.test(args) && !args.startsWith('/bin/sh')).map(({ pid }) => pid);
    return [...masters, ...all.filter(({ parent }) => masters.includes(parent)).map(({ pid }) => pid)];
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  await new Promise((resolve) => child.once('exit', resolve));
}

function programs(): string | null {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(debian, version, 'bin')).find((folder) => existsSync(join(folder, 'postgres')));
  if (found) return found;
  return (process.env['PATH'] ?? '').split(':').find((folder) => folder !== '' && existsSync(join(folder, 'postgres'))) ?? null;
}

function program(name: string): string {
  const folder = programs();
  if (folder === null) throw new Error('PostgreSQL is not installed');
  return join(folder, name);
}

/** Whom the server runs as, where this process is root; null where it runs as this user, or there is none. */
function owner(): number | null {
  if (process.getuid?.() !== 0) return null;
  const { status, stdout } = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

function asOwner(name: string, args: readonly string[]): string[] {
  return process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', program(name), ...args] : [program(name), ...args];
}

function runAsOwner(name: string, args: readonly string[]): void {
  const [command = '', ...rest] = asOwner(name, args);
  const { status, stderr, error } = spawnSync(command, rest, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${name}: ${error?.message ?? stderr}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
