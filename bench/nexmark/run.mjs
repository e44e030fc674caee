// Brings the build up to date, then runs the queries: node bench/nexmark/run.mjs [--events 1000000] [--rate 10000] [--queries q4,q5]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
if (status !== 0) process.exit(status ?? 1);
await import('./run.ts');
