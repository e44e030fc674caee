// The entry of `npm run bench:latency`: brings the build up to date, then measures it.
import { ensureBuilt, needNode } from '../bin/build.mjs';

needNode();
ensureBuilt();
await import('./latency.ts');
