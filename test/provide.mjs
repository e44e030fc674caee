// Finds, or where it can installs, the browser and the desktop runtime that the end-to-end tests drive.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { nodeBinary, project } from '../bin/build.mjs';

const wellKnown = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/microsoft-edge',
    '/snap/bin/chromium',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** The path of a Chromium, or null: the browser tests are then skipped by name. */
export function provideBrowser() {
  const found = findBrowser();
  if (found) return found;
  process.stdout.write('No browser found for the end-to-end tests: installing one …\n');
  const cli = join(project, 'node_modules', 'playwright', 'cli.js');
  spawnSync(nodeBinary(), [cli, 'install', 'chromium'], { stdio: 'ignore', timeout: 180_000 });
  if (!findBrowser() && process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', timeout: 300_000 });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
      stdio: 'ignore',
      timeout: 600_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  const installed = findBrowser();
  if (!installed) process.stdout.write('No browser could be installed; set MILLRACE_BROWSER to a Chromium to run the browser tests.\n');
  return installed;
}

function findBrowser() {
  const candidates = [process.env.MILLRACE_BROWSER, chromium.executablePath(), ...(wellKnown[process.platform] ?? [])];
  return candidates.find((path) => path && existsSync(path)) ?? null;
}

/** The path of an Electron binary that can show a window here, or null. */
export function findDesktop() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return null;
  const folder = join(project, 'node_modules', 'electron');
  const name = process.platform === 'win32' ? 'electron.exe' : 'electron';
  const pathFile = join(folder, 'path.txt');
  const candidates = [
    process.env.ELECTRON_OVERRIDE_DIST_PATH && join(process.env.ELECTRON_OVERRIDE_DIST_PATH, name),
    existsSync(pathFile) && join(folder, 'dist', readFileSync(pathFile, 'utf8').trim()),
  ];
  return candidates.find((path) => path && existsSync(path)) || null;
}
