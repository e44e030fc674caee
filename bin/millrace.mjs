#!/usr/bin/env node
// The command line. Runs in the Node that comes with the dependencies: this one's version may be older.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt, nodeBinary, project } from './build.mjs';

ensureBuilt({ onlyIfMissing: true });
const node = nodeBinary();
if (node === process.execPath) {
  try {
    createRequire(import.meta.url)(join(project, 'out', 'main', 'cli.cjs'));
  } catch (error) {
    fail(error);
  }
} else {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', fail);
  child.on('exit', (code, signal) => {
    if (signal && !['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'].includes(signal)) {
      process.stderr.write(
        `millrace: Node ended by itself (${signal}).\n  With few open files allowed ("ulimit -n"), that is the cause; otherwise please report it.\n`,
      );
      process.exit(1);
    }
    process.exit(signal ? 130 : (code ?? 1));
  });
}

/** Before anything of ours is loaded, nobody else says it. */
function fail(error) {
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
  process.stderr.write('millrace: Too few files may be open at once here to start.\n  Raise the limit, such as with "ulimit -n 1024", and start it again.\n');
  process.exit(1);
}
