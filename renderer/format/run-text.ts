import type { RunState } from '../../engine/protocol/messages.ts';
import { utc, type Zone } from '../../model/time/zone.ts';
import { timestampText } from './value-text.ts';

const plain = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** `12,345` */
export function formatCount(count: number): string {
  return plain.format(Math.round(count));
}
/** `9,950`, `12.3K`, `124K`, `1.23M`: for places with little room. */
export function formatShort(count: number): string {
  return count < 10_000 ? plain.format(Math.round(count)) : compact.format(count);
}
/** `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`. A negative duration, from a clock that was set back, counts as zero. */
export function formatDuration(given: number): string {
  const ms = Math.max(0, given);
  if (ms < 995) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
}
/** `512 B`, `1.4 MB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
/** `14:03` today, `21 Nov 14:03` before. */
export function formatWhen(at: number, now = Date.now()): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(date.getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' }) })} ${time}`;
}
/** How long ago, roughly: `12 seconds`, `3 minutes`, `2 hours`, `5 days`. */
export function formatAge(at: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return counted(seconds, 'second');
  if (seconds < 3600) return counted(Math.floor(seconds / 60), 'minute');
  if (seconds < 172_800) return counted(Math.floor(seconds / 3600), 'hour');
  return counted(Math.floor(seconds / 86_400), 'day');
}
/** An event time, as a clock in `zone` shows it: `14:03:22` today, `2026-01-05 14:03` before. */
export function formatEventTime(at: number, zone: Zone = utc, now = Date.now()): string {
  const shown = (instant: number) => timestampText(instant, zone);
  const text = shown(at);
  return text.slice(0, 10) === shown(now).slice(0, 10) ? text.slice(11, 19) : text.slice(0, 16);
}
/** `1 row`, `2 rows` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export const runStateWords: { readonly [state in RunState]: string } = {
  starting: 'Starting',
  running: 'Running',
  paused: 'Paused',
  draining: 'Draining',
  stopping: 'Stopping',
  restarting: 'Restarting',
  'not responding': 'Not responding',
  done: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
};
