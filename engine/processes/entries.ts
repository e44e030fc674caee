import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The engine's own entry files beside `engine.cjs` in the build. */
export type Entry =
  | 'engine'
  | 'data-thread'
  | 'instance-thread'
  | 'guard-thread'
  | 'preview'
  | 'discovery'
  | 'scan'
  | 'typecheck'
  | 'check'
  | 'connection'
  | 'query'
  | 'cli'
  | 'server';

/**
 * The built file of an entry, for `new Worker` and `fork`. Found both from the build itself (whatever chunk this code is in) and from the
 * sources (tests run against the last build).
 */
export function entryFile(name: Entry): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let depth = 0; depth < 4; depth++, folder = dirname(folder)) {
    for (const candidate of [join(folder, `${name}.cjs`), join(folder, 'out', 'main', `${name}.cjs`)]) {
      if (existsSync(candidate)) return candidate;
    }
  }
  throw new Error(`The engine is not built: no ${name}.cjs. Run "npm run build" first.`);
}
