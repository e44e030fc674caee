const longest = 28;

/** A path shortened for a card: all of it if it is short, otherwise the file's name. */
export function shortPath(path: string): string {
  if (path.length <= longest) return path;
  return `…/${path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)}`;
}
