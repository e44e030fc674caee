/** How to read texts that are written in a format of their own. */

import { missing } from '../../model/faults/missing.ts';
import { type EpochUnit, readEpoch } from '../../model/time/epoch.ts';
import { utc, zoneOf } from '../../model/time/zone.ts';
import { type NumberFormat, numberExample, numberReader } from '../../model/values/number-format.ts';
import type { ColumnType } from '../../model/values/types.ts';
import { type Converted, castValue } from '../../model/values/values.ts';
import { TimePattern } from './time-pattern.ts';
import { words } from './words.ts';

/** A format as plain data: each kind with the params that affect it. */
export type TextForm = NumberForm | TimeForm | EpochForm | FlagForm;
interface NumberForm {
  readonly as: 'number';
  readonly type: ColumnType;
  readonly format: NumberFormat;
}
interface TimeForm {
  readonly as: 'time';
  readonly type: ColumnType;
  readonly pattern: string;
  /** For times without an offset; null for days. */
  readonly zone: string | null;
  /** What happens to a time finer than a millisecond. */
  readonly finer: 'fail' | 'cut';
}
interface EpochForm {
  readonly as: 'epoch';
  readonly unit: EpochUnit;
  readonly finer: 'fail' | 'cut';
}
/** Both are comma-separated lists. */
interface FlagForm {
  readonly as: 'boolean';
  readonly yes: string;
  readonly no: string;
}

/** Reads texts that are not blank. Total; messages begin with the text. */
export function textReader(format: TextForm): (text: string) => Converted {
  switch (format.as) {
    case 'number':
      return numberParser(format);
    case 'time':
      return timeParser(format);
    case 'epoch':
      return epochParser(format);
    case 'boolean':
      return flagParser(format);
  }
}

function numberParser({ type, format: own }: NumberForm): (text: string) => Converted {
  const read = numberReader(own);
  return (text) => {
    const plain = read(text);
    return plain === null ? no(`${shown(text)} is not a number such as ${numberExample(own)}`) : castValue(plain, type, 'string');
  };
}

function timeParser({ pattern, zone, type, finer }: TimeForm): (text: string) => Converted {
  const times = new TimePattern(pattern, zone === null ? utc : (zoneOf(zone) ?? missing(`the zone ${zone}`)));
  return (text) => {
    const ms = times.read(text.trim());
    if (Number.isNaN(ms)) return no(`${shown(text)} is not a time in the form ${pattern}`);
    return times.isExact || finer === 'cut' ? castValue(ms, type, 'timestamp') : tooFine(text);
  };
}

function epochParser({ unit, finer }: EpochForm): (text: string) => Converted {
  return (text) => {
    const time = readEpoch(text, unit);
    if (!time) return no(`${shown(text)} is not a time in ${unit} since 1970`);
    return time.isExact || finer === 'cut' ? { ok: true, value: time.ms } : tooFine(text);
  };
}

function flagParser(format: FlagForm): (text: string) => Converted {
  const known = new Map<string, boolean>();
  for (const word of words(format.no)) known.set(folded(word), false);
  for (const word of words(format.yes)) known.set(folded(word), true);
  return (text) => {
    const value = known.get(folded(text.trim()));
    return value === undefined ? no(`${shown(text)} is neither yes (${format.yes}) nor no (${format.no})`) : { ok: true, value };
  };
}

function tooFine(text: string): Converted {
  return no(`${shown(text)} is finer than a millisecond, which a timestamp cannot hold`);
}
function no(message: string): Converted {
  return { ok: false, message };
}
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
function folded(word: string): string {
  return word.toLowerCase();
}
