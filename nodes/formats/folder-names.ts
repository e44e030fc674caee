/** The folder that a row goes to, as `date=2026-01-31/customer=a%2Fb`. */

import { itemAt, missing } from '../../model/faults/missing.ts';
import { formatTimestamp } from '../../model/time/timestamp.ts';
import { utc, type Zone, zoneOf } from '../../model/time/zone.ts';
import type { ColumnType, Row, Schema, Value } from '../../model/values/types.ts';

export type FolderPart = 'value' | 'date' | 'year' | 'month' | 'day' | 'hour' | 'minute';
export interface FolderBy {
  readonly column: string;
  readonly by: FolderPart;
  /** Absent: as the column, or as the part. */
  readonly name: string | null;
}

const noValue = '__HIVE_DEFAULT_PARTITION__';
/** Of one name, in bytes, on most file systems. */
const longestName = 255;
const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];

export function folderName({ column, by, name }: FolderBy): string {
  return name || (by === 'value' ? column : by);
}

/** A text as part of a folder's name on any system: characters with a meaning on Windows, in Hive or in a path are written as %2F. */
export function encodedName(text: string): string {
  const encoded = text.replace(/[\p{Cc}"#%'*/:<=>?[\\\]^{|}]/gu, percent);
  // Windows drops these at the end of a name.
  return encoded.replace(/[. ]$/, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Returns a row's folder, relative and with `/` between names; null if a name would be too long. */
export function folderOf(folders: readonly FolderBy[], zoneName: string, { columns }: Schema): (row: Row) => string | null {
  const zone = zoneOf(zoneName) ?? utc;
  const steps = folders.map((folder) => {
    const { column } = folder;
    return { column, ...stepOf(folder, columns.find(({ name }) => name === column)?.type ?? 'string', zone) };
  });
  const known: Branch = new Map();
  return (row) => {
    let branch = known;
    let path: string | null | undefined = '';
    for (let i = 0; i < steps.length; i++) {
      const { column, keyOf, nameOf } = itemAt(steps, i);
      const key = keyOf(row[column] ?? null);
      let found = branch.get(key);
      if (!found) {
        const name = nameOf(key);
        const isShort: boolean = path !== null && Buffer.byteLength(name) <= longestName;
        found = { path: isShort ? (i === 0 ? name : `${path}/${name}`) : null, next: new Map() };
        branch.set(key, found);
      }
      branch = found.next;
      path = found.path;
    }
    return path;
  };
}

type Branch = Map<Value, { readonly path: string | null; readonly next: Branch }>;
/** `keyOf` is equal for values of one folder, and cheap: it is called for each row. `nameOf` is called once per folder. */
interface Step {
  keyOf(value: Value): Value;
  nameOf(key: Value): string;
}

function stepOf(folder: FolderBy, type: ColumnType, zone: Zone): Step {
  const start = `${encodedName(folderName(folder))}=`;
  const { by } = folder;
  if (by === 'value') {
    const textOf = (value: Value) => (type === 'timestamp' ? formatTimestamp(value as number) : String(value));
    return { keyOf: (value) => value, nameOf: (key) => start + (key === null || key === '' ? noValue : encodedName(textOf(key))) };
  }
  const unit = by === 'minute' ? minuteMs : by === 'hour' ? hourMs : dayMs;
  const partOf = parts[by];
  return {
    // Dates are texts, and the same in any zone.
    keyOf: (value) => (typeof value === 'number' ? Math.floor((value + zone.offsetAt(value)) / unit) * unit : value),
    nameOf: (key) => start + (key === null ? noValue : partOf(typeof key === 'number' ? new Date(key).toISOString() : String(key))),
  };
}

/** Of an ISO text, whose year may have a sign and six digits. */
const parts: { readonly [part in Exclude<FolderPart, 'value'>]: (iso: string) => string } = {
  date: (iso) => iso.replace(/T.*/s, ''),
  year: (iso) => part(iso, /^([+-]?\d+)/),
  month: (iso) => part(iso, /^.\d+-(\d\d)/),
  day: (iso) => part(iso, /^.\d+-\d\d-(\d\d)/),
  hour: (iso) => part(iso, /T(\d\d)/),
  minute: (iso) => part(iso, /T\d\d:(\d\d)/),
};

function part(iso: string, of: RegExp): string {
  return of.exec(iso)?.[1] ?? missing(`a part of the time "${iso}"`);
}
