/** Inspecting and checking a stranger's file opens none of what it names: seen in the system calls of the command line. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { entryFile } from '../../engine/threads.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-untouched-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasStrace = spawnSync('strace', ['-V']).status === 0;
const paths = ['BAIT.csv', '../../BAIT.csv', '/BAIT/x', '//BAIT/share/x', 'BAIT*.csv', '/proc/**/BAIT', '/dev/../BAIT', '${p}/x', `BAIT${'x'.repeat(5000)}`];

it.skipIf(!hasStrace)('nothing that a hostile file names is touched', { timeout: 120_000 }, () => {
  const node = (type: string, params: object) => ({ type, typeVersion: 1, params, onError: 'keep' });
  const kinds = ['csv-file', 'jsonl-file', 'file-tail', 'sqlite-query', 'csv-output', 'jsonl-output', 'sqlite-table', 'BAIT'];
  const nodes = Object.fromEntries(
    kinds.flatMap((type) => paths.map((path, i) => [`${type.replace('-', '_').toLowerCase()}_${i}`, node(type, { path, table: 'BAIT' })])),
  );
  const file = join(folder, 'theirs.millrace.json');
  const parameters = { p: { type: 'text', default: '/BAIT' } };
  const all = { ...nodes, constructor: node('constructor', {}), http: node('http-in', { port: 8799, inbox: 'BAIT.db' }) };
  writeFileSync(file, JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'BAIT', parameters, nodes: all, edges: [], layout: {} }));
  for (const command of ['inspect', 'validate']) {
    const trace = join(folder, `${command}.trace`);
    const calls = 'trace=%file,connect,bind,listen';
    const env = { ...process.env, MILLRACE_DATA: join(folder, 'data') };
    const ran = spawnSync('strace', ['-f', '-s', '9999', '-e', calls, '-o', trace, process.execPath, entryFile('cli'), command, file], {
      env,
      encoding: 'utf8',
    });
    expect(ran.stdout + ran.stderr).toContain('http://127.0.0.1:8799/rows');
    expect(ran.stdout + ran.stderr).not.toContain('Reads      nothing');
    const touched = readFileSync(trace, 'utf8').split('\n');
    expect(touched.filter((line) => /BAIT|\b(bind|listen)\(/.test(line))).toEqual([]);
  }
});
