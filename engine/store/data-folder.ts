import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';

/**
 * The absolute folder in which Millrace keeps what is its own, the same for the desktop, the browser host and the command line, so
 * that each finds the runs of the others: `MILLRACE_DATA`, or where the platform keeps an app's data. It may not exist yet.
 */
export function dataFolder(): string {
  return resolve(process.env['MILLRACE_DATA'] || envPaths('millrace', { suffix: '' }).data);
}

/** Where all pipelines keep their state: a folder each. */
export function pipelinesFolder(data: string): string {
  return join(data, 'pipelines');
}

/**
 * Where checkpoints and large state of one pipeline are kept. `identity`: the absolute path of its file, or what else tells it from others.
 * In each environment it reads and writes elsewhere, and resumes from what is of there.
 */
export function stateFolder(data: string, identity: string, environment: string | null = null): string {
  const whole = environment === null ? identity : `${identity}\nenvironment ${environment}`;
  return join(pipelinesFolder(data), createHash('sha256').update(whole).digest('hex').slice(0, 32));
}

/** Where the runs that go on, of all hosts, can be found: a folder each. */
export function runsFolder(data: string): string {
  return join(data, 'runs');
}
