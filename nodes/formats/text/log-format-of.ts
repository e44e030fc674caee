import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import type { TextFormat } from '../log-fields.ts';
import { formatOfHead } from '../recognise.ts';

const headBytes = 16 * 1024;

/** The format of most of a file's first lines. */
export function logFormatOf(file: string): TextFormat {
  const head = Buffer.alloc(headBytes);
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      length = readSync(descriptor, head, 0, headBytes, 0);
    } finally {
      closeSync(descriptor);
    }
    const bytes = head.subarray(0, length);
    return formatOfHead(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes);
  } catch {
    // The node itself says what is wrong with the file.
    return 'text';
  }
}
