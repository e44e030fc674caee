/** The named log formats, for sources of text and the node Extract. */

import { missing } from '../../model/faults/missing.ts';
import { utc, zoneOf } from '../../model/time/zone.ts';
import type { Column, Value } from '../../model/values/types.ts';
import { f } from '../fields.ts';
import { AccessLog, combinedColumns, commonColumns } from './access-log.ts';
import { Syslog, syslogColumns } from './syslog.ts';

/** Formats whose columns are always the same. */
export type NamedFormat = 'common' | 'combined' | 'syslog';

export const namedFormats: readonly { readonly value: NamedFormat; readonly label: string; readonly help: string }[] = [
  { value: 'common', label: 'Common log format', help: 'Access logs of web servers: host, user, time, request, status, size.' },
  { value: 'combined', label: 'Combined log format', help: 'Access logs with referer and agent as well: the default of Apache and nginx.' },
  { value: 'syslog', label: 'Syslog', help: 'RFC 5424 and RFC 3164, and files such as /var/log/syslog.' },
];

export const logZoneField = f.text({
  label: 'Time zone of the lines',
  default: '+00:00',
  suggest: 'timeZones',
  help: 'Of times that name no offset themselves: Europe/Berlin, UTC, +02:00.',
  when: { param: 'format', is: ['syslog'] },
});

export const formatDocs = `
| format | columns |
|---|---|
| Common log format | host, ident, user, time, method, path, protocol, status, bytes |
| Combined log format | the same, referer, agent; and rest, for fields that a server adds after them |
| Syslog | time, host, app, pid, facility, severity, message; and msgid and data of RFC 5424 |

\`-\` is null. Times become timestamps by the offset in the line. Quoted parts keep their escapes; a request that is not HTTP is kept whole as the *path*.

A syslog time without an offset is in the time zone that you set. A time without a year is the latest one that is not in the future. A time finer than a millisecond is cut to it, and the log says so.`;

export function isNamedFormat(format: string): format is NamedFormat {
  return namedFormats.some(({ value }) => value === format);
}

export function columnsOf(format: NamedFormat): readonly Column[] {
  return format === 'syslog' ? syslogColumns : format === 'combined' ? combinedColumns : commonColumns;
}

export interface NamedReader {
  /** The values of the format's columns in order, or the error in the line. */
  read(line: string): readonly Value[] | string;
  /** Whether a time was finer than a millisecond, and was cut to it. */
  readonly hasCutTimes?: boolean;
}

/** `latest`: see SyslogOptions. */
export function namedReader(format: NamedFormat, zone: string, latest: () => number): NamedReader {
  if (format === 'syslog') return new Syslog({ zone: zoneOf(zone) ?? utc, latest });
  return new AccessLog(format === 'combined');
}

export function formatLabel(format: NamedFormat): string {
  return (namedFormats.find(({ value }) => value === format) ?? missing(`the format ${format}`)).label.toLowerCase();
}

/** The format of most of these lines; null if there is none. */
export function recogniseFormat(lines: readonly string[]): NamedFormat | null {
  const readers = (['combined', 'common', 'syslog'] as const).map((format) => ({ format, reader: namedReader(format, 'UTC', () => 0) }));
  const written = lines.filter((line) => line.trim() !== '');
  const fits = readers.map(({ format, reader }) => ({ format, count: written.filter((line) => isPlainly(format, reader.read(line))).length }));
  const best = fits.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count * 2 > written.length ? best.format : null;
}

/** Many formats begin with a time, as syslog does: only lines that also name a program or a facility count as syslog. */
function isPlainly(format: NamedFormat, values: readonly Value[] | string): boolean {
  return typeof values !== 'string' && (format !== 'syslog' || values[2] !== null || values[4] !== null);
}
