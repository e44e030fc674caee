/** Delimiters of several characters, such as `||`: they are not supported, and must not silently be taken for something else. */

import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError, type ParamFix } from '../../../model/problems/problem.ts';
import type { Seen } from './csv-preamble.ts';

const marks = ['::', '~~', '~|~', '|~|', '^|^', '@@', '##', '^^', '<>', '=>'];
/** One character that is doubled. Two commas, or two semicolons, are an empty column in between. */
const doubled: { readonly [delimiter: number]: { readonly shown: string; readonly value: string } } = {
  9: { shown: 'two tabs', value: 'tab' },
  124: { shown: '||', value: 'pipe' },
};

export const wideHint = 'Read the file by "Text file", and split its lines by "Split", which takes such delimiters.';

/** Throws a MillraceError if the records of a table, header first, seem to be delimited like that. */
export function refuseWide(records: readonly Seen[], delimiter: number): void {
  if (records.length < 2) return;
  const twice = doubled[delimiter];
  if (twice && isDoubled(records)) throw wide(twice.shown, { title: 'Keep the empty columns', param: 'delimiter', value: twice.value });
  const character = String.fromCharCode(delimiter);
  const width = itemAt(records, 0).fields.length;
  if (records.some(({ fields }) => fields.length !== width)) return;
  const lines = records.map(({ fields }) => fields.map(({ text }) => text).join(character));
  const found = marks.find((mark) => (width === 1 || mark.includes(character)) && haveAsMany(lines, mark, width));
  if (found !== undefined) throw wide(found, { title: 'Read one column', param: 'delimiter', value: 'comma' });
}

function isDoubled([header, ...rows]: readonly Seen[]): boolean {
  const hasGaps = ({ fields }: Seen) => fields.length > 2 && fields.every(({ text, quoted }, i) => i % 2 === 0 || (text === '' && !quoted));
  return header !== undefined && hasGaps(header) && header.fields.length % 2 === 1 && rows.filter(hasGaps).length * 2 >= rows.length;
}

/** As many parts as there are fields, if there are several of these. */
function haveAsMany(lines: readonly string[], mark: string, width: number): boolean {
  const counts = new Set(lines.map((line) => line.split(mark).length));
  return counts.size === 1 && !counts.has(1) && (width === 1 || counts.has(width));
}

function wide(shown: string, fix: ParamFix): MillraceError {
  return new MillraceError({
    code: 'csv/wide-delimiter',
    message: `The fields seem to be separated by ${shown}; CSV files have a delimiter of one character.`,
    hint: wideHint,
    field: 'delimiter',
    fix,
  });
}
