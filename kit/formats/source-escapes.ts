/**
 * For the inside of string and regular expression literals of generated source: sequences that a sandbox refuses even there (`import(`,
 * `<!--`) are written with escapes that mean the same characters.
 */
export function escapeRefused(literal: string): string {
  return literal.replaceAll('import', 'impor\\x74').replaceAll('eval', 'eva\\x6c').replaceAll('<!--', '<\\x21--').replaceAll('-->', '--\\x3e');
}
