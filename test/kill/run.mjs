// `npm run kill [-- --rounds COUNT --instances NUMBER|changing]`: the kill test, 100 rounds in one instance unless told otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const options = { rounds: { type: 'string', default: '100' }, instances: { type: 'string', default: '1' } };
const { rounds, instances } = parseArgs({ options }).values;
if (!/^\d+$/.test(rounds) || !/^([1-9]|changing)$/.test(instances)) {
  process.stderr.write('Usage: npm run kill -- --rounds COUNT --instances NUMBER|changing\n');
  process.exit(2);
}
const env = { ...process.env, MILLRACE_KILLS: rounds, MILLRACE_KILL_INSTANCES: instances };
const words = [join(import.meta.dirname, '../run.mjs'), '--project', 'kill', 'test/kill/kill.test.ts'];
const { status } = spawnSync(process.execPath, words, { stdio: 'inherit', env });
process.exit(status ?? 1);
