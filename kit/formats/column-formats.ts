/** How the cells of a source's columns are written, if not in the usual way: params of a column's entry, and of a source as a whole. */
import type { NumberFormat } from '../../model/values/number-format.ts';
import type { ColumnType } from '../../model/values/types.ts';
import { type Converted, castValue } from '../../model/values/values.ts';
import { numberTypes, timeTypes } from '../columns.ts';
import { type Fields, f, type ParamsOf } from '../fields.ts';
import { formatProblem, formatText, type TextFormat, textFormatFields, textParser } from './text-formats.ts';
import { words } from './words.ts';

/** Stands for a column type that is inferred from the data. */
export const toldType = 'auto';
export type SetType = ColumnType | typeof toldType;

const { decimal, thousands, units, percent, brackets, pattern, zone, unit, finer } = textFormatFields;
const numbers = f.choice({
  label: 'Written',
  default: 'usual',
  options: [
    { value: 'usual', label: 'As usual', help: '-1234.5, or as set for the whole source.' },
    { value: 'marked', label: 'With marks', help: 'A decimal comma, thousands, a currency, percent or brackets.' },
  ],
});
const ofMarked = { param: 'numbers', is: ['marked'] } as const;
const inPattern = { param: 'times', is: ['pattern'] } as const;
const ofFlags = { param: 'type', is: ['boolean'] } as const;

/** For the entry of a column that has a param `type`. */
export const columnFormatFields = {
  numbers: { ...numbers, when: { param: 'type', is: [...numberTypes, toldType] } },
  decimal: { ...decimal, when: ofMarked },
  thousands: { ...thousands, when: ofMarked },
  units: { ...units, when: ofMarked },
  percent: { ...percent, when: ofMarked },
  brackets: { ...brackets, when: ofMarked },
  times: f.choice({
    label: 'Written',
    default: 'usual',
    when: { param: 'type', is: timeTypes },
    options: [
      { value: 'usual', label: 'In ISO 8601', help: '2026-01-31T12:00:00Z' },
      { value: 'pattern', label: 'By a pattern' },
      { value: 'epoch', label: 'Unix time', help: 'Counted from 1970.' },
    ],
  }),
  pattern: { ...pattern, when: inPattern },
  zone: { ...zone, when: inPattern },
  unit: { ...unit, when: { param: 'times', is: ['epoch'] } },
  finer: { ...finer, when: { param: 'type', is: ['timestamp'] } },
  yes: f.text({ label: 'True', optional: true, placeholder: 'true, 1', help: 'Words, separated by commas; case does not count.', when: ofFlags }),
  no: f.text({ label: 'False', optional: true, placeholder: 'false, 0', when: ofFlags }),
  missing: f.text({
    label: 'Missing',
    optional: true,
    placeholder: 'NA, -',
    help: 'Cells that are null, separated by commas, instead of those that are set for the whole source. "" stands for an empty cell.',
  }),
} satisfies Fields;
export type ColumnFormatParams = Partial<ParamsOf<typeof columnFormatFields>>;

const group = 'Numbers and missing values';
/** For a source whose cells are texts; `nullText` is the param for its marks for missing. */
export const sourceFormatFields = {
  numbers: f.choice({
    label: 'Numbers',
    group,
    default: 'usual',
    help: 'For all columns whose cells fit. Set others, and percent, by column under Column types.',
    options: [
      { value: 'usual', label: 'As usual', help: '-1234.5' },
      { value: 'marked', label: 'With marks', help: 'A decimal comma, thousands, a currency or brackets.' },
    ],
  }),
  decimal: { ...decimal, group, when: ofMarked },
  thousands: { ...thousands, group, when: ofMarked },
  units: { ...units, group, when: ofMarked },
  brackets: { ...brackets, group, when: ofMarked },
  nullText: f.text({
    label: 'Marks for missing',
    group,
    optional: true,
    placeholder: 'empty cells',
    help: 'Unquoted cells that are null, separated by commas: NA, N/A, -. Empty cells of text are then empty texts, unless "" is among the marks.',
  }),
} satisfies Fields;
export type SourceFormatParams = Partial<ParamsOf<typeof sourceFormatFields>>;

/** The numbers of an entry, or of a source; null if they are written in the usual way. */
export function numberFormatOf(given: Pick<ColumnFormatParams, 'numbers' | 'decimal' | 'thousands' | 'units' | 'percent' | 'brackets'>): NumberFormat | null {
  if (given.numbers !== 'marked') return null;
  const { decimal, thousands, units, percent, brackets } = textFormatOf(given, 'number');
  return { decimal, thousands, units: words(units ?? ''), percent, brackets };
}

/** The text format of a column of this type; null for the default. `source`: the number format of the whole source. */
export function textFormat(entry: ColumnFormatParams, type: ColumnType, source: SourceFormatParams = {}): TextFormat | null {
  if ((numberTypes as readonly ColumnType[]).includes(type)) {
    const given = entry.numbers === 'marked' ? entry : source;
    return given.numbers === 'marked' ? { ...textFormatOf(given, 'number'), type: type as TextFormat['type'] } : null;
  }
  if ((timeTypes as readonly ColumnType[]).includes(type)) {
    const timeType = type as TextFormat['timeType'];
    if (entry.times === 'pattern') return { ...textFormatOf(entry, 'time'), timeType };
    return entry.times === 'epoch' ? { ...textFormatOf(entry, 'epoch'), timeType } : null;
  }
  if (type !== 'boolean' || (!entry.yes && !entry.no)) return null;
  return { ...textFormatOf(entry, 'boolean'), yes: entry.yes || 'true, 1', no: entry.no || 'false, 0' };
}

/** The error in the format of an entry, and its param. */
export function columnFormatProblem(entry: ColumnFormatParams, type: SetType): { readonly message: string; readonly field: string } | null {
  const format = textFormat(entry, type === toldType ? 'number' : type);
  return format && formatProblem(format);
}

/** For messages and cards: `1.234,5 €`. */
export function formatExample(entry: ColumnFormatParams, type: ColumnType): string | null {
  const format = textFormat(entry, type);
  return format && formatText(format);
}

/** Reads texts that are not blank. Total; messages begin with the text. */
export function formattedParser(format: TextFormat, type: ColumnType): (text: string) => Converted {
  const parse = textParser(format);
  if (format.as !== 'epoch' || type === 'timestamp') return parse;
  return (text) => {
    const time = parse(text);
    return time.ok ? castValue(time.value, type, 'timestamp') : time;
  };
}

const defaults = Object.fromEntries(
  Object.entries(textFormatFields).map(([name, field]) => [name, 'default' in field ? field.default : null]),
) as unknown as TextFormat;

/** Parse's format of this kind. Params that an entry does not have have the form's defaults. */
function textFormatOf(given: object, as: TextFormat['as']): TextFormat {
  const said = Object.entries(given).filter(([name, value]) => name in defaults && name !== 'type' && value !== undefined && value !== null);
  return { ...defaults, ...Object.fromEntries(said), as };
}
