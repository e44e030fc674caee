import { isatty } from 'node:tty';
import { visibleLines } from '../../model/text/visible-text.ts';

/**
 * Control characters in rows, which may come from anybody, would control the terminal. There they are shown by their numbers. For a pipe or
 * a file, bytes stay as they are. Text is UTF-8 and begins and ends between characters.
 */
export function terminalFilter(descriptor: number): ((bytes: Uint8Array) => Uint8Array) | null {
  return isatty(descriptor) ? shownBytes : null;
}

export function shownBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.from(visibleLines(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').replaceAll('\r\n', '\n')));
}
