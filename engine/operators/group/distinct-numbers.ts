import { itemAt } from '../../../model/faults/missing.ts';

const leastCapacity = 64;
const growth = 1.5;
/** No entry, or no further one. */
const none = -1;

/**
 * Different numbers by slot, in one hash table of typed arrays: about 25 bytes each. A Set for each slot takes several times that
 * where there are many slots of few numbers, and the garbage collector goes through all of them.
 */
export class DistinctNumbers {
  /** By entry: the number, its slot, and the next entry of that slot and of the same bucket. Free entries are linked as if they were a slot's. */
  #values = new Float64Array(0);
  #slots = new Int32Array(0);
  #nextOfSlot = new Int32Array(0);
  #nextOfBucket = new Int32Array(0);
  /** By the low bits of the hash: the first entry. */
  #buckets = new Int32Array(0);
  /** By slot: its first entry, and how many it has. */
  #heads = new Int32Array(0);
  #sizes = new Int32Array(0);
  /** Entries that were ever used are below this. */
  #used = 0;
  #free = none;
  readonly #one = new Float64Array(1);
  readonly #bits = new Int32Array(this.#one.buffer);

  reserve(size: number): void {
    const before = this.#heads.length;
    if (size <= before) return;
    this.#heads = resized(this.#heads, size).fill(none, before);
    this.#sizes = resized(this.#sizes, size);
  }

  add(slot: number, number: number): void {
    // Zero has one sign, and NaN is equal to itself, as in a Set.
    const value = number + 0;
    let bucket = this.#hash(slot, value) & (this.#buckets.length - 1);
    for (let entry = this.#buckets.length === 0 ? none : this.#buckets[bucket]!; entry !== none; entry = this.#nextOfBucket[entry]!) {
      if (this.#slots[entry] === slot && Object.is(this.#values[entry], value)) return;
    }
    if (this.#free === none && this.#used === this.#values.length) {
      this.#grow();
      bucket = this.#hash(slot, value) & (this.#buckets.length - 1);
    }
    const entry = this.#takeEntry();
    this.#values[entry] = value;
    this.#slots[entry] = slot;
    this.#nextOfSlot[entry] = this.#heads[slot]!;
    this.#heads[slot] = entry;
    this.#sizes[slot]!++;
    this.#nextOfBucket[entry] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
  }
  #takeEntry(): number {
    const entry = this.#free;
    if (entry === none) return this.#used++;
    this.#free = itemAt(this.#nextOfSlot, entry);
    return entry;
  }

  size(slot: number): number {
    return this.#sizes[slot] ?? 0;
  }
  /** Puts the numbers of a slot into `into`, from a place on; returns the place behind them. */
  copy(slot: number, into: Float64Array, from: number): number {
    let at = from;
    for (let entry = this.#heads[slot]!; entry !== none; entry = this.#nextOfSlot[entry]!) into[at++] = this.#values[entry]!;
    return at;
  }
  merge(into: number, from: number): void {
    // The list that is read does not change, but the arrays may.
    for (let entry = this.#heads[from]!; entry !== none; entry = this.#nextOfSlot[entry]!) this.add(into, this.#values[entry]!);
  }

  clear(slot: number): void {
    let entry = this.#heads[slot]!;
    while (entry !== none) {
      const next = this.#nextOfSlot[entry]!;
      this.#unlink(entry, this.#hash(slot, this.#values[entry]!) & (this.#buckets.length - 1));
      this.#nextOfSlot[entry] = this.#free;
      this.#free = entry;
      entry = next;
    }
    this.#heads[slot] = none;
    this.#sizes[slot] = 0;
  }
  #unlink(entry: number, bucket: number): void {
    const next = this.#nextOfBucket[entry]!;
    let before = itemAt(this.#buckets, bucket);
    if (before === entry) {
      this.#buckets[bucket] = next;
      return;
    }
    while (this.#nextOfBucket[before] !== entry) before = itemAt(this.#nextOfBucket, before);
    this.#nextOfBucket[before] = next;
  }

  /** Forgets all slots, and gives their memory back. */
  reset(): void {
    this.#values = new Float64Array(0);
    this.#slots = this.#nextOfSlot = this.#nextOfBucket = this.#buckets = this.#heads = this.#sizes = new Int32Array(0);
    this.#used = 0;
    this.#free = none;
  }
  bytes(): number {
    return this.#values.length * 20 + 4 * (this.#buckets.length + this.#heads.length + this.#sizes.length);
  }

  #hash(slot: number, value: number): number {
    this.#one[0] = value;
    let hash = Math.imul(this.#bits[0]! ^ Math.imul(this.#bits[1]!, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(slot + 1, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }
  #grow(): void {
    const capacity = Math.max(leastCapacity, Math.ceil(this.#values.length * growth));
    const values = new Float64Array(capacity);
    values.set(this.#values);
    this.#values = values;
    this.#slots = resized(this.#slots, capacity);
    this.#nextOfSlot = resized(this.#nextOfSlot, capacity);
    this.#nextOfBucket = resized(this.#nextOfBucket, capacity);
    if (this.#buckets.length < capacity) this.#spread(2 ** Math.ceil(Math.log2(capacity)));
  }
  /** Over so many buckets, a power of two. All entries below `#used` have to be in use. */
  #spread(buckets: number): void {
    this.#buckets = new Int32Array(buckets).fill(none);
    for (let entry = 0; entry < this.#used; entry++) {
      const bucket = this.#hash(this.#slots[entry]!, this.#values[entry]!) & (buckets - 1);
      this.#nextOfBucket[entry] = this.#buckets[bucket]!;
      this.#buckets[bucket] = entry;
    }
  }
}

function resized(from: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(size);
  into.set(from);
  return into;
}
