// Screens for the end-to-end tests that open desktop windows: windows on one screen would take the focus and the clipboard from
// each other, so each of the test files that run side by side has a screen of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts another virtual screen (Xvfb) beside the one that is there. Returns the names of all screens (`:99`), at least one, and how
 * to end those that were started. One screen alone, the given one, where there is no Xvfb.
 */
export async function provideDisplays() {
  const own = process.env.DISPLAY ?? '';
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.once('exit', () => resolve(null));
  });
  const told = once(server.stdio[3], 'data').then(([text]) => `:${String(text).trim()}`);
  const added = await Promise.race([told, gone]);
  // A server that resets, or that loses the pipe of its number, ends with its first window.
  server.unref();
  server.stdio[3].unref();
  return { displays: added ? [own, added] : [own], end: () => added && server.kill() };
}
