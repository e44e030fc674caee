/** `millrace trust`: which pipelines may read, write and run when they are opened. */
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { connectionTypes, definitions } from '../../nodes/index.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { dataFolder } from '../store/data-folder.ts';
import { linkedPaths } from '../store/output-place.ts';
import { Store } from '../store/store.ts';
import type { Trust } from '../store/trust.ts';
import { listTrusted, readTrustFacts, refuseWide } from '../workbench/trusted-places.ts';
import { age, alignedTable } from './report.ts';

export function listTrust(options: { readonly json?: boolean }): Promise<number> {
  return withTrust(async (trust) => {
    const places = await listTrusted(trust, new Catalogue(definitions, connectionTypes));
    if (options.json) process.stdout.write(`${visibleJson(places)}\n`);
    else if (places.length === 0) process.stdout.write('Nothing is trusted yet.\n');
    else {
      const rows = places.map(({ kind, path, grantedAt, state }) => [kind, state, `${age(grantedAt)} ago`, path]);
      process.stdout.write(`${alignedTable(['by', 'state', 'since', 'path'], rows, [false, false, true, false], 1000)}\n`);
    }
    return 0;
  });
}

/** All of them, or none where one cannot be trusted. */
export function addTrust(paths: readonly string[], options: { readonly force?: boolean }): Promise<number> {
  return withTrust(async (trust) => {
    const grants: (() => void)[] = [];
    for (const path of paths.map((each) => resolve(each))) {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
        const folder = realpathSync(path);
        if (!options.force) refuseWide(folder);
        grants.push(() => trust.addFolder(folder));
      } else {
        const { stamp, facts } = await readTrustFacts(path, new Catalogue(definitions, connectionTypes));
        if (!options.force) await refuseLinks(path);
        grants.push(() => trust.addFile(path, stamp, facts));
      }
    }
    for (const grant of grants) grant();
    for (const path of paths) process.stdout.write(`${visible(resolve(path))} is trusted.\n`);
    return 0;
  });
}

/** Throws `trust/links` where a path that the pipeline names is not what it seems. */
async function refuseLinks(file: string): Promise<void> {
  const { assess } = await import('./assess.ts');
  const { result, folder } = await assess(file, { look: 'never' });
  const links = linkedPaths([...new Set([...result.writes, ...result.reads])], folder);
  if (links.length === 0) return;
  throw new MillraceError({
    code: 'trust/links',
    message: `${file} is not trusted yet: links lead what it names elsewhere. ${links.map(({ path, real }) => `${path} is ${real}`).join('; ')}.`,
    hint: 'If that is what you want, give --force.',
  });
}

export function removeTrust(paths: readonly string[], options: { readonly all?: boolean }): Promise<number> {
  return withTrust((trust) => {
    const known = trust.list();
    const wanted = paths.map((path) => resolve(path));
    const missing = wanted.find((path) => !known.some((each) => each.path === path));
    if (missing !== undefined || (wanted.length === 0 && !options.all)) {
      const message = missing === undefined ? 'Nothing to remove was named.' : `${missing} is not among what is trusted.`;
      throw new MillraceError({ code: 'trust/unknown', message, hint: 'Name paths as "millrace trust list" shows them, or give --all.' });
    }
    const removed = known.filter(({ path }) => options.all || wanted.includes(path));
    for (const { kind, path } of removed) trust.remove(kind, path);
    process.stdout.write(
      removed.length === 0 ? 'There was nothing to remove.\n' : removed.map(({ path }) => `${visible(path)} is not trusted any more.\n`).join(''),
    );
    if (removed.length > 0) process.stdout.write('Runs that were started before continue: "millrace runs" lists them.\n');
    return 0;
  });
}

async function withTrust(act: (trust: Trust) => number | Promise<number>): Promise<number> {
  const store = Store.open(dataFolder());
  try {
    if (store.problem) throw new MillraceError(store.problem);
    return await act(store.trust);
  } finally {
    store.close();
  }
}
