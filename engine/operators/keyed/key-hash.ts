import type { Value } from '../../../model/values/types.ts';

const number = new Float64Array(1);
const halves = new Int32Array(number.buffer);
const seed = 0x811c9dc5;

/** Keys are in one of so many groups, by the low bits of their hash. Each instance of a stage has some of them. */
export const keyGroups = 128;

/** Of `instances`, the one that a key with this hash belongs to. */
export function instanceOf(hash: number, instances: number): number {
  return ((hash & (keyGroups - 1)) * instances) >> 7;
}

/** Equal for keys that are equal as in a Map. `keys` holds their values by level. */
export function hashOfLevels(keys: readonly (readonly Value[])[], at: number): number {
  let hash = seed;
  for (const values of keys) hash = mixed(hash, values[at]!);
  return spread(hash);
}

/** The same of a key of one value. */
export function hashOfKey(key: string | number | boolean): number {
  return spread(mixed(seed, key));
}

function mixed(hash: number, value: Value): number {
  if (typeof value === 'number') {
    // Also makes 0 of -0.
    number[0] = value + 0;
    return Math.imul(Math.imul(hash ^ halves[0]!, 0x01000193) ^ halves[1]!, 0x01000193);
  }
  const text = String(value);
  let next = hash;
  for (let i = 0; i < text.length; i++) next = Math.imul(next ^ text.charCodeAt(i), 0x01000193);
  return next;
}

/** The low bits have to depend on all others. */
function spread(hash: number): number {
  let next = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  next = Math.imul(next ^ (next >>> 13), 0xc2b2ae35);
  return next ^ (next >>> 16);
}
