/** Names for a sentence, comma-separated: of very many the first ones, and how many more there are. */
export function nameList(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');
}
