/** The state folders of a data folder (see data-folder.ts): which pipelines they belong to, what they contain, and how they are removed. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type CheckpointInfo, latestCheckpoint } from './checkpoints.ts';
import { lockStateFolder } from './checkpoints-lock.ts';
import { pipelinesFolder } from './data-folder.ts';
import { makePrivateFolder, privateFileMode } from './private-files.ts';

const ownerFile = 'pipeline.json';
export interface StateOwner {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The absolute path of its file; null for one that was never saved. */
  readonly path: string | null;
}

export interface PipelineState {
  /** The folder's own name. */
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  /** Null for folders of versions that did not record it. */
  readonly owner: StateOwner | null;
  /** Whether the pipeline's file still exists; null if it has none, or it is not known. */
  readonly isThere: boolean | null;
  /** What a run would resume from, as far as the files say. */
  readonly checkpoint: { readonly id: number; readonly at: number } | null;
  readonly bytes: number;
  /** When something was last written there: milliseconds since the epoch. */
  readonly changedAt: number;
}

/** Records whose state a folder contains. The caller has its lock. For people only: failing to write it does no harm. */
export function writeOwner(folder: string, owner: StateOwner): void {
  const text = `${JSON.stringify(owner, null, 2)}\n`;
  const path = join(folder, ownerFile);
  try {
    makePrivateFolder(folder);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text, { mode: privateFileMode });
  } catch {
    // A disk that is full or read-only is reported when something important is written.
  }
}

/** The folders that contain something, the last used one first. */
export function pipelineStates(data: string): PipelineState[] {
  let ids: string[];
  try {
    ids = readdirSync(pipelinesFolder(data));
  } catch {
    return [];
  }
  return ids
    .map((id) => stateOf(join(pipelinesFolder(data), id)))
    .filter((state) => state !== null)
    .sort((a, b) => b.changedAt - a.changedAt);
}

/**
 * The state of a pipeline of this name whose file is gone, with checkpoints that `isSame` recognises: it may have been moved. `folder`: a
 * state folder beside it.
 */
export function movedState(folder: string, pipeline: string, isSame: (checkpoint: CheckpointInfo) => boolean): PipelineState | null {
  if (basename(dirname(folder)) !== basename(pipelinesFolder(''))) return null;
  for (const id of readdirSync(dirname(folder))) {
    const other = join(dirname(folder), id);
    const owner = readOwner(other);
    if (other === folder || owner?.pipeline !== pipeline || owner.path === null || existsSync(owner.path)) continue;
    const latest = latestCheckpoint(other);
    if (latest && isSame(latest)) return stateOf(other);
  }
  return null;
}

/** Removes it with everything in it: a run of its pipeline then starts from scratch. Throws `run/already-running` if a run has it. */
export function removeState({ folder }: Pick<PipelineState, 'folder'>): void {
  const unlock = lockStateFolder(folder);
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    unlock();
  }
}

/** Null if nothing is kept: the input of its last run has ended. */
function stateOf(folder: string): PipelineState | null {
  const files = filesIn(folder).filter(({ name }) => !/^(pipeline\.json|lineage|committed|run\.lock.*)$/.test(name));
  if (files.length === 0) return null;
  const owner = readOwner(folder);
  const latest = latestCheckpoint(folder);
  return {
    id: basename(folder),
    folder,
    owner: owner ?? (latest && { pipeline: latest.pipeline, path: null }),
    isThere: owner?.path == null ? null : existsSync(owner.path),
    checkpoint: latest && { id: latest.id, at: latest.at },
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    changedAt: Math.max(...files.map(({ mtimeMs }) => mtimeMs)),
  };
}

function readOwner(folder: string): StateOwner | null {
  try {
    const { pipeline, path } = JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as { readonly [name in keyof StateOwner]?: unknown };
    return typeof pipeline === 'string' && (path === null || typeof path === 'string') ? { pipeline, path } : null;
  } catch {
    return null;
  }
}

/** Including those of folders in it. Files may disappear meanwhile. */
function filesIn(folder: string): { readonly name: string; readonly size: number; readonly mtimeMs: number }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? [{ name: entry.name, size: stat.size, mtimeMs: stat.mtimeMs }] : [];
    });
  } catch {
    return [];
  }
}
