// The entry of `npm run soak`: brings the build up to date, then runs it for long.
import { ensureBuilt, needNode } from '../bin/build.mjs';

needNode();
ensureBuilt();
await import('./soak.ts');
