/** Bodies of requests that were compressed for transfer. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Refusal } from './http-rows.ts';

const unpackers = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) };

/** The encoding of a body by its header; null for an unknown one, `identity` for none. */
export function bodyEncoding(header: string | undefined): keyof typeof unpackers | 'identity' | null {
  const encoding = (header ?? '').trim().toLowerCase() || 'identity';
  return encoding === 'identity' || Object.hasOwn(unpackers, encoding) ? (encoding as 'identity') : null;
}

/** The decompressed body, null if it is larger than `maxBytes`, or why it cannot be decompressed. */
export async function unpacked(body: Buffer, encoding: keyof typeof unpackers | 'identity', maxBytes: number): Promise<Buffer | Refusal | null> {
  if (encoding === 'identity') return body;
  try {
    return await unpackers[encoding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return null;
    const hint = 'Send what the header Content-Encoding says, or leave the header out.';
    return { status: 400, code: 'http/packed', message: `The body cannot be unpacked as ${encoding}: ${message}.`, hint };
  }
}
