// The entry of `node bench/windows.mjs`, for any Node: see README.md.
import { needNode } from '../bin/build.mjs';

needNode();
await import('./windows.ts');
