import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(project, 'out', '.built');
const sources = ['model', 'kit', 'io', 'engine', 'nodes', 'electron', 'server', 'renderer', 'package.json', 'electron.vite.config.ts'];

/** The Node that comes with the dependencies, whatever Node runs this. */
export function nodeBinary() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
  return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Starts the program that called this again in the Node that comes with the dependencies, where this one is older, and ends with it. */
export function needNode() {
  const node = nodeBinary();
  if (node === process.execPath) return;
  const { status, signal } = spawnSync(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(signal ? 130 : (status ?? 1));
}

/** Builds `out/` when it is missing or older than a source. Says so, since it takes some seconds. */
export function ensureBuilt({ onlyIfMissing = false } = {}) {
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (builtAt > 0 && (onlyIfMissing || !isNewer(builtAt))) return;
  if (!existsSync(join(project, 'node_modules', 'electron-vite'))) {
    process.stderr.write('Millrace is not installed here yet: run "npm ci" first.\n');
    process.exit(2);
  }
  process.stderr.write('Building Millrace (about ten seconds, only when something changed) …\n');
  const cli = join(project, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const result = spawnSync(nodeBinary(), [cli, 'build', '--logLevel', 'warn'], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}\nThe build failed.\n`);
    process.exit(result.status ?? 1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
}

function isNewer(builtAt) {
  const pending = sources.map((name) => join(project, name));
  for (let path = pending.pop(); path; path = pending.pop()) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    if (found.mtimeMs > builtAt && !found.isDirectory()) return true;
    if (found.isDirectory()) pending.push(...readdirSync(path).map((name) => join(path, name)));
  }
  return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureBuilt();
