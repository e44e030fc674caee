// Millrace beside Flink SQL, on the same events: node bench/nexmark/flink.mjs [--events 1000000] [--queries q4,q5] [--runs 3]
import { ensureBuilt, needNode } from '../../bin/build.mjs';

needNode();
ensureBuilt();
await import('./flink.ts');
