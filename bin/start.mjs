// `npm start [FILE]`: the editor in Electron where that can run, else the same editor in the browser.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, nodeBinary, project } from './build.mjs';

const downloadTimeoutMs = 90_000;
const files = process.argv.slice(2);

ensureBuilt();
const electron = findElectron();
if (electron.binary) {
  const flags = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  run(electron.binary, [...flags, project, ...files]);
} else {
  process.stderr.write(`${electron.why}: opening the same editor in the browser instead.\n`);
  const open = files[0] ? ['--open', files[0]] : [];
  run(nodeBinary(), ['--disable-warning=ExperimentalWarning', join(project, 'out', 'main', 'server.cjs'), ...(hasDisplay() ? ['--browser'] : []), ...open]);
}

/** Electron's binary, downloaded now if it is not there yet; or why the desktop cannot be had. */
function findElectron() {
  if (!hasDisplay()) return { why: 'No display for a desktop window' };
  const folder = join(project, 'node_modules', 'electron');
  const own = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (own) {
    const name = process.platform === 'win32' ? 'electron.exe' : 'electron';
    return existsSync(join(own, name)) ? { binary: join(own, name) } : { why: `ELECTRON_OVERRIDE_DIST_PATH has no ${name}` };
  }
  const find = () => {
    const pathFile = join(folder, 'path.txt');
    const binary = existsSync(pathFile) ? join(folder, 'dist', readFileSync(pathFile, 'utf8').trim()) : null;
    return binary && existsSync(binary) ? binary : null;
  };
  if (!find()) {
    process.stderr.write('Downloading Electron (once) …\n');
    spawnSync(nodeBinary(), [join(folder, 'install.js')], { cwd: folder, stdio: 'ignore', timeout: downloadTimeoutMs });
  }
  const binary = find();
  return binary ? { binary } : { why: 'Electron could not be downloaded' };
}

function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function run(command, args) {
  const child = spawn(command, args, { cwd: process.cwd(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`Could not start ${command}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
}
