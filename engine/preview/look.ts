/** Looking at what a source reads, in the process that does it. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Discovery, NodeDefinition } from '@millrace/kit/node';
import type { Json } from '../../model/values/types.ts';
import { problemOf } from '../protocol/connection.ts';
import type { PlannedConnection, SecretTexts, SecretUse } from '../protocol/physical-plan.ts';
import { withTexts } from '../runners/local/contexts.ts';

/** A look that goes by its signal ends before it has to be killed. */
const softLimitMs = 25_000;
/** Clocks of disks are coarser than ours: what changed so shortly before a look may have changed after it. */
const clockMs = 100;

export interface Look {
  readonly type: string;
  readonly params: { readonly [name: string]: Json };
  /** Where relative paths start. */
  readonly folder: string;
  /** What an earlier look at the same source depended on. */
  readonly known: readonly string[];
  readonly secrets?: readonly SecretUse[];
  readonly connection?: PlannedConnection;
  /** See `PlannedNode.reaches`. */
  readonly reaches?: readonly string[];
  readonly texts?: SecretTexts;
}
export type LookJob = Look | { readonly paths: readonly string[] } | { readonly links: readonly string[]; readonly folder: string };

export interface Looked {
  readonly discovery: Discovery;
  /** Of the files that it depends on, as they were when they were looked at. */
  readonly stamps: string;
  /** No file changed meanwhile; else the look may have seen what was there before, and has to be repeated. */
  readonly settled: boolean;
}

/** Never throws: what went wrong is among the discovery's problems. `brief` as in `DiscoverContext`. */
export async function lookAt(definition: NodeDefinition, look: Omit<Look, 'type'>, brief = false): Promise<Looked> {
  if (definition.kind !== 'source' || !definition.discover) throw new Error(`${definition.type} has nothing to look at`);
  const { params, folder, known, texts } = look;
  const startedAt = Date.now();
  const before = await stampByPath([...known, ...named(definition, params).map((path) => resolve(folder, path))]);
  let discovery: Discovery;
  try {
    discovery = await definition.discover({
      ...withTexts(look, texts),
      path: (path) => resolve(folder, path),
      signal: AbortSignal.timeout(softLimitMs),
      brief,
    });
  } catch (error) {
    discovery = { schema: null, problems: [problemOf(error)] };
  }
  const after = await stampByPath(discovery.dependsOn ?? []);
  const settled = [...after].every(([path, stamp]) => {
    const old = before.get(path);
    if (old) return old.text === stamp.text;
    return stamp.changedAt < startedAt - clockMs;
  });
  return { discovery, stamps: textOf(after), settled };
}

/** Differs whenever one of the files was changed, replaced, made or removed. */
export async function stampsOf(paths: readonly string[]): Promise<string> {
  return textOf(await stampByPath(paths));
}

interface Stamp {
  readonly text: string;
  /** In ms since 1970; 0 for what is not there. */
  readonly changedAt: number;
}

async function stampByPath(paths: readonly string[]): Promise<Map<string, Stamp>> {
  const stamps = [...new Set(paths)].map(async (path): Promise<[string, Stamp]> => {
    const found = await stat(path).catch(() => null);
    if (!found) return [path, { text: '', changedAt: 0 }];
    const { ino, size, mtimeMs, ctimeMs } = found;
    return [path, { text: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedAt: Math.max(mtimeMs, ctimeMs) }];
  });
  return new Map(await Promise.all(stamps));
}

function textOf(stamps: ReadonlyMap<string, Stamp>): string {
  return JSON.stringify([...stamps].map(([path, { text }]) => [path, text]));
}

function named(definition: NodeDefinition, params: Look['params']): readonly string[] {
  try {
    return definition.kind === 'source' ? (definition.reads?.(params) ?? []) : [];
  } catch {
    return [];
  }
}
