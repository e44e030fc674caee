#!/usr/bin/env node
// The command line. Runs in the Node that comes with the dependencies: this one's version may be older.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, nodeBinary, project } from './build.mjs';

ensureBuilt({ onlyIfMissing: true });
const cli = join(project, 'out', 'main', 'cli.cjs');
const node = nodeBinary();
if (node === process.execPath) {
  createRequire(import.meta.url)(cli);
} else {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
}
