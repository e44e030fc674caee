/** What to say of lines that end with a carriage return alone, as on old Macs, in a file that is not read so. */
import type { ParamFix } from '../../../model/problems/problem.ts';
import type { CsvField } from './csv-record.ts';

export const lineEndsHint = 'Set its line ends to "LF, CR LF and CR", or save it with LF or CR LF line ends.';
export const readAnyLineEnds: ParamFix = { title: 'Read these ends too', param: 'lineEnds', value: 'any' };

/** Whether a record looks like several lines: a carriage return that was meant as a part of a field stands in quotes. */
export function hasStrayReturn(fields: readonly CsvField[]): boolean {
  return fields.some(({ text, quoted }) => !quoted && text.includes('\r'));
}

/** The problem of such a record. `what` says what is wrong with it, without a full stop. */
export function strayReturn(what: string) {
  return {
    code: 'csv/line-ends' as const,
    message: `${what}; it contains a carriage return alone, which ends no line here.`,
    hint: lineEndsHint,
    fix: readAnyLineEnds,
  };
}
