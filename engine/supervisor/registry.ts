/** Where runs are found again: `<data folder>/runs/<run's id>/run.json`, for as long as a keeper has it. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runsFolder } from '../store/data-folder.ts';
import { isSameProcess, startOf } from '../store/process-identity.ts';

const entrySchema = z.object({
  id: z.string().min(1).max(100),
  /** Of the keeper, and when that was started, see store/process-identity.ts. */
  pid: z.number().int().positive(),
  pidStart: z.string().nullable(),
  /** The pipeline's name and the absolute path of its file. */
  pipeline: z.string(),
  path: z.string().nullable(),
  state: z.string(),
  socket: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  /** Whether it commits what its checkpoints contain, so that a new start resumes from there. */
  commits: z.enum(['end', 'checkpoint']),
});
export type RunEntry = z.infer<typeof entrySchema>;

const entryFileName = 'run.json';

export function runFolder(data: string, id: string): string {
  return join(runsFolder(data), id);
}

/** This process as the keeper of an entry. */
export function ownIdentity(): Pick<RunEntry, 'pid' | 'pidStart'> {
  return { pid: process.pid, pidStart: startOf(process.pid) };
}

/** Atomic: a reader sees the entry before or after, never a part of it. */
export function writeEntry(data: string, entry: RunEntry): void {
  const folder = runFolder(data, entry.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${entryFileName}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(entry, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, join(folder, entryFileName));
}

/** Null if there is none (yet), or it is not valid. */
export function readEntry(data: string, id: string): RunEntry | null {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(readFileSync(join(runFolder(data, id), entryFileName), 'utf8')));
    return parsed.success && parsed.data.id === id ? parsed.data : null;
  } catch {
    return null;
  }
}

/** All runs with an entry, including dead ones. */
export function readEntries(data: string): readonly RunEntry[] {
  let names: string[];
  try {
    names = readdirSync(runsFolder(data));
  } catch {
    return [];
  }
  return names.map((name) => readEntry(data, name)).filter((entry) => entry !== null);
}

export function hasKeeper(entry: RunEntry): boolean {
  return isSameProcess(entry.pid, entry.pidStart);
}

export function removeEntry(data: string, entry: Pick<RunEntry, 'id' | 'socket'>): void {
  if (process.platform !== 'win32') rmSync(entry.socket, { force: true });
  rmSync(runFolder(data, entry.id), { recursive: true, force: true });
}
