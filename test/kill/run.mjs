// `npm run kill [-- COUNT]`: the kill test, 100 times unless told otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const env = { ...process.env, MILLRACE_KILLS: process.argv[2] ?? '100' };
const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../run.mjs'), '--project', 'kill'], { stdio: 'inherit', env });
process.exit(status ?? 1);
