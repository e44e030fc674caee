import { utc, type Zone } from '../../model/time/zone.ts';
import type { ColumnType, Json } from '../../model/values/types.ts';

/** The longest text that a cell draws; the cell viewer shows the rest. */
const cellCharacters = 400;

/** A value as one line for a cell, with timestamps as a clock in `zone` shows them. Null gives '' (the grid marks it by itself). */
export function cellText(value: Json, type: ColumnType, zone: Zone = utc): string {
  if (value === null || value === undefined) return '';
  if (type === 'timestamp' && typeof value === 'number') return timestampText(value, zone);
  if (typeof value === 'string') return oneLine(value);
  if (typeof value !== 'object') return String(value);
  const bytes = bytesLength(value);
  if (bytes !== null) return bytesText(bytes);
  return oneLine(JSON.stringify(value));
}

/** A value as it is copied and shown in full: ISO times, indented JSON on request, base64 for bytes. */
export function fullText(value: Json, type: ColumnType, options?: { readonly indent?: boolean }): string {
  if (value === null || value === undefined) return '';
  if (type === 'timestamp' && typeof value === 'number') return isoText(value) ?? String(value);
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (bytesLength(value) !== null) return (value as { $bytes: string }).$bytes;
  return JSON.stringify(value, null, options?.indent ? 2 : undefined);
}

/**
 * `2024-01-31 12:00:00`, with milliseconds only if there are any. In another zone than UTC with the offset, `2024-01-31 13:00:00 +01:00`,
 * so that an hour that occurs twice is unambiguous.
 */
export function timestampText(ms: number, zone: Zone = utc): string {
  if (isoText(ms) === null) return String(ms);
  const offset = zone.offsetAt(ms);
  const local = isoText(ms + offset);
  // At both ends of time, local times are outside the range of a Date.
  if (local === null) return `${plainIso(isoText(ms) ?? String(ms))} +00:00`;
  return zone === utc ? plainIso(local) : `${plainIso(local)} ${offsetText(offset)}`;
}

function plainIso(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.000)?Z$/, '');
}

/** `+05:45`; with seconds where a zone had some. */
export function offsetText(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, '0'));
  return `${ms < 0 ? '-' : '+'}${parts.slice(0, parts[2] === '00' ? 2 : 3).join(':')}`;
}

function isoText(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The number of bytes in a `{ $bytes: base64 }`, or null for any other value. */
export function bytesLength(value: Json): number | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const base64 = (value as { readonly [key: string]: Json }).$bytes;
  if (typeof base64 !== 'string' || Object.keys(value).length !== 1) return null;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** `0 B`, `512 B`, `1.5 kB`, `3.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let amount = bytes / 1000;
  let unit = 0;
  while (amount >= 999.95 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${amount.toFixed(1)} ${units[unit]}`;
}

const grouped = new Intl.NumberFormat('en-US');

/** `1,234,567` */
export function countText(count: number): string {
  return grouped.format(count);
}

/** `1 row`, `1,000 rows` */
export function rowsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'row' : 'rows'}`;
}

/** `0.4 ms`, `12 ms`, `1.3 s` */
export function elapsedText(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Numbers and times are easier to read aligned by their last digit. */
export function alignsRight(type: ColumnType): boolean {
  return type === 'integer' || type === 'number' || type === 'decimal';
}

function oneLine(text: string): string {
  const cut = text.length > cellCharacters ? `${text.slice(0, cellCharacters)}…` : text;
  return cut.replace(/\r\n|[\r\n]/g, '⏎').replace(/\t/g, '⇥');
}
