/** Reports about the cells of a sample: how they are read, and notes at a source that offer to read them differently. */

import type { NodeProblem } from '@millrace/kit/node';
import { missing } from '../../../model/faults/missing.ts';
import type { FixEntry } from '../../../model/problems/problem.ts';
import type { Reading, Readings } from '../../../model/schema/reading.ts';
import { readText } from '../../../model/values/read-text.ts';
import type { Column, Schema } from '../../../model/values/types.ts';
import { castValue, formatValue } from '../../../model/values/values.ts';
import type { CellFormats } from './cell-formats.ts';
import { type GuessedFormat, guessFormats } from './format-guess.ts';

/** Beyond this many columns there is a single note. */
const mostNotes = 8;
const shownCells = 3;
/** Checked for cells that cannot be read. */
const triedCells = 1000;

interface Offer extends GuessedFormat {
  readonly column: string;
}

/**
 * For a source with `columnTypesField` as its param `types`. Columns for which a user has set something are skipped. `marks` are the
 * source's marks for missing.
 */
export function formatOffers(
  { columns }: Schema,
  rows: readonly (readonly (string | null)[])[],
  formats: CellFormats | undefined,
  marks: readonly string[] = [],
): NodeProblem[] {
  const offers = columns.flatMap(({ name, type }, i): Offer[] => {
    if (formats?.has(name)) return [];
    const cells = rows.map((row) => row[i] ?? null);
    return guessFormats(name, cells, type, marks).map((guess) => ({ ...guess, column: name }));
  });
  const notes = offers.slice(0, mostNotes).map((offer) => note(offer, offers));
  const sure = offers.filter((offer) => isSure(offer, offers));
  return sure.length > 1 ? [all(sure), ...notes] : notes;
}

/** Its cells have only one possible reading. */
function isSure({ column, entry }: Offer, offers: readonly Offer[]): boolean {
  return entry.times !== 'epoch' && offers.filter((other) => other.column === column).length === 1;
}

function note(offer: Offer, offers: readonly Offer[]): NodeProblem {
  const { column, type, kind, how, examples, entry } = offer;
  const what = [kind, how].filter(Boolean).join(' ');
  const isOpen = !isSure(offer, offers) && entry.times !== 'epoch';
  return {
    code: 'column/format-found',
    severity: 'info',
    message: `Column "${column}" ${isOpen ? 'may hold' : 'holds'} ${what}: ${examples.join(', ')}.`,
    hint: entry.times === 'epoch' ? 'It is read as whole numbers.' : 'It is read as text.',
    field: 'types',
    fix: { title: [`Read "${column}" as ${type}`, how].filter(Boolean).join(' '), list: 'types', key: 'column', entry: fixEntry(offer) },
  };
}

function all(offers: readonly Offer[]): NodeProblem {
  const [first, ...more] = offers.map(fixEntry);
  return {
    code: 'column/formats-found',
    severity: 'info',
    message: `${offers.length} columns hold numbers, days or words in a format of their own: ${offers.map(({ column }) => column).join(', ')}.`,
    hint: 'They are read as text.',
    field: 'types',
    fix: { title: `Read all ${offers.length} by their formats`, list: 'types', key: 'column', entry: first ?? missing('an offer'), more },
  };
}

function fixEntry({ column, entry }: Offer): FixEntry {
  return { column, ...(Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)) as FixEntry) };
}

/** For the columns for which a user has set something: the first cells that cannot be read, otherwise some that differ. */
export function readingsOf({ columns }: Schema, rows: readonly (readonly (string | null)[])[], formats: CellFormats): Readings {
  const readings: { [column: string]: readonly Reading[] } = Object.create(null);
  columns.forEach((column, i) => {
    if (!formats.has(column.name)) return;
    const cells = new Set(rows.slice(0, triedCells).flatMap((row) => row[i] ?? []));
    const read = [...cells].map((cell) => reading(cell, column, formats));
    const faults = read.filter(({ fault }) => fault !== undefined);
    readings[column.name] = [...faults, ...read.filter(({ fault }) => fault === undefined)].slice(0, shownCells);
  });
  return readings;
}

function reading(cell: string, { name, type: told }: Column, formats: CellFormats): Reading {
  const type = formats.typeOf(name, told);
  const format = formats.of(name, type);
  const found = format ? format.read(cell, false) : formats.cast.has(name) ? castValue(cell, type) : readText(cell, type);
  if (!found.ok) return { cell, fault: found.message };
  return { cell, value: found.value === null ? null : formatValue(found.value, type) };
}
