import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as kafka from './kafka.ts';
import * as mariadb from './mariadb.ts';
import * as postgres from './postgres.ts';

interface Server {
  readonly name: string;
  /** Why it cannot be had here, or null. */
  whyMissing(): string | null;
  start(folder: string): Promise<{ stop(): Promise<void> }>;
}

const servers: readonly Server[] = [
  { name: 'Kafka', whyMissing: kafka.whyMissing, start: kafka.startKafka },
  { name: 'MariaDB', whyMissing: mariadb.whyMissing, start: mariadb.startMariaDb },
  { name: 'PostgreSQL', whyMissing: postgres.whyMissing, start: postgres.startPostgres },
];

const folder = mkdtempSync(join(tmpdir(), 'millrace-servers-'));
const started = (await Promise.all(servers.map(start))).filter((server) => server !== null);
if (started.length > 0) {
  process.stdout.write('Press Ctrl+C to stop.\n');
  await stopSignal();
  await Promise.all(started.map((server) => server.stop()));
}
rmSync(folder, { recursive: true, force: true });

async function start({ name, whyMissing, start }: Server): Promise<{ stop(): Promise<void> } | null> {
  const missing = whyMissing();
  if (missing !== null) {
    process.stdout.write(`${name}: not started: ${missing}\n`);
    return null;
  }
  const own = join(folder, name.toLowerCase());
  mkdirSync(own);
  try {
    const begun = performance.now();
    const server = await start(own);
    const places = Object.entries(server).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
    process.stdout.write(`${name} (${((performance.now() - begun) / 1000).toFixed(1)} s): ${places.map(([key, value]) => `${key} ${value}`).join(', ')}\n`);
    return server;
  } catch (error) {
    process.stdout.write(`${name}: not started: ${(error as Error).message.split('\n')[0]}\n`);
    return null;
  }
}

/** Resolves at Ctrl+C or a request to end. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    // A pending promise alone does not keep the process.
    const timer = setInterval(() => {}, 1 << 30);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(timer);
        resolve();
      });
    }
  });
}
