import { inflateRawSync } from 'node:zlib';
import type { Example } from '../node.ts';

/** What a file of an example holds, as it is to be written. */
export function exampleFile(content: NonNullable<Example['files']>[string]): string | Uint8Array {
  return typeof content === 'object' && 'deflated' in content ? inflateRawSync(Buffer.from(content.deflated, 'base64')) : content;
}
