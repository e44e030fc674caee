/**
 * A number from 0 to 1 (exclusive) that looks random and follows from its arguments, so that the millionth row can be generated without
 * those before it. `use` distinguishes the numbers of one row. A mixer of 32-bit integers in the manner of MurmurHash3.
 */
export function randomAt(seed: number, index: number, use: number): number {
  let h =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(index | 0, 0xc2b2ae35) ^
    Math.imul((index / 0x1_0000_0000) | 0, 0x27d4eb2f) ^
    Math.imul(use + 1, 0x165667b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}
