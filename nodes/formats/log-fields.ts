/** The params with which sources read lines of text as columns, and the resulting columns. */

import { f } from '@millrace/kit/fields';
import { columnsOf, isNamedFormat, logZoneField, type NamedFormat, namedFormats } from '@millrace/kit/formats/log-formats';
import { namedGroupProblems, patternGroups, patternProblems } from '@millrace/kit/formats/patterns';
import type { NodeProblem } from '@millrace/kit/node';
import { zoneProblem } from '../../model/time/zone.ts';
import type { Column, Schema } from '../../model/values/types.ts';

export type TextFormat = 'text' | NamedFormat | 'logfmt' | 'pattern';

export const textFormats = [
  { value: 'text', label: 'Text', help: 'One column, called line.' },
  ...namedFormats,
  { value: 'logfmt', label: 'Pairs: key=value', help: 'As in level=info msg="not found" ms=12 (logfmt).' },
  { value: 'pattern', label: 'By a pattern', help: 'Named groups of a regular expression become columns.' },
] as const satisfies readonly { readonly value: TextFormat; readonly label: string; readonly help: string }[];

const anyText = textFormats.map(({ value }) => value);
/** Those whose entries may span several lines. */
const withEntries: readonly TextFormat[] = ['text', 'pattern'];

export const entryField = f.text({
  label: 'An entry begins with',
  optional: true,
  placeholder: '^\\d{4}-',
  help: 'A regular expression. Lines that do not match it belong to the entry before them, as in a stack trace. Empty: each line is an entry.',
  when: { param: 'format', is: withEntries },
});
export const linePatternField = f.text({
  label: 'Pattern',
  placeholder: '^(?<level>[A-Z]+) (?<message>.*)$',
  help: 'A regular expression. Each of its named groups, (?<name>…), becomes a column.',
  when: { param: 'format', is: ['pattern'] },
});
export { logZoneField };

export interface TextParams {
  readonly format: TextFormat;
  readonly entry: string | null;
  readonly pattern: string;
  readonly logZone: string;
}

export function isTextFormat(format: string): format is TextFormat {
  return anyText.some((value) => value === format);
}

export function hasEntries(format: TextFormat): boolean {
  return withEntries.includes(format);
}

const textLineSchema: Schema = { columns: [{ name: 'line', type: 'string', nullable: false }] };

/** The columns as far as the params define them; null if only the lines can (`logfmt`). */
export function knownColumns({ format, pattern }: Pick<TextParams, 'format' | 'pattern'>): Schema | null {
  if (format === 'text') return textLineSchema;
  if (isNamedFormat(format)) return { columns: columnsOf(format) };
  if (format === 'logfmt' || patternProblems(pattern, '').length > 0) return null;
  const { names } = patternGroups(pattern);
  return names.length > 0 ? { columns: names.map((name): Column => ({ name, type: 'string', nullable: true })) } : null;
}

export function entryProblems(text: string | null | undefined): NodeProblem[] {
  return patternProblems(text ?? '', 'entry');
}

export function textProblems({ format, entry, pattern, logZone }: TextParams): NodeProblem[] {
  const problems = hasEntries(format) ? entryProblems(entry) : [];
  if (format === 'pattern') problems.push(...namedGroupProblems(pattern, 'pattern'));
  const zone = format === 'syslog' ? zoneProblem(logZone) : null;
  if (zone) problems.push({ code: 'log/zone', severity: 'error', ...zone, field: 'logZone' });
  return problems;
}
