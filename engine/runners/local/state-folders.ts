/**
 * Where a run has keyed state within its state folder: in that itself, and once state was divided among another number of instances, in
 * a folder below it, which the checkpoint then names. What was there before stays as long as there are checkpoints that need it.
 */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const divided = /^divided-(\d+)$/;
const instances = 'instances';

/** `name`: undefined for the state folder itself. */
export function keyedFolder(stateFolder: string, name: string | undefined): string {
  return name === undefined ? stateFolder : join(stateFolder, name);
}

/** Of one instance, within the folder that has the keyed state. */
export function instanceFolder(folder: string, index: number): string {
  return join(folder, instances, String(index));
}

/** The name of the folder for what is divided when a run resumes from this checkpoint. */
export function dividedName(checkpoint: number): string {
  return `divided-${checkpoint}`;
}

/** Whether all checkpoints from this one on have their state in the folder of this name, where the last one has. */
export function holdsAllFrom(oldestKept: number, name: string | undefined): boolean {
  return oldestKept > Number(divided.exec(name ?? '')?.[1] ?? 0);
}

/** Removes the keyed state that is not in the folder of this name. */
export function removeOtherStates(stateFolder: string, name: string | undefined): void {
  const isOther = (entry: string) => entry !== name && (divided.test(entry) || (name !== undefined && (entry === instances || /^state\.db(-|$)/.test(entry))));
  for (const entry of readdirSync(stateFolder)) if (isOther(entry)) rmSync(join(stateFolder, entry), { recursive: true, force: true });
}

/** Of keyed state that is gone: the folders that it was in. */
export function removeEmptyFolders(folder: string): void {
  rmSync(divided.test(basename(folder)) ? folder : join(folder, instances), { recursive: true, force: true });
}
