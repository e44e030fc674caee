/** The parts of a list that is written with commas. One within quotes may hold commas, or nothing: `"", "1,5"`. */
export function words(list: string): string[] {
  const found: string[] = [];
  for (const [, quoted, bare = ''] of list.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]+)|(?=,))(?:,|$)/g)) {
    const word = quoted?.replaceAll('""', '"') ?? bare.trim();
    if (word !== '' || quoted !== undefined) found.push(word);
  }
  return found;
}
