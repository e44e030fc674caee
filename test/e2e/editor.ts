/** Starts the built editor as people do, in a browser or in a desktop window, and gives its page to a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type Browser, chromium, type ElectronApplication, type Page } from 'playwright';
import { afterAll, afterEach } from 'vitest';
import { endRuns } from '../background-runs.ts';
import { says } from '../command-line.ts';

export type Host = 'browser' | 'desktop';
export const project = join(import.meta.dirname, '..', '..');
const shots = join(project, 'test', '.output', 'screenshots');
mkdirSync(shots, { recursive: true });

/** Why a host cannot be driven here, or null. */
export function missing(host: Host): string | null {
  const path = host === 'browser' ? process.env['MILLRACE_BROWSER'] : process.env['MILLRACE_DESKTOP'];
  if (path) return null;
  return host === 'browser' ? 'no Chromium found' : 'no Electron runtime or display';
}

export interface Editor {
  readonly host: Host;
  readonly page: Page;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly errors: readonly string[];
  /** Answers the next file dialog with a path: types it into the page's own dialog, or stands in for the native one. */
  chooseFile(path: string, act: () => Promise<void>): Promise<void>;
  /** For people to look at, in test/.output/screenshots; only where MILLRACE_SHOTS is 1. */
  shot(name: string): Promise<void>;
  /** The host's own process: the server, or Electron's main process. */
  readonly process: ChildProcess;
  /** For what only a desktop has: windows, menus; null in a browser. */
  readonly desktop: ElectronApplication | null;
  /** Where another window of the browser host opens; null in a desktop. */
  readonly address: string | null;
  close(): Promise<void>;
  /** Ends the host as a crash would (SIGKILL), and waits until it is gone. */
  crash(): Promise<void>;
}

/** A folder for one test file's data, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For a machine that is slow and busy. */
const waitMs = 120_000;
const opened = new Set<Editor>();
/** Data folders of this test: their runs go on when an editor is closed. */
const used = new Set<string>();
afterEach(async ({ task }) => {
  for (const editor of opened) {
    if (task.result?.state === 'fail') await shoot(editor.page, `${editor.host}-failed`, true).catch(() => {});
    await editor.close();
  }
  for (const data of used) await endRuns(data);
  used.clear();
});

export interface EditorOptions {
  /** The folder of the editor's own data. */
  readonly data: string;
  readonly open?: string;
  readonly width?: number;
  readonly height?: number;
}

/** Starts an editor; it is closed at the end of the test at the latest, and pictured when the test fails. */
export async function openEditor(host: Host, options: EditorOptions): Promise<Editor> {
  const started = host === 'browser' ? await openBrowser(options) : await openDesktop(options);
  const editor: Editor = {
    ...started,
    close: async () => {
      if (opened.delete(editor)) await started.close();
    },
    crash: async () => {
      if (opened.delete(editor)) await started.crash();
    },
  };
  opened.add(editor);
  used.add(options.data);
  editor.page.setDefaultTimeout(waitMs);
  return editor;
}

/** What a browser does beside showing a page. The suggestions of its address bar are pages too: a fifth of what an editor takes to open. */
const unused = [
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'AimEnabled', 'PreconnectToSearch', 'LensOverlay', 'MediaRouter', 'OptimizationHints'],
  ...['NetworkTimeServiceQuerying', 'HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'ThirdPartyStoragePartitioning', 'PaintHolding'],
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'AvoidCorsURLLoaderRestartOnRedirect', 'DestroyProfileOnBrowserClose'],
];

/** One for a test file: each editor has a context of its own, which shares nothing with the others. */
let launched: Promise<Browser> | null = null;
afterAll(async () => (await launched)?.close());

function theBrowser(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath: process.env['MILLRACE_BROWSER']!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', `--disable-features=${unused.join(',')}`],
  });
  return launched;
}

async function openBrowser(options: EditorOptions): Promise<Editor> {
  const [{ server, address }, browser] = await Promise.all([startServer(options), theBrowser()]);
  const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: options.height ?? 900 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(address).origin });
  const page = await context.newPage();
  const errors = watch(page);
  await page.goto(address);
  return {
    host: 'browser',
    page,
    errors,
    async chooseFile(path, act) {
      await act();
      const dialog = page.getByRole('dialog').last();
      await dialog.getByLabel('Path').fill(path);
      await dialog.getByLabel('Path').press('Enter');
    },
    shot: (name) => shoot(page, `browser-${name}`),
    process: server,
    desktop: null,
    address,
    async close() {
      await context.close();
      await end(server, 'SIGTERM');
    },
    async crash() {
      await end(server, 'SIGKILL');
      await context.close();
    },
  };
}

/** The browser host as a process, and the address that it printed. */
export async function startServer(options: {
  readonly data: string;
  readonly open?: string;
}): Promise<{ readonly server: ChildProcess; readonly address: string }> {
  const server = spawn(process.execPath, [join(project, 'out', 'main', 'server.cjs'), ...(options.open ? ['--open', options.open] : [])], {
    env: { ...process.env, MILLRACE_DATA: options.data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [address] = await says(server, /http:\S+(?=\s)/);
  return { server, address };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function openDesktop(options: EditorOptions): Promise<Editor> {
  const app = await _electron.launch({
    executablePath: process.env['MILLRACE_DESKTOP']!,
    args: ['--no-sandbox', '--disable-gpu', project, ...(options.open ? [options.open] : [])],
    env: { ...process.env, MILLRACE_DATA: options.data } as Record<string, string>,
  });
  const page = await app.firstWindow();
  const errors = watch(page);
  if (options.width) await resize(app, options.width, options.height ?? 900);
  return {
    host: 'desktop',
    page,
    errors,
    async chooseFile(path, act) {
      await app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [chosen] })) as never;
        dialog.showSaveDialog = (async () => ({ canceled: false, filePath: chosen })) as never;
      }, path);
      await act();
    },
    shot: (name) => shoot(page, `desktop-${name}`),
    process: app.process(),
    desktop: app,
    address: null,
    crash: () => end(app.process(), 'SIGKILL'),
    async close() {
      // Quits as the menu does, but without the question about unsaved changes.
      await app.evaluate(({ app: electron }) => electron.exit(0)).catch(() => {});
      await app.close().catch(() => {});
    },
  };
}

async function resize(app: ElectronApplication, width: number, height: number): Promise<void> {
  await app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]!.setContentSize(size.width, size.height), { width, height });
}

const isPictured = process.env['MILLRACE_SHOTS'] === '1';
async function shoot(page: Page, name: string, isWanted = isPictured): Promise<void> {
  // What moves is pictured where it comes to rest; a change of theme takes a moment.
  await page.waitForTimeout(200);
  if (isWanted) await page.screenshot({ path: join(shots, `${name}.png`), animations: 'disabled' });
}

function watch(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  return errors;
}
