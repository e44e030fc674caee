// `npm run servers`: starts every server that this folder knows, prints where each is, and stops them at Ctrl+C.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'millrace-servers-'));
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts'));
const started = await Promise.all(files.map(start));
const servers = started.filter((server) => server !== null);
if (servers.length > 0) {
  process.stdout.write('Press Ctrl+C to stop.\n');
  const timer = setInterval(() => {}, 1 << 30);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
  clearInterval(timer);
  await Promise.all(servers.map((server) => server.stop()));
}
rmSync(folder, { recursive: true, force: true });

/** A file of this folder has `whyMissing`, and a function `start…` that takes a folder. */
async function start(file) {
  const name = file.replace('.ts', '');
  const module = await import(`./${file}`);
  const open = Object.entries(module).find(([exported]) => exported.startsWith('start'))?.[1];
  const missing = module.whyMissing();
  if (missing !== null) return say(name, `not started: ${missing}`);
  try {
    const server = await open(folder);
    const places = Object.entries(server).filter(([key, value]) => !key.startsWith('#') && /^(string|number)$/.test(typeof value));
    say(name, places.map(([key, value]) => `${key} ${value}`).join(', '));
    return server;
  } catch (error) {
    return say(name, `not started: ${error.message.split('\n')[0]}`);
  }
}

function say(name, what) {
  process.stdout.write(`${name}: ${what}\n`);
  return null;
}
