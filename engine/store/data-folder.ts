import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';

/**
 * The absolute folder of Millrace's own files, the same for the desktop app, the browser host and the command line, so that each finds the
 * runs of the others: `MILLRACE_DATA`, or where the platform keeps an app's data. It may not exist yet.
 */
export function dataFolder(): string {
  return resolve(process.env['MILLRACE_DATA'] || envPaths('millrace', { suffix: '' }).data);
}

/** Where all pipelines keep their state, in a folder each. */
export function pipelinesFolder(data: string): string {
  return join(data, 'pipelines');
}

/**
 * Where checkpoints and large state of one pipeline are kept. `identity`: the absolute path of its file, or what else distinguishes it from
 * others. Each environment has its own, as the pipeline reads and writes elsewhere in it.
 */
export function stateFolder(data: string, identity: string, environment: string | null = null): string {
  const whole = environment === null ? identity : `${identity}\nenvironment ${environment}`;
  return join(pipelinesFolder(data), createHash('sha256').update(whole).digest('hex').slice(0, 32));
}

/** Where the runs of all hosts can be found, in a folder each. */
export function runsFolder(data: string): string {
  return join(data, 'runs');
}
