/** Names for a sentence, comma-separated: of a long list the first ones, and the number of the others. */
export function nameList(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');
}
