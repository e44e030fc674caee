import { inflateRawSync } from 'node:zlib';
import type { Example } from '../node.ts';

/** The content of an example's file. */
export function exampleFile(content: NonNullable<Example['files']>[string]): string | Uint8Array {
  return typeof content === 'object' && 'deflated' in content ? inflateRawSync(Buffer.from(content.deflated, 'base64')) : content;
}
