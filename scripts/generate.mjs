// Writes what follows from the node library, its kit and the table of codes: docs/nodes/*.md, docs/errors.md,
// docs/pipeline.schema.json, docs/imports.md and kit/api.md. With --check it writes nothing,
// names the files that are out of date, and fails if there are any.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { importsPage } from './imports-drawing.mjs';
import { kitApi } from './kit-api.mjs';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const checkOnly = process.argv.includes('--check');

// The library is collected by import.meta.glob, which only Vite understands.
const vite = await createServer({
  root: project,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
let files;
try {
  files = (await vite.ssrLoadModule('/scripts/generate-docs.ts')).generateDocs();
} finally {
  await vite.close();
}

files.set('kit/api.md', kitApi(project));
files.set('docs/imports.md', await importsPage(project));

const pages = join(project, 'docs', 'nodes');
mkdirSync(pages, { recursive: true });
const stale = [];
for (const [path, text] of files) {
  if (read(join(project, path)) === text) continue;
  stale.push(path);
  if (!checkOnly) writeFileSync(join(project, path), text);
}
for (const name of readdirSync(pages)) {
  const path = relative(project, join(pages, name)).replaceAll('\\', '/');
  if (files.has(path)) continue;
  stale.push(`${path} (of no node)`);
  if (!checkOnly) rmSync(join(project, path));
}

if (stale.length === 0) process.stdout.write('Generated files are up to date.\n');
else process.stdout.write(`${checkOnly ? 'Out of date; run "npm run generate":' : 'Written:'}\n  ${stale.join('\n  ')}\n`);
process.exitCode = checkOnly && stale.length > 0 ? 1 : 0;

function read(file) {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return null;
  }
}
