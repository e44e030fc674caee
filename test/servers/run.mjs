// `npm run servers`: starts every server that tests need, says in a line each where it is or why it is not, and stops them at Ctrl+C.
import { needNode } from '../../bin/build.mjs';

needNode();
await import('./run.ts');
