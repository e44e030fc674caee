// The entry of `node bench/spilled-rows.mjs`, for any Node: see README.md.
import { needNode } from '../bin/build.mjs';

needNode();
await import('./spilled-rows.ts');
