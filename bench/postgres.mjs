// PostgreSQL in and out beside a hand-written loop over the same library: `node bench/postgres.mjs [ROWS]`.
import { needNode } from '../bin/build.mjs';

needNode();
await import('./postgres-tables.mjs');
