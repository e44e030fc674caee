import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { entryFile } from '../processes/entries.ts';
import { readText } from '../workbench/disk.ts';

/** `millrace serve`: the browser host as a process of its own, until that ends. */
export async function serve(options: { readonly port?: number; readonly open?: string; readonly browser?: boolean }): Promise<number> {
  // A file that cannot be opened is reported here, not in an empty editor.
  if (options.open !== undefined) await readText(resolve(options.open));
  const flags = [
    ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ...(options.open === undefined ? [] : ['--open', options.open]),
    ...(options.browser ? ['--browser'] : []),
  ];
  const host = fork(entryFile('server'), flags, { stdio: 'inherit' });
  // A terminal's Ctrl+C reaches the host by itself; other signals are passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => host.kill('SIGTERM'));
  const [code] = (await once(host, 'exit')) as [number | null];
  return code ?? 130;
}
