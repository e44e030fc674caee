import { hashOfKey } from '../keyed/key-hash.ts';
import type { JoinKey } from './join-keys.ts';

/** With two bits for each key, one in twenty of other keys is taken for one that is there, and fewer where keys come again. */
const bitsPerKey = 8;
const leastBits = 64;

/** Bits of a Bloom filter over keys: what is told to be absent is absent. */
export type KeyFilter = Uint8Array;

export function filterOf(keys: readonly JoinKey[]): KeyFilter {
  const filter = new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(leastBits, keys.length * bitsPerKey))) / 8);
  for (const key of keys) {
    for (const bit of bitsOf(key, filter)) filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
  return filter;
}

export function mayHave(filter: KeyFilter, key: JoinKey): boolean {
  return bitsOf(key, filter).every((bit) => (filter[bit >>> 3] ?? 0) & (1 << (bit & 7)));
}

/** The low bits of the hash say which part a key is in: bits of the filter have to depend on others. */
function bitsOf(key: JoinKey, filter: KeyFilter): readonly [number, number] {
  const hash = hashOfKey(key);
  const mask = filter.length * 8 - 1;
  const first = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  const second = Math.imul(hash ^ (hash >>> 13), 0x2c1b3c6d);
  return [(first ^ (first >>> 16)) & mask, (second ^ (second >>> 16)) & mask];
}
