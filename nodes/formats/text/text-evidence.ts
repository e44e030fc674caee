/** How the bytes of a text file are written: what its beginning shows about encoding, compression and line ends. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { byteOrderMark, decoderFor } from '../../../io/files/byte-reader.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { within } from '../../../io/text/time-limit.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { ParamFix } from '../../../model/problems/problem.ts';
import { type Detected, type SeenLine, seen } from '../../../model/schema/detected.ts';
import { thousands } from '../../../model/text/thousands.ts';

export interface TextHead {
  readonly isPacked: boolean;
  /** Of its byte order mark; null without one. */
  readonly mark: string | null;
  /** Decompressed, without the mark: at most 64 KB. */
  readonly bytes: Buffer;
}

const headBytes = 64 * 1024;
const lineFeed = 10;
const carriageReturn = 13;
const markText = '\ufeff';

/** The most frequent encoding of files whose bytes are not UTF-8. */
export const asWindows1252: ParamFix = { title: 'Read as windows-1252', param: 'encoding', value: 'windows-1252' };

/** The beginning of a file that was opened before: null if it cannot be read now, as nothing depends on it. */
export async function textHead(file: InputFile, signal: AbortSignal): Promise<TextHead | null> {
  try {
    const raw = await within(rawHead(file), signal, file.name);
    const isPacked = raw[0] === 0x1f && raw[1] === 0x8b;
    const content = isPacked ? gunzipSync(raw, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, headBytes) : raw;
    const { encoding, length } = byteOrderMark(content);
    return { isPacked, mark: encoding, bytes: content.subarray(length) };
  } catch {
    return null;
  }
}

async function rawHead(file: InputFile): Promise<Buffer> {
  const handle = await open(file.path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(headBytes, Math.max(1, file.size)));
    return buffer.subarray(0, (await handle.read(buffer, 0, buffer.length, 0)).bytesRead);
  } finally {
    await handle.close();
  }
}

/** `param`: the one that sets the encoding; `given`: its value. */
export function encodingEvidence(head: TextHead, given: string, param = 'encoding'): Detected {
  const packed = head.isPacked ? ', in gzip' : '';
  const notable = head.isPacked || head.mark !== null || given !== 'auto';
  if (given !== 'auto') {
    const name = nameOf(decoderFor(given).encoding);
    return { param, value: `${name}${packed}`, because: 'It was set here.', lines: linesBeyondAscii(head, given), notable };
  }
  if (head.mark !== null) {
    const because = `The file begins with a byte order mark.${head.isPacked ? ' Its content is packed with gzip.' : ''}`;
    const [first = ''] = decoderFor(head.mark).decode(head.bytes).split('\n');
    return { param, value: `${nameOf(head.mark)}${packed}`, because, lines: [seen(markText + withoutReturn(first), 1)], notable };
  }
  const strange = firstNoUtf8(head.bytes);
  if (strange) {
    const because = `It has no byte order mark, so it is read as UTF-8; but line ${strange.line} is not valid UTF-8. As windows-1252 it would read as shown.`;
    return {
      param,
      value: `UTF-8${packed}, with faults`,
      because,
      lines: [strange],
      notable: true,
      doubtful: true,
      instead: { title: asWindows1252.title, value: asWindows1252.value },
    };
  }
  const lines = linesBeyondAscii(head, 'utf-8');
  const what =
    lines.length > 0 ? 'all characters at its beginning are valid' : 'all characters at its beginning are ASCII, which is the same in most encodings';
  return { param, value: `UTF-8${packed}`, because: `It has no byte order mark, and ${what}.`, lines, notable };
}

/** `isSet`: a user has set that carriage returns alone end lines as well. */
export function lineEndEvidence({ bytes, mark }: TextHead, isSet: boolean, param = 'lineEnds'): Detected | null {
  // In UTF-16, the bytes are not those of the text.
  if (mark?.startsWith('utf-16')) return null;
  let feeds = 0;
  let pairs = 0;
  let returns = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === lineFeed) feeds++;
    else if (bytes[at] === carriageReturn) {
      if (bytes[at + 1] === lineFeed) pairs++;
      else if (at < bytes.length - 1) returns++;
    }
  }
  const kinds = [pairs > 0 && 'CR LF', feeds > pairs && 'LF', returns > 0 && 'CR'].filter((kind) => kind !== false);
  const counts = [pairs > 0 && `${thousands(pairs)} CR LF`, feeds > pairs && `${thousands(feeds - pairs)} LF`, returns > 0 && `${thousands(returns)} CR alone`];
  const because = kinds.length === 0 ? 'There is only one line.' : `At its beginning there are ${counts.filter(Boolean).join(', ')}.`;
  const strange = returns > 0 && feeds > 0 && !isSet ? ' A CR beside others does not end a line, unless you set it.' : '';
  const [first] = bytes.toString('utf8', 0, 4096).split(/(?<=\n)|(?<=\r)(?!\n)/);
  return {
    param,
    value: kinds.join(', ') || 'LF',
    because: because + strange,
    lines: first ? [seen(first.replace(/\n$/, '\n'), 1)] : [],
    notable: returns > 0 || isSet,
  };
}

function linesBeyondAscii({ bytes }: TextHead, encoding: string): SeenLine[] {
  const lines = decoderFor(encoding)
    .decode(bytes.subarray(0, 16 * 1024))
    .split('\n')
    .slice(0, -1);
  const at = lines.findIndex((line) => [...line].some((character) => character > '\u007f'));
  return at === -1 ? [] : [seen(withoutReturn(itemAt(lines, at)), at + 1)];
}

/** The first line that is not entirely UTF-8, as windows-1252. The last line may be cut off. */
function firstNoUtf8(bytes: Buffer): SeenLine | null {
  const end = bytes.lastIndexOf(lineFeed) + 1 || bytes.length;
  if (isUtf8(bytes.subarray(0, end))) return null;
  for (let at = 0, line = 1; at < end; line++) {
    const feed = bytes.indexOf(lineFeed, at);
    const next = feed === -1 ? end : feed + 1;
    if (!isUtf8(bytes.subarray(at, next))) return seen(withoutReturn(decoderFor('windows-1252').decode(bytes.subarray(at, next))).trimEnd(), line);
    at = next;
  }
  return null;
}

const names: { readonly [label: string]: string } = { 'utf-8': 'UTF-8', 'utf-16le': 'UTF-16 LE', 'utf-16be': 'UTF-16 BE', shift_jis: 'Shift_JIS' };

function nameOf(encoding: string): string {
  return names[encoding] ?? encoding;
}

function withoutReturn(line: string): string {
  return line.replace(/\r$/, '');
}
