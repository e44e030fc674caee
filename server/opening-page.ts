import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pageName = /^open-[0-9a-f-]{36}\.html$/;

/**
 * A page in the data folder, readable by its owner alone, that leads to an address. A browser is started with the page's path: every user
 * of the machine can read a program's arguments, and the address contains the token. Throws if it cannot be written.
 */
export function writeOpeningPage(folder: string, address: string): { readonly path: string; remove(): void } {
  const path = join(folder, `open-${randomUUID()}.html`);
  // The address has no characters with a meaning in HTML or a script.
  const page = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Millrace</title>
<script>location.replace(${JSON.stringify(address)});</script>
<p>Millrace is open <a href="${address}">here</a>.
`;
  writeFileSync(path, page, { mode: 0o600, flag: 'wx' });
  return { path, remove: () => rmSync(path, { force: true }) };
}

/** Those of killed servers: their tokens are no longer valid, or the pages were read long ago. */
export function removeOldPages(folder: string): void {
  for (const name of readdirSync(folder)) if (pageName.test(name)) rmSync(join(folder, name), { force: true });
}
