// The entry of `npm run bench:latency`: brings the build up to date, then measures it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../bin/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
if (status !== 0) process.exit(status ?? 1);
await import('./latency.ts');
