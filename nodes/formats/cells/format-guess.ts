/**
 * Formats in which the cells of a column seem to be written, if its type was inferred as text or as numbers that look like times. They are
 * offered, never applied silently: only users know what their cells mean.
 */

import { toldType } from '@millrace/kit/formats/column-formats';
import { TimePattern } from '@millrace/kit/formats/time-pattern';
import { itemAt } from '../../../model/faults/missing.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import { type EpochUnit, readEpoch } from '../../../model/time/epoch.ts';
import { formatTimestamp } from '../../../model/time/timestamp.ts';
import { utc } from '../../../model/time/zone.ts';
import { readExactly } from '../../../model/values/exact.ts';
import { type NumberFormat, numberReader, type ThousandsMark } from '../../../model/values/number-format.ts';
import type { ColumnType } from '../../../model/values/types.ts';
import { formatValue } from '../../../model/values/values.ts';
import { CellFormats, type ColumnEntry } from './cell-formats.ts';

export interface GuessedFormat {
  /** The type that the column gets. */
  readonly type: ColumnType;
  /** Without the column. */
  readonly entry: Omit<ColumnEntry, 'column'>;
  /** What the cells are, after "holds", and their format. */
  readonly kind: string;
  readonly how: string;
  /** Cells as they would be read, such as `"1.299,99" is 1299.99`. */
  readonly examples: readonly string[];
}

const missing: ReadonlySet<string> = new Set(['NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'NULL', 'null', 'None', 'none', '-', '--', '?', '.']);
const currencies = ['€', '$', '£', '¥', '₹', 'zł', 'Kč', 'kr', 'Fr.', 'EUR', 'USD', 'GBP', 'CHF', 'JPY', 'PLN', 'CZK', 'SEK', 'NOK', 'DKK'];
const notations: readonly (readonly [NumberFormat['decimal'], ThousandsMark])[] = [
  ['dot', 'none'],
  ['comma', 'dot'],
  ['dot', 'comma'],
  ['comma', 'space'],
  ['dot', 'apostrophe'],
];
/** Both words of a pair have to occur. */
const flags = [
  ['yes', 'no'],
  ['y', 'n'],
  ['ja', 'nein'],
  ['j', 'n'],
  ['oui', 'non'],
  ['o', 'n'],
  ['sí', 'no'],
  ['si', 'no'],
  ['sim', 'não'],
  ['tak', 'nie'],
  ['wahr', 'falsch'],
  ['vrai', 'faux'],
  ['t', 'f'],
  ['on', 'off'],
] as const;
const days = [
  'dd.MM.yyyy',
  'd.M.yyyy',
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'd/M/yyyy',
  'M/d/yyyy',
  'dd-MM-yyyy',
  'yyyy/MM/dd',
  'dd MMM yyyy',
  'dd-MMM-yyyy',
  'dd.MM.yy',
];
const clocks = ['HH:mm', 'HH:mm:ss', 'HH:mm:ss.SSS'];
const epochNames = /(time|date|stamp|created|updated|modified|_at|^at|^ts)$|^(time|date|created|updated)/i;
const [earliest, latest] = [Date.UTC(2000, 0), Date.UTC(2100, 0)];
const shownCells = 2;

/** The possible formats of the cells, the most likely first; none if they are in the usual format. Several if the cells fit more than one. */
export function guessFormats(
  column: string,
  cells: readonly (string | null)[],
  type: ColumnType,
  sourceMarks: readonly string[] = [],
): readonly GuessedFormat[] {
  const filled = cells.flatMap((cell) => (cell === null || cell.trim() === '' ? [] : [cell.trim()]));
  if (type === 'integer') return guessEpoch(column, filled);
  if (type !== 'string') return [];
  const marks = [...new Set(filled.filter((cell) => missing.has(cell)))];
  const rest = marks.length === 0 ? filled : filled.filter((cell) => !missing.has(cell));
  if (rest.length === 0) return [];
  if (marks.length === 0 && rest.every((cell) => /^\d{19,}$/.test(cell))) return guessEpoch(column, rest);
  const found = [...guessPlain(rest, marks), ...guessNumbers(rest), ...guessFlags(rest), ...guessTimes(rest)];
  // Marks of a column replace those of its source.
  const all = marks.length === 0 ? [] : [...new Set([...sourceMarks, ...marks])];
  return found.map((guess) => withExamples(guess, all, rest));
}

type Guess = Omit<GuessedFormat, 'examples'>;

/** Usual values beside marks for missing. */
function guessPlain(cells: readonly string[], marks: readonly string[]): Guess[] {
  if (marks.length === 0) return [];
  const type = typeOf(cells);
  return type === 'string'
    ? []
    : [{ type, entry: { type: toldType }, kind: `${type === 'integer' ? 'whole numbers' : `${type}s`}`, how: `beside marks for missing values` }];
}

function typeOf(cells: readonly (string | null)[]): ColumnType {
  const { columns } = inferFromText(
    ['c'],
    cells.map((cell) => [cell]),
  );
  return itemAt(columns, 0).type;
}

function guessNumbers(cells: readonly string[]): Guess[] {
  if (!mayBeNumber(itemAt(cells, 0)) || !cells.every((cell) => /\d/.test(cell))) return [];
  const units = currencies.filter((unit) => cells.some((cell) => cell.startsWith(unit) || cell.endsWith(unit) || cell.includes(`(${unit}`)));
  const percent = cells.some((cell) => cell.endsWith('%')) ? 'fraction' : 'none';
  const brackets = cells.some((cell) => cell.includes('('));
  const seen = new Set<string>();
  return notations.flatMap(([decimal, thousands]) => {
    const format: NumberFormat = { decimal, thousands, units, percent, brackets };
    const read = numberReader(format, { asWritten: percent === 'none' });
    const plain: string[] = [];
    for (const cell of cells) {
      const text = read(cell);
      if (text === null || readExactly(text, 'number') === undefined) return [];
      plain.push(text);
    }
    // A format that reads all cells like another one adds nothing.
    const values = plain.join(' ');
    if (seen.has(values) || !shows(cells, format)) return [];
    seen.add(values);
    // If it can be inferred from the data, every later cell must follow it as well.
    const told = percent === 'none' ? typeOf(plain) : 'string';
    const type = told === 'string' ? 'number' : told;
    const entry = {
      type: told === 'string' ? type : toldType,
      numbers: 'marked',
      decimal,
      thousands,
      units: units.join(', ') || null,
      percent,
      brackets,
    } as const;
    return [{ type, entry, kind: 'numbers', how: howOf(cells, format) }];
  });
}

/** Whether some format reads a cell as a number: for most text the first cell rules that out, at the least cost. */
function mayBeNumber(cell: string): boolean {
  const units = currencies.filter((unit) => cell.includes(unit));
  const percent = cell.endsWith('%') ? 'fraction' : 'none';
  return (
    /\d/.test(cell) &&
    notations.some(
      ([decimal, thousands]) => numberReader({ decimal, thousands, units, percent, brackets: true }, { asWritten: percent === 'none' })(cell) !== null,
    )
  );
}

/** Whether the cells have a feature of the format that plain numbers do not have. */
function shows(cells: readonly string[], { decimal, thousands, units, percent, brackets }: NumberFormat): boolean {
  const has = (mark: string) => mark !== '' && cells.some((cell) => cell.includes(mark));
  if (decimal === 'comma') return has(',');
  return has(marks[thousands]) || (thousands === 'none' && (units.length > 0 || percent !== 'none' || brackets));
}

function howOf(cells: readonly string[], { decimal, thousands, units, percent, brackets }: NumberFormat): string {
  const parts = [
    decimal === 'comma' && 'a decimal comma',
    decimal === 'dot' && thousands !== 'none' && cells.some((cell) => cell.includes(marks[thousands])) && `${names[thousands]} between thousands`,
    units.length > 0 && (units.length === 1 ? units[0] : 'currencies'),
    percent !== 'none' && 'a percent sign',
    brackets && 'brackets for negatives',
  ].filter((part) => typeof part === 'string');
  const last = parts.pop();
  return `with ${parts.length > 0 ? `${parts.join(', ')} and ` : ''}${last}`;
}
const names = { dot: 'a dot', comma: 'a comma', space: 'a space', apostrophe: 'an apostrophe', underscore: 'an underscore' } as const;
const marks = { dot: '.', comma: ',', none: '', space: ' ', apostrophe: "'", underscore: '_' } as const;

function guessFlags(cells: readonly string[]): Guess[] {
  const words = new Set<string>();
  for (const cell of cells) if (words.add(cell.toLowerCase()).size > 2) return [];
  if (words.size !== 2) return [];
  return flags
    .filter((pair) => pair.every((word) => words.has(word)))
    .map(([yes, no]) => ({ type: 'boolean', entry: { type: 'boolean', yes, no }, kind: `${yes} or ${no}`, how: '' }));
}

function guessTimes(cells: readonly string[]): Guess[] {
  const [first = ''] = cells;
  if (!/^\d{1,4}[./ -]/.test(first)) return [];
  const isDay = !/\d:\d\d/.test(first);
  const patterns = isDay ? days : days.flatMap((day) => clocks.map((clock) => `${day} ${clock}`));
  const fitting = patterns.filter((pattern) => {
    const times = new TimePattern(pattern, utc);
    return cells.every((cell) => !Number.isNaN(times.read(cell)));
  });
  // dd.MM.yyyy is also d.M.yyyy.
  const strictest = fitting.filter((pattern) => !fitting.some((other) => other !== pattern && loosened(other) === pattern));
  const type = isDay ? 'date' : 'timestamp';
  return strictest.map((pattern) => ({ type, entry: { type, times: 'pattern', pattern }, kind: isDay ? 'days' : 'times', how: `in the form ${pattern}` }));
}

function loosened(pattern: string): string {
  return pattern.replace('dd', 'd').replace('MM', 'M');
}

function guessEpoch(column: string, cells: readonly string[]): readonly GuessedFormat[] {
  if (cells.length === 0 || !epochNames.test(column)) return [];
  const units: readonly EpochUnit[] = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'];
  const unit = units.find((each) =>
    cells.every((cell) => {
      const time = readEpoch(cell, each);
      return time?.isExact && time.ms >= earliest && time.ms < latest;
    }),
  );
  if (unit === undefined) return [];
  const examples = cells.slice(0, 1).map((cell) => `"${cell}" is ${formatTimestamp(readEpoch(cell, unit)?.ms ?? 0)}`);
  return [{ type: 'timestamp', entry: { type: 'timestamp', times: 'epoch', unit }, kind: 'what look like times', how: `in ${unit} since 1970`, examples }];
}

function withExamples(guess: Guess, marks: readonly string[], cells: readonly string[]): GuessedFormat {
  const entry = marks.length === 0 ? guess.entry : { ...guess.entry, missing: marks.join(', ') };
  const { type } = guess;
  const format = new CellFormats([{ column: '', ...entry }]).of('', type);
  const telling = [...new Set(cells)].sort((a, b) => b.length - a.length).slice(0, shownCells);
  const examples = telling.flatMap((cell) => {
    const value = format?.read(cell, false);
    return value?.ok ? [`"${cell}" is ${formatValue(value.value, type)}`] : [];
  });
  if (marks.length > 0) examples.push(`${marks.map((mark) => `"${mark}"`).join(' and ')} ${marks.length === 1 ? 'is' : 'are'} null`);
  return { ...guess, entry, examples };
}
