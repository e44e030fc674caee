// The entry of `node bench/many-groups.mjs`, for any Node: see README.md.
import { needNode } from '../bin/build.mjs';

needNode();
await import('./many-groups.ts');
