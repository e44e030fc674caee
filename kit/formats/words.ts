/** The parts of a comma-separated list. A quoted part may contain commas, or nothing: `"", "1,5"`. */
export function words(list: string): string[] {
  const found: string[] = [];
  for (const [, quoted, bare = ''] of list.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]+)|(?=,))(?:,|$)/g)) {
    const word = quoted?.replaceAll('""', '"') ?? bare.trim();
    if (word !== '' || quoted !== undefined) found.push(word);
  }
  return found;
}
