/** The browser host as a program: `server.cjs [--port N] [--open FILE] [--browser]`. Prints the editor's address. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { entryFile } from '../engine/processes/entries.ts';
import { dataFolder } from '../engine/store/data-folder.ts';
import { ownFolder } from '../engine/store/private-files.ts';
import { startEditorServer } from './editor-server.ts';
import { removeOldPages, writeOpeningPage } from './opening-page.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, open: { type: 'string' }, browser: { type: 'boolean', default: false } } });

void main().catch((error: NodeJS.ErrnoException) => {
  const why = error.code === 'EADDRINUSE' ? `port ${values.port} is taken; choose another with --port` : error.message;
  process.stderr.write(`Millrace cannot serve the editor: ${why}\n`);
  process.exit(1);
});

async function main(): Promise<void> {
  const project = resolve(dirname(entryFile('server')), '..', '..');
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  const data = dataFolder();
  ownFolder(data);
  removeOldPages(data);
  const server = await startEditorServer({
    root: join(project, 'out', 'renderer'),
    port: Number(values.port),
    settings: { dataFolder: data, examplesFolder: join(project, 'examples'), appVersion: version, open: values.open ? resolve(values.open) : null },
  });
  const quit = async () => {
    const running = await server.countRunning().catch(() => 0);
    if (running > 0)
      process.stdout.write(
        `${running === 1 ? 'A run is still active' : `${running} runs are still active`}; "millrace runs" shows ${running === 1 ? 'it' : 'them'}.\n`,
      );
    await server.close();
    process.exit(0);
  };
  process.on('SIGINT', quit);
  process.on('SIGTERM', quit);
  process.on('SIGHUP', quit);
  // Started by the command line: it ends with it, for whatever reason that ended.
  process.on('disconnect', quit);
  process.stdout.write(`Millrace is open at ${server.address}\n`);
  if (!values.browser) return;
  const page = writeOpeningPage(data, server.address);
  // Removed once the browser has used it; if this process is killed before, the next one removes it.
  server.onWindow(page.remove);
  process.on('exit', page.remove);
  openBrowser(page.path);
}

function openBrowser(path: string): void {
  const [command = '', ...args] =
    process.platform === 'darwin' ? ['open', path] : process.platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler', path] : ['xdg-open', path];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
