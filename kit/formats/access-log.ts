/** Lines of web servers in the common and the combined log format (Apache, nginx and many others). */

import { utc } from '../../model/time/zone.ts';
import type { Column, Value } from '../../model/values/types.ts';
import { TimePattern } from './time-pattern.ts';

const text = (name: string): Column => ({ name, type: 'string', nullable: true });
const integer = (name: string): Column => ({ name, type: 'integer', nullable: true });

export const commonColumns: readonly Column[] = [
  { name: 'host', type: 'string', nullable: false },
  text('ident'),
  text('user'),
  { name: 'time', type: 'timestamp', nullable: false },
  text('method'),
  text('path'),
  text('protocol'),
  integer('status'),
  integer('bytes'),
];
export const combinedColumns: readonly Column[] = [...commonColumns, text('referer'), text('agent'), text('rest')];

/** `31/Jan/2026:12:00:00 +0100` */
const timeLength = 26;
const quote = 34;
const backslash = 92;

/** Reads one line after another, each in time proportional to its length. */
export class AccessLog {
  readonly #isCombined: boolean;
  readonly #pattern = new TimePattern('dd/MMM/yyyy:HH:mm:ss X', utc);
  /** Many lines in a row are from the same second. */
  #last = { text: '', time: Number.NaN };

  constructor(isCombined: boolean) {
    this.#isCombined = isCombined;
  }

  /** The values of the format's columns in order, or the error in the line. */
  read(line: string): readonly Value[] | string {
    const afterHost = line.indexOf(' ');
    const afterIdent = line.indexOf(' ', afterHost + 1);
    if (afterHost <= 0 || afterIdent < 0) return 'it does not begin with a host and two names';
    // A user's name may have spaces, and even brackets: the first brackets that contain a time are used.
    for (let open = line.indexOf(' [', afterIdent); open >= 0; open = line.indexOf(' [', open + 1)) {
      const end = open + 2 + timeLength;
      if (line.charCodeAt(end) !== 93) continue;
      const time = this.#timeOf(line.slice(open + 2, end));
      if (Number.isNaN(time)) continue;
      const names = [line.slice(0, afterHost), line.slice(afterHost + 1, afterIdent), line.slice(afterIdent + 1, open)].map(known);
      if (names[0] === null) names[0] = '-';
      return this.#readRest(line, end + 1, [...names, time]);
    }
    return 'it has no time such as [31/Jan/2026:12:00:00 +0100]';
  }

  #readRest(line: string, at: number, values: Value[]): readonly Value[] | string {
    const request = quoted(line, at);
    if (request === null) return 'its request is not in quotes';
    values.push(...requestParts(request.text));
    const numbers = /^ (\d{3}|-) (\d+|-)(?= |$)/.exec(line.slice(request.end, request.end + 32));
    if (!numbers) return 'its request is not followed by a status and a size';
    const [, status = '-', size = '-'] = numbers;
    values.push(numberOf(status), numberOf(size));
    const end = request.end + numbers[0].length;
    if (!this.#isCombined) return end === line.trimEnd().length ? values : 'more follows its size: it may be in the combined format';
    const referer = quoted(line, end);
    const agent = referer && quoted(line, referer.end);
    if (!agent) return 'it has no referer and agent in quotes: it may be in the common format';
    const rest = line.slice(agent.end).trim();
    values.push(known(referer.text), known(agent.text), rest === '' ? null : rest);
    return values;
  }

  #timeOf(text: string): number {
    if (text !== this.#last.text) this.#last = { text, time: this.#pattern.read(text) };
    return this.#last.time;
  }
}

/** The quoted text after a space at `at`, as written, and where it ends; null if there is none. */
function quoted(line: string, at: number): { readonly text: string; readonly end: number } | null {
  if (line.charCodeAt(at) !== 32 || line.charCodeAt(at + 1) !== quote) return null;
  for (let i = at + 2; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    if (unit === backslash) i++;
    else if (unit === quote) return { text: line.slice(at + 2, i), end: i + 1 };
  }
  return null;
}

/** Method, path and protocol. Anything but an HTTP request stays whole, as the path. */
function requestParts(request: string): [Value, Value, Value] {
  const first = request.indexOf(' ');
  const method = request.slice(0, first);
  if (first < 1 || !/^[A-Za-z]+([_-][A-Za-z]+)*$/.test(method)) return [null, known(request), null];
  const last = request.lastIndexOf(' ');
  const protocol = request.slice(last + 1);
  if (last === first || !/^HTTP\/\d(\.\d)?$/.test(protocol)) return [method, request.slice(first + 1), null];
  return [method, request.slice(first + 1, last), protocol];
}

function known(text: string): string | null {
  return text === '-' || text === '' ? null : text;
}

function numberOf(text: string): number | null {
  return text === '-' ? null : Number(text);
}
