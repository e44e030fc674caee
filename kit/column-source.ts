/** Parts of generated expressions over `row`. */
import { escapeRefused } from './formats/source-escapes.ts';

/** A string literal of JavaScript. Sequences that a sandbox refuses even inside a text (`import(`, `<!--`) are written with escapes. */
export function stringLiteral(text: string): string {
  return escapeRefused(JSON.stringify(text));
}

/** How an expression reads a column: `row.name`, or `row["odd name"]`. */
export function columnSource(name: string, object = 'row'): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${object}.${name}` : `${object}[${stringLiteral(name)}]`;
}
