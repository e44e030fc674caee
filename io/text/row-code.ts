/**
 * Source text of an object literal that makes a row: with constant keys it is several times as fast as assigning them one by one. `values`
 * are expressions. Compiled by `new Function`, also in a thread that SES has locked down: since SES refuses sources that look like an
 * import or an HTML comment, names are written without any special character.
 */
export function rowLiteral(names: readonly string[], values: readonly string[]): string {
  // As a plain key, __proto__ would set the prototype.
  const entries = names.map((name, i) => `${name === '__proto__' ? `[${stringLiteral(name)}]` : stringLiteral(name)}: ${values[i]}`);
  return `{ ${entries.join(', ')} }`;
}

/** Any text as a JavaScript string literal of letters, digits and escapes. */
export function stringLiteral(text: string): string {
  return `"${text.replace(/[^A-Za-z0-9_]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}
