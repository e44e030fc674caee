/** What somebody who knows Node well would write for exactly these files: no quoting rules beyond theirs, ASCII alone. */
import { closeSync, openSync, readSync } from 'node:fs';

export interface Reading {
  readonly time: string;
  readonly id: string;
  readonly region: string;
  readonly temperature: number | null;
  readonly humidity: number;
  readonly status: string;
  readonly note: string | null;
}

/** Calls `line` with the text and the bounds of each complete line, the header left out if told so. */
export function eachLine(path: string, skipFirst: boolean, line: (text: string, from: number, to: number) => void): void {
  const file = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(1 << 18);
  let rest = '';
  let skip = skipFirst;
  for (;;) {
    const count = readSync(file, buffer, 0, buffer.length, null);
    if (count === 0) break;
    const text = rest + buffer.toString('latin1', 0, count);
    let from = 0;
    for (;;) {
      const to = text.indexOf('\n', from);
      if (to === -1) break;
      if (skip) skip = false;
      else line(text, from, to);
      from = to + 1;
    }
    rest = text.slice(from);
  }
  closeSync(file);
}

export function eachReading(path: string, reading: (reading: Reading) => void): void {
  eachLine(path, true, (text, from, to) => {
    const a = text.indexOf(',', from);
    const b = text.indexOf(',', a + 1);
    const c = text.indexOf(',', b + 1);
    const d = text.indexOf(',', c + 1);
    const e = text.indexOf(',', d + 1);
    const f = text.indexOf(',', e + 1);
    reading({
      time: text.slice(from, a),
      id: text.slice(a + 1, b),
      region: text.slice(b + 1, c),
      temperature: decimal(text, c + 1, d),
      humidity: decimal(text, d + 1, e)!,
      status: text.slice(e + 1, f),
      note: f + 1 === to ? null : text.charCodeAt(f + 1) === 34 ? text.slice(f + 2, to - 1).replaceAll('""', '"') : text.slice(f + 1, to),
    });
  });
}

/** Numbers such as -12.5, read without making a string of them. */
function decimal(text: string, from: number, to: number): number | null {
  if (from === to) return null;
  let at = from;
  const isNegative = text.charCodeAt(at) === 45;
  if (isNegative) at++;
  let value = 0;
  let scale = 0;
  for (; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) scale = 1;
    else {
      value = value * 10 + code - 48;
      scale *= 10;
    }
  }
  if (scale > 1) value /= scale;
  return isNegative ? -value : value;
}
