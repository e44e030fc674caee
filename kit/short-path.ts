const longest = 28;

/** A path in as few letters as a card has room for: all of it if it is short, else the file's name, which comes last and matters most. */
export function shortPath(path: string): string {
  if (path.length <= longest) return path;
  return `…/${path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)}`;
}
