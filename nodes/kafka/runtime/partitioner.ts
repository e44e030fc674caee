/** Which partition a key belongs to: as Java's clients say, so that theirs and ours agree. */

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;
const shift = 24;

/** A signed number of 32 bits. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const at = (i: number) => bytes[i] ?? 0;
  let hash = seed ^ length;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    let k = at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24);
    k = Math.imul(k, multiplier);
    k ^= k >>> shift;
    k = Math.imul(k, multiplier);
    hash = Math.imul(hash, multiplier) ^ k;
  }
  const rest = length - whole;
  if (rest > 2) hash ^= at(whole + 2) << 16;
  if (rest > 1) hash ^= at(whole + 1) << 8;
  if (rest > 0) hash = Math.imul(hash ^ at(whole), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
