/** Lines of syslog: RFC 5424, RFC 3164 with or without its priority, and the files of rsyslog and journald that begin with an ISO 8601 time. */

import { itemAt } from '../../model/faults/missing.ts';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import type { Zone } from '../../model/time/zone.ts';
import type { Column, Json, Value } from '../../model/values/types.ts';
import { TimePattern } from './time-pattern.ts';

const text = (name: string): Column => ({ name, type: 'string', nullable: true });
export const syslogColumns: readonly Column[] = [
  { name: 'time', type: 'timestamp', nullable: true },
  text('host'),
  text('app'),
  text('pid'),
  text('facility'),
  text('severity'),
  text('message'),
  text('msgid'),
  { name: 'data', type: 'json', nullable: true },
];

const facilities =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(' ');
const severities = 'emerg alert crit err warning notice info debug'.split(' ');
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?(?= |$)/;
const bsdTime = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d)(?= |$)/;
const dayMs = 86_400_000;
/** The maximum number of years between leap days. */
const mostYears = 8;

export interface SyslogOptions {
  /** For times without an offset. */
  readonly zone: Zone;
  /** Times without a year get the latest year in which they are at most a day after this, in milliseconds since 1970. */
  readonly latest: () => number;
}

export class Syslog {
  readonly #options: SyslogOptions;
  readonly #pattern: TimePattern;
  #last = { text: '', time: Number.NaN };
  /** Whether a time was finer than a millisecond, and was cut to it. */
  hasCutTimes = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#pattern = new TimePattern('yyyy MMM d HH:mm:ss', options.zone);
  }

  /** The values of `syslogColumns` in order, or the error in the line. */
  read(line: string): readonly Value[] | string {
    const priority = /^<(\d{1,3})>/.exec(line);
    const code = priority ? Number(priority[1]) : null;
    if (code !== null && code > 191) return `its priority ${code} is greater than 191`;
    const origin = code === null ? [null, null] : [itemAt(facilities, code >> 3), itemAt(severities, code & 7)];
    const rest = line.slice(priority?.[0].length ?? 0);
    return priority && /^[1-9]\d{0,2} /.test(rest) ? this.#readStructured(rest, origin) : this.#readBsd(rest, origin);
  }

  /** RFC 5424, after the priority. */
  #readStructured(line: string, origin: readonly Value[]): readonly Value[] | string {
    const head = /^\d+ (\S+) (\S+) (\S+) (\S+) (\S+) /.exec(line);
    if (!head) return 'it ends before its structured data';
    const [written = null, host = null, app = null, pid = null, msgid = null] = head.slice(1).map((part) => (part === '-' ? null : part));
    const time = written === null ? null : this.#iso(written);
    if (Number.isNaN(time)) return `"${written}" is not a time`;
    const data = structuredData(line, head[0].length);
    if (typeof data === 'string') return data;
    const message = line.slice(data.end + 1).replace(/^\ufeff/, '');
    return [time, host, app, pid, ...origin, message === '' ? null : message, msgid, data.value];
  }

  #readBsd(line: string, origin: readonly Value[]): readonly Value[] | string {
    const iso = isoTime.exec(line);
    const bsd = iso ? null : bsdTime.exec(line);
    const written = (iso ?? bsd)?.[0];
    if (written === undefined) return 'it does not begin with a time such as Jan 31 12:00:00 or 2026-01-31T12:00:00Z';
    const time = bsd ? this.#bsd(bsd) : this.#iso(written);
    if (Number.isNaN(time)) return `"${written}" is not a time`;
    const [, host = '', behind = ''] = /^ ?(\S*) ?(.*)$/s.exec(line.slice(written.length)) ?? [];
    const tag = /^([^\s:[\]]+)(?:\[([^\]\s]*)\])?:(?: |$)/.exec(behind);
    const message = tag ? behind.slice(tag[0].length) : behind;
    return [time, host || null, tag?.[1] ?? null, tag?.[2] || null, ...origin, message === '' ? null : message, null, null];
  }

  #iso(text: string): number {
    if (/\.\d{3}\d*[1-9]/.test(text)) this.hasCutTimes = true;
    const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10));
    const time = parseTimestamp(text);
    if (time === null) return Number.NaN;
    return hasZone ? time : this.#options.zone.instantOf(time);
  }

  /** A time that usually has no year. */
  #bsd([written, month, day, year, clock]: RegExpExecArray): number {
    if (year) return this.#pattern.read(`${year} ${month} ${day} ${clock}`);
    if (written === this.#last.text) return this.#last.time;
    const latest = this.#options.latest() + dayMs;
    const { zone } = this.#options;
    const newest = new Date(latest + zone.offsetAt(latest)).getUTCFullYear();
    let time = Number.NaN;
    for (let year = newest; year > newest - mostYears && !(time <= latest); year--) time = this.#pattern.read(`${year} ${month} ${day} ${clock}`);
    this.#last = { text: written ?? '', time };
    return time;
  }
}

/** Structured data as an object of objects, and where it ends; or the error in it. */
function structuredData(line: string, start: number): { readonly value: Json; readonly end: number } | string {
  if (line[start] === '-') return { value: null, end: start + 1 };
  const elements: [string, { [name: string]: string }][] = [];
  let at = start;
  while (line[at] === '[') {
    const id = /[^\s=\]"]+/y;
    id.lastIndex = at + 1;
    const name = id.exec(line)?.[0];
    if (name === undefined) return 'its structured data has no name';
    at += 1 + name.length;
    const fields: [string, string][] = [];
    while (line[at] === ' ') {
      const param = /\s+([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"/sy;
      param.lastIndex = at;
      const found = param.exec(line);
      if (!found) return 'its structured data cannot be read';
      const [, name = '', value = ''] = found;
      fields.push([name, value.replace(/\\(["\\\]])/g, '$1')]);
      at = param.lastIndex;
    }
    if (line[at] !== ']') return 'its structured data is not closed';
    at++;
    elements.push([name, Object.fromEntries(fields)]);
  }
  return at === start ? 'it has no structured data, nor a - for none' : { value: Object.fromEntries(elements), end: at };
}
