/** Recognises by its beginning what a file contains, for files that people open or drop. */
import { recogniseFormat } from '@millrace/kit/formats/log-formats';
import { readLogfmt } from '@millrace/kit/formats/logfmt';
import { itemAt } from '../../model/faults/missing.ts';
import type { TextFormat } from './log-fields.ts';

/** How many lines of a log are looked at. */
const lookedAtLines = 20;

const textOf = (head: Uint8Array) => {
  const [first, second] = head;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(head);
};

export function isDatabase(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, 16)) === 'SQLite format 3\0';
}

/** An object or an array of objects; pipelines were recognised before. */
export function looksLikeJson(head: Uint8Array): boolean {
  return /^\s*(\{\s*["}]|\[\s*(\{|\]\s*$))/.test(textOf(head));
}

/** Text that is neither JSON nor binary, nor a log in a named format. */
export function looksSeparated(head: Uint8Array): boolean {
  return looksLikeText(head) && formatOfHead(head) === 'text';
}

/** Text that is neither JSON nor binary. */
export function looksLikeText(head: Uint8Array): boolean {
  const text = textOf(head);
  return !text.includes('\0') && text.trim() !== '' && !/^\s*[[{]/.test(text) && !isBinary(head);
}

/** The format of most of the first lines. */
export function formatOfHead(head: Uint8Array): TextFormat {
  const lines = textOf(head).split(/\r?\n/);
  // The last one may be cut off.
  const whole = (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line.trim() !== '').slice(0, lookedAtLines);
  if (whole.length === 0) return 'text';
  const pairs = whole.filter((line) => {
    const found = readLogfmt(line);
    return typeof found !== 'string' && [...found.pairs.values()].filter((value) => value !== null).length > 1;
  });
  return recogniseFormat(whole) ?? (pairs.length * 2 > whole.length && !/^\s*[[{<]/.test(itemAt(whole, 0)) ? 'logfmt' : 'text');
}

/** Control characters that no text has. */
function isBinary(head: Uint8Array): boolean {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return false;
  return head.some((byte) => byte < 9 || (byte > 13 && byte < 27));
}
