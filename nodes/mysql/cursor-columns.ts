/** The columns that a text names, separated by commas. */
export function cursorNames(text: string | null): string[] {
  return (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}
