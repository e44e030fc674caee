/** How texts of a column are written: the params for it, and their parsers. */
import { epochUnits } from '../../model/time/epoch.ts';
import { zoneProblem } from '../../model/time/zone.ts';
import { type NumberFormat, numberExample, numberFormatProblem } from '../../model/values/number-format.ts';
import type { ColumnType } from '../../model/values/types.ts';
import type { Converted } from '../../model/values/values.ts';
import { numberTypes, typeOptions } from '../columns.ts';
import { f, type ParamsOf } from '../fields.ts';
import { type TextForm, textReader } from './text-reader.ts';
import { patternHelp, patternProblem } from './time-pattern.ts';
import { words } from './words.ts';

const ofNumbers = { param: 'as', is: ['number'] } as const;
const ofPatterns = { param: 'as', is: ['time'] } as const;
const ofTimes = { param: 'as', is: ['time', 'epoch'] } as const;
const ofFlags = { param: 'as', is: ['boolean'] } as const;

/** A day has a type of its own, if one exists. */
const timeTypes: readonly string[] = ['timestamp', 'date'];

/** For the item of a list of columns. */
export const textFormatFields = {
  as: f.choice({
    label: 'Holds',
    default: 'number',
    options: [
      { value: 'number', label: 'Numbers' },
      { value: 'time', label: 'Dates or times' },
      { value: 'epoch', label: 'Times counted from 1970' },
      { value: 'boolean', label: 'Yes or no' },
    ],
  }),
  type: f.choice({
    label: 'Type',
    default: 'number',
    when: ofNumbers,
    options: typeOptions.filter(({ value }) => (numberTypes as readonly ColumnType[]).includes(value)),
  }),
  decimal: f.choice({
    label: 'Decimal sign',
    default: 'comma',
    when: ofNumbers,
    options: [
      { value: 'comma', label: 'Comma: 12,5' },
      { value: 'dot', label: 'Dot: 12.5' },
    ],
  }),
  thousands: f.choice({
    label: 'Thousands',
    default: 'dot',
    help: 'Numbers without are read as well.',
    when: ofNumbers,
    options: [
      { value: 'none', label: 'Not separated' },
      { value: 'dot', label: 'Dot: 1.000' },
      { value: 'comma', label: 'Comma: 1,000' },
      { value: 'space', label: 'Space: 1 000' },
      { value: 'apostrophe', label: "Apostrophe: 1'000" },
      { value: 'underscore', label: 'Underscore: 1_000' },
    ],
  }),
  units: f.text({
    label: 'Currency or unit',
    optional: true,
    placeholder: '€, EUR',
    help: 'May be before or after the number; separate several by commas.',
    when: ofNumbers,
  }),
  percent: f.choice({
    label: 'Percent',
    default: 'none',
    when: ofNumbers,
    options: [
      { value: 'none', label: 'None' },
      { value: 'fraction', label: '12 % is 0.12', help: 'The sign must be there.' },
      { value: 'number', label: '12 % is 12', help: 'With or without the sign.' },
    ],
  }),
  brackets: f.boolean({ label: 'Brackets are negative', default: false, help: '(12,50) is -12.5, as in accounting.', when: ofNumbers }),
  pattern: f.text({ label: 'Form', default: 'dd.MM.yyyy', help: patternHelp, when: ofPatterns }),
  timeType: f.choice({ label: 'Type', default: 'timestamp', when: ofPatterns, options: typeOptions.filter(({ value }) => timeTypes.includes(value)) }),
  zone: f.text({
    label: 'Time zone',
    default: '+00:00',
    suggest: 'timeZones',
    help: 'Of times that name no offset themselves: Europe/Berlin, UTC, +02:00.',
    when: ofPatterns,
  }),
  unit: f.choice({
    label: 'Unit',
    default: 'seconds',
    when: { param: 'as', is: ['epoch'] },
    options: epochUnits.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) })),
  }),
  finer: f.choice({
    label: 'Finer than 1 ms',
    default: 'fail',
    help: 'Timestamps hold milliseconds.',
    when: ofTimes,
    options: [
      { value: 'fail', label: 'Does not fit' },
      { value: 'cut', label: 'Is cut off' },
    ],
  }),
  yes: f.text({ label: 'Yes', default: 'yes, y, true, 1', help: 'Separated by commas; case does not count.', when: ofFlags }),
  no: f.text({ label: 'No', default: 'no, n, false, 0', when: ofFlags }),
};
export type TextFormat = ParamsOf<typeof textFormatFields>;

export function typeOfFormat({ as, type, timeType }: TextFormat): ColumnType {
  if (as === 'boolean') return 'boolean';
  return as === 'number' ? type : as === 'time' ? timeType : 'timestamp';
}

/** For cards: `1.234,5 €`, `dd.MM.yyyy`. */
export function formatText(format: TextFormat): string {
  switch (format.as) {
    case 'number':
      return numberExample(numberFormatOf(format));
    case 'time':
      return format.pattern;
    case 'epoch':
      return `${format.unit} since 1970`;
    case 'boolean':
      return `${words(format.yes)[0] ?? 'yes'} or ${words(format.no)[0] ?? 'no'}`;
  }
}

/** The error in a format, and its param. */
export function formatProblem(format: TextFormat): { readonly message: string; readonly field: keyof TextFormat } | null {
  const { as, pattern, zone } = format;
  if (as === 'number') {
    const message = numberFormatProblem(format);
    return message === null ? null : { message, field: 'thousands' };
  }
  if (as === 'time') {
    const message = pattern === '' ? null : patternProblem(pattern);
    if (message !== null) return { message, field: 'pattern' };
    const unknown = zoneProblem(zone);
    return unknown && { message: unknown.message, field: 'zone' };
  }
  if (as === 'epoch') return null;
  const no = new Set(words(format.no).map(folded));
  const both = words(format.yes).find((word) => no.has(folded(word)));
  return both === undefined ? null : { message: `"${both}" is both yes and no`, field: 'no' };
}

/** The format without the params that have no effect in it. */
export function textFormOf({ as, type, pattern, zone, timeType, unit, finer, yes, no, ...numbers }: TextFormat): TextForm {
  switch (as) {
    case 'number':
      return { as, type, format: numberFormatOf(numbers) };
    case 'time':
      // A day is the same in every zone.
      return { as, type: timeType, pattern, zone: timeType === 'timestamp' ? zone : null, finer };
    case 'epoch':
      return { as, unit, finer };
    case 'boolean':
      return { as, yes, no };
  }
}

/** See `textReader`. */
export function textParser(format: TextFormat): (text: string) => Converted {
  return textReader(textFormOf(format));
}

function numberFormatOf({
  decimal,
  thousands,
  units,
  percent,
  brackets,
}: Pick<TextFormat, 'decimal' | 'thousands' | 'units' | 'percent' | 'brackets'>): NumberFormat {
  return { decimal, thousands, units: words(units ?? ''), percent, brackets };
}
function folded(word: string): string {
  return word.toLowerCase();
}
