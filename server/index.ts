/** The browser host as a program: `server.cjs [--port N] [--open FILE] [--browser]`. Prints the editor's address. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dataFolder } from '../engine/store/data-folder.ts';
import { entryFile } from '../engine/threads.ts';
import { startEditorServer } from './editor-server.ts';

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
  mkdirSync(data, { recursive: true });
  const server = await startEditorServer({
    root: join(project, 'out', 'renderer'),
    port: Number(values.port),
    settings: { dataFolder: data, examplesFolder: join(project, 'examples'), appVersion: version, open: values.open ? resolve(values.open) : null },
  });
  const quit = async () => {
    const running = await server.countRunning().catch(() => 0);
    if (running > 0)
      process.stdout.write(`${running === 1 ? 'A run goes on' : `${running} runs go on`}; "millrace runs" shows ${running === 1 ? 'it' : 'them'}.\n`);
    await server.close();
    process.exit(0);
  };
  process.on('SIGINT', quit);
  process.on('SIGTERM', quit);
  process.on('SIGHUP', quit);
  // Started by the command line: it ends with it, however that ended.
  process.on('disconnect', quit);
  process.stdout.write(`Millrace is open at ${server.address}\n`);
  if (values.browser) openBrowser(server.address);
}

function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '""', address.replace(/&/g, '^&')]
        : ['xdg-open', address];
  spawn(command!, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
