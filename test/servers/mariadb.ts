/** A MariaDB server of a test's own, on loopback, with its data in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 60_000;
const needed = ['mariadbd', 'mariadb-install-db', 'mariadb', 'openssl'];
/** Daemons are there on Debian, which is not in the PATH of ordinary users. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };

export interface MariaDb {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Without a password. */
  readonly user: 'root';
  readonly database: 'test';
  /** The certificate that the server has, for `localhost`: a PEM file. */
  readonly caFile: string;
  /** Runs statements by a program of its own, and gives their output: a line for each row, columns separated by tabs. */
  sql(statements: string): string;
  /** As SIGKILL of the server would, without a word to clients. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Why it cannot be had here, or null. */
export function whyMissing(): string | null {
  const missing = needed.find((name) => spawnSync(name, [name === 'openssl' ? 'version' : '--help'], { env }).error !== undefined);
  return missing ? `MariaDB needs ${missing} (Debian: apt-get install mariadb-server-core mariadb-client-core openssl)` : null;
}

/** `options`: of mariadbd. The server ends with this process. */
export async function startMariaDb(folder: string, options: readonly string[] = []): Promise<MariaDb> {
  const data = join(folder, 'data');
  // Of its own: two servers that start at once would find each other's files.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['--user=root'] : [];
  run('mariadb-install-db', [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const [key, caFile] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-keyout', key, '-out', caFile, ...subject]);
  const port = await freePort();
  let server: ChildProcess | null = null;

  const kill = async (): Promise<void> => {
    const ended = server;
    server = null;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    ended.ref();
    const gone = new Promise((resolve) => ended.once('exit', resolve));
    ended.kill('SIGKILL');
    await gone;
  };
  const sql = (statements: string, database = 'test'): string => {
    const words = ['--no-defaults', '-h127.0.0.1', `-P${port}`, '-uroot', '--protocol=tcp', '--default-character-set=utf8mb4', '-N', '-B', '-e', statements];
    const { status, stdout, stderr } = spawnSync('mariadb', database ? [...words, database] : words, { encoding: 'utf8', env, maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`mariadb: ${stderr}`);
    return stdout.trimEnd();
  };
  const start = async (): Promise<void> => {
    const log = join(folder, 'log');
    const output = openSync(log, 'a');
    // What is written outlives the process without being flushed to the disk.
    const unflushed = ['--innodb-flush-log-at-trx-commit=2', '--innodb-flush-method=nosync', '--sync-frm=OFF'];
    const settings = ['--innodb-buffer-pool-size=64M', '--skip-name-resolve', '--performance-schema=off', ...unflushed];
    const place = [
      `--datadir=${data}`,
      `--tmpdir=${temporary}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
    ];
    const tls = [`--ssl-cert=${caFile}`, `--ssl-key=${key}`];
    const started = spawn('mariadbd', ['--no-defaults', ...user, ...place, ...settings, ...tls, ...options], { env, stdio: ['ignore', output, output] });
    server = started;
    process.once('exit', () => started.kill('SIGKILL'));
    started.unref();
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        sql('CREATE DATABASE IF NOT EXISTS test', '');
        return;
      } catch {
        if (started.exitCode !== null || Date.now() > deadline) throw new Error(`MariaDB did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
        await sleep(50);
      }
    }
  };
  await start();
  return {
    host: '127.0.0.1',
    port,
    user: 'root',
    database: 'test',
    caFile,
    sql,
    kill,
    start,
    stop: async () => {
      await kill();
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(command: string, words: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stdout + stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
