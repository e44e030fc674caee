// Brings the build up to date, then runs the queries: node bench/nexmark/run.mjs [--events 1000000] [--rate 10000] [--queries q4,q5]
import { ensureBuilt, needNode } from '../../bin/build.mjs';

needNode();
ensureBuilt();
await import('./run.ts');
