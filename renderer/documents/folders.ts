import { session } from '../session/session.ts';

/** Where the last file was chosen, in any window and session. */
const setting = 'lastFolder';

/** Where a file dialog may begin, the best place first: at the current file, beside the pipeline, at the last place, in the home folder. */
export function startFolders(current: string): readonly string[] {
  const { path, settings, hello } = session.state;
  const beside = path ? folderOf(path) : '';
  const last = settings[setting];
  const relative = beside && current !== '' && !isAbsolute(current) && folderPart(current) ? join(beside, folderPart(current)) : '';
  return [folderOf(current), relative, beside, typeof last === 'string' ? last : '', hello?.home ?? ''].filter((folder) => folder !== '');
}
export function rememberFolder(chosen: string): void {
  const folder = folderOf(chosen);
  if (folder) session.set(setting, folder);
}

/** Paths are the engine's, of either kind of system. */
function separatorOf(path: string): string {
  return path.includes('\\') && !path.startsWith('/') ? '\\' : '/';
}
export function join(folder: string, name: string): string {
  const separator = separatorOf(folder);
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}
export function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? '';
}
/** Empty for a path that is not absolute. */
export function folderOf(path: string): string {
  return isAbsolute(path) ? folderPart(path) || '/' : '';
}
export function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path);
}
function folderPart(path: string): string {
  return path.slice(0, Math.max(0, path.length - baseName(path).length - 1));
}
