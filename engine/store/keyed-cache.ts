import { serialize } from 'node:v8';
import type { KeyedState } from '@millrace/kit/keyed-state';
import { missing } from '../../model/faults/missing.ts';
import type { State } from '../../model/values/types.ts';
import { type Expiring, ExpiryQueue } from './keyed-expiry.ts';
import { entryBytes, estimateBytes } from './keyed-size.ts';
import { checksum, isIntact, type KeyedStore, type StoredEntry } from './keyed-store.ts';
import { deserializeOwn } from './own-bytes.ts';

/** What all keyed states of a run share. */
export interface StateMemory {
  /** Their total memory, estimated. */
  bytes: number;
  readonly limit: number;
  /** Rises as entries are loaded into memory: entries that were last used in an early epoch are the first to be spilled. */
  epoch: number;
  /** Bytes loaded into memory during this epoch. */
  inflow: number;
  /** The version of what is written now. */
  version: number;
  /** Call it when memory exceeds the limit. Any entry may be spilled, including the one that was used last. */
  makeRoom(): void;
  /** To be called when a state has put aside more than an eighth of the limit: it is to be given a file, if it has none, and to move that there. */
  moveAside(state: { evictAside(): void }): void;
}

/** What was put aside is written once there is so much of it. */
const asideShare = 1 / 8;

/** The value of an entry that was removed, while the file still has it. */
const gone = Symbol('gone');

/** There are many entries: fields used at each access come first, and no field holds a fraction, which would be an object of its own. */
interface Entry {
  readonly key: string;
  value: unknown;
  /** The epoch of its last use. */
  used: number;
  bytes: number;
  /** The file does not have its current value. Always true while there is no file. */
  dirty: boolean;
  /** Null for an entry that never had an expiry time. */
  expiry: Expiry | null;
  /** What the file has of this key: the version since when, and its checksum; -1 and 0 if it has nothing. */
  version: number;
  sum: number;
}
interface Expiry extends Expiring {
  readonly entry: Entry;
}
/** The order of the file, in which neighbours share a page. */
const byKey = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const expiresAt = ({ expiry }: Entry): number => expiry?.expiresAt ?? Number.POSITIVE_INFINITY;

export interface HeldEntries {
  readonly keys: readonly string[];
  readonly values: readonly State[];
  /** Null if no entry expires. */
  readonly expires: Float64Array | null;
}

/**
 * Keyed state in memory and, once it has a file, partly there. What is in memory takes precedence; the file has the rest, and what memory
 * had at the last checkpoint.
 */
export class CachedState<V extends State> implements KeyedState<V> {
  readonly #memory: StateMemory;
  readonly #entries = new Map<string, Entry>();
  readonly #expiry = new ExpiryQueue<Expiry>();
  #size = 0;
  #bytes = 0;
  /** The entry that was looked up last: most are set right after they were read. */
  #last: Entry | null = null;

  #store: KeyedStore | null = null;
  #id = 0;
  /** Entries to be written; some were written since. */
  #dirty: Entry[] = [];
  /** Entries that are to leave first, and what they took when they came. */
  readonly #aside = new Set<Entry>();
  #asideBytes = 0;
  /** Whether what is read is put aside again, too. */
  #setsAside = false;
  /** A key that is known to be neither in memory nor in the file. */
  #absent: string | null = null;
  /** What the file has: how many entries, and the sum of their checksums. */
  #stored = 0;
  #storedSum = 0;
  /** Entries that are only in the file, and about how many bytes they would take in memory. */
  #spilled = 0;
  #spilledBytes = 0;
  /** No entry that is only in the file expires before this. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(memory: StateMemory) {
    this.#memory = memory;
  }

  get(key: string): V | undefined {
    const entry = this.#find(key);
    if (entry === undefined) return undefined;
    const { value } = entry;
    // What was once put aside is read, mostly, to be deleted or not to be needed for long.
    if (this.#setsAside) this.#putAside(entry);
    if (this.#memory.bytes > this.#memory.limit) this.#memory.makeRoom();
    return value === gone ? undefined : (value as V);
  }

  set(key: string, value: V, expiresAt = Number.POSITIVE_INFINITY): void {
    const entry = this.#last !== null && this.#last.key === key ? this.#last : this.#find(key);
    const bytes = entryBytes + key.length + estimateBytes(value);
    if (entry === undefined) {
      this.#add(key, value, expiresAt, bytes);
    } else {
      if (entry.value === gone) this.#size++;
      entry.value = value;
      if (expiresAt !== Number.POSITIVE_INFINITY || entry.expiry !== null) this.#expireAt(entry, expiresAt);
      if (!entry.dirty) this.#touch(entry);
      if (bytes !== entry.bytes) {
        this.#grow(bytes - entry.bytes);
        entry.bytes = bytes;
      }
    }
    if (this.#memory.bytes > this.#memory.limit) this.#memory.makeRoom();
  }

  setAside(key: string, value: V): void {
    this.set(key, value);
    // It may have left by now.
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#setsAside = true;
    this.#putAside(entry);
  }

  pack(value: State): Uint8Array {
    // A copy, as the buffer has room to grow.
    return new Uint8Array(serialize(value));
  }

  unpack(bytes: Uint8Array): State {
    return deserializeOwn(bytes) as State;
  }

  #putAside(entry: Entry): void {
    if (this.#aside.has(entry)) return;
    this.#aside.add(entry);
    this.#asideBytes += entry.bytes;
    if (this.#asideBytes > this.#memory.limit * asideShare) this.#memory.moveAside(this);
  }

  delete(key: string): void {
    const entry = this.#find(key);
    if (entry !== undefined && entry.value !== gone) this.#remove(entry);
    if (this.#memory.bytes > this.#memory.limit) this.#memory.makeRoom();
  }

  expire(time: number): number {
    const before = this.#size;
    for (let due = this.#expiry.take(time); due !== null; due = this.#expiry.take(time)) this.#remove(due.entry);
    if (this.#nextExpiry <= time) this.#expireSpilled(time);
    return before - this.#size;
  }

  *entries(): Iterable<readonly [string, V]> {
    for (const [key, value] of this.entriesWithExpiry()) yield [key, value];
  }

  *entriesWithExpiry(): Iterable<readonly [string, V, number]> {
    for (const entry of this.#entries.values()) if (entry.value !== gone) yield [entry.key, entry.value as V, expiresAt(entry)];
    if (this.#spilled === 0) return;
    for (const { key, value, expires } of this.#disk.entries(this.#id)) if (!this.#entries.has(key)) yield [key, deserializeOwn(value) as V, expires];
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes + this.#spilledBytes;
  }

  /** About how many of these are only in the file. */
  get bytesOnDisk(): number {
    return this.#spilledBytes;
  }

  // ---- In memory alone

  held(): HeldEntries {
    const keys: string[] = [];
    const values: State[] = [];
    const expires: number[] = [];
    let expire = false;
    for (const [key, value, expiresAt] of this.entriesWithExpiry()) {
      keys.push(key);
      values.push(value);
      expires.push(expiresAt);
      expire ||= expiresAt !== Number.POSITIVE_INFINITY;
    }
    return { keys, values, expires: expire ? Float64Array.from(expires) : null };
  }

  /** Into an empty state. */
  hold({ keys, values, expires }: HeldEntries): void {
    for (const [i, key] of keys.entries()) this.set(key, values[i] as V, expires?.[i]);
  }

  clear(): void {
    this.#memory.bytes -= this.#bytes;
    this.#entries.clear();
    this.#expiry.clear();
    this.#size = this.#bytes = this.#stored = this.#storedSum = this.#spilled = this.#spilledBytes = 0;
    this.#last = this.#absent = this.#store = null;
    this.#dirty = [];
    this.#aside.clear();
    this.#asideBytes = 0;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
  }

  // ---- With a file

  /** From now on there is a file, which does not contain this state yet. */
  attach(store: KeyedStore, node: string, name: string): void {
    this.#store = store;
    this.#id = store.stateId(node, name);
    this.#dirty = [...this.#entries.values()];
  }

  /** Loads the state from the file into an empty state; throws `state/damaged` if it differs from what was there at the checkpoint. */
  resume(store: KeyedStore, node: string, name: string, entries: number, sum: number): void {
    this.attach(store, node, name);
    for (const entry of store.entries(this.#id)) {
      this.#stored++;
      this.#storedSum = (this.#storedSum + this.#checked(entry)) >>> 0;
      this.#spilledBytes += entryBytes + entry.key.length + entry.value.length;
      if (entry.expires < this.#nextExpiry) this.#nextExpiry = entry.expires;
    }
    this.#size = this.#spilled = this.#stored;
    if (this.#stored === entries && this.#storedSum === sum) return;
    throw store.damaged(`the state "${name}" of the node "${node}" has ${this.#stored} entries where ${entries} were stored, or others`);
  }

  /** The bytes in memory by epoch of their last use, added to `byEpoch`. */
  tally(byEpoch: Map<number, number>): void {
    for (const { used, bytes } of this.#entries.values()) byEpoch.set(used, (byEpoch.get(used) ?? 0) + bytes);
  }

  /** Spills entries that were last used up to this epoch, until `enough` bytes are freed; returns how many are still missing. */
  evict(epoch: number, enough: number): number {
    let missing = enough;
    const leaving: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (missing <= 0) break;
      if (entry.used > epoch) continue;
      missing -= entry.bytes;
      leaving.push(entry);
    }
    this.#leave(leaving);
    return missing;
  }

  /** Moves what was put aside out of memory. */
  evictAside(): void {
    const leaving = [...this.#aside].filter((entry) => this.#entries.get(entry.key) === entry);
    this.#aside.clear();
    this.#asideBytes = 0;
    this.#leave(leaving);
  }

  #leave(entries: Entry[]): void {
    for (const entry of entries.sort(byKey)) {
      this.#write(entry);
      if (entry.value !== gone) {
        this.#spilled++;
        this.#spilledBytes += entry.bytes;
        this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt(entry));
      }
      this.#drop(entry);
    }
    this.#dirty = this.#dirty.filter(({ dirty }) => dirty);
  }

  /** Writes what has changed; returns what the file has of this state now. */
  flush(): { readonly entries: number; readonly sum: number } {
    for (const entry of this.#dirty.filter(({ dirty }) => dirty).sort(byKey)) {
      this.#write(entry);
      if (entry.value === gone) this.#drop(entry);
    }
    this.#dirty = [];
    return { entries: this.#stored, sum: this.#storedSum };
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#store === null ? undefined : this.#load(key);
    entry.used = this.#memory.epoch;
    this.#last = entry;
    return entry;
  }

  /** Only if something was spilled, or is about to be. */
  get #disk(): KeyedStore {
    return this.#store ?? missing('the file of the state');
  }

  #load(key: string): Entry | undefined {
    if (this.#absent === key) return undefined;
    const found = this.#disk.read(this.#id, key);
    if (found === null) {
      this.#absent = key;
      return undefined;
    }
    this.#checked(found);
    this.#unspill();
    const value = deserializeOwn(found.value) as V;
    return this.#put(key, value, found.expires, entryBytes + key.length + estimateBytes(value), found.version, found.sum);
  }

  #add(key: string, value: V, expiresAt: number, bytes: number): void {
    const entry = this.#put(key, value, expiresAt, bytes, -1, 0);
    if (!entry.dirty) this.#touch(entry);
    this.#last = entry;
    this.#absent = null;
    this.#size++;
  }

  #put(key: string, value: unknown, expiresAt: number, bytes: number, version: number, sum: number): Entry {
    const entry: Entry = { key, value, used: this.#memory.epoch, bytes, dirty: this.#store === null, expiry: null, version, sum };
    this.#entries.set(key, entry);
    if (expiresAt !== Number.POSITIVE_INFINITY) this.#expireAt(entry, expiresAt);
    this.#grow(bytes);
    return entry;
  }

  #expireAt(entry: Entry, expiresAt: number): void {
    if (entry.expiry === null) entry.expiry = { due: Number.NaN, expiresAt, entry };
    else entry.expiry.expiresAt = expiresAt;
    this.#expiry.schedule(entry.expiry);
  }

  #touch(entry: Entry): void {
    entry.dirty = true;
    this.#dirty.push(entry);
  }

  #remove(entry: Entry): void {
    this.#size--;
    if (entry.version < 0) {
      this.#drop(entry);
      return;
    }
    this.#unschedule(entry);
    if (!entry.dirty) this.#touch(entry);
    entry.value = gone;
    this.#grow(entryBytes - entry.bytes);
    entry.bytes = entryBytes;
  }

  #unschedule(entry: Entry): void {
    if (entry.expiry !== null) this.#expiry.forget(entry.expiry);
    entry.expiry = null;
  }

  /** Out of memory. */
  #drop(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#unschedule(entry);
    entry.dirty = false;
    entry.value = gone;
    if (this.#last === entry) this.#last = null;
    this.#absent = null;
    this.#bytes -= entry.bytes;
    this.#memory.bytes -= entry.bytes;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    const memory = this.#memory;
    memory.bytes += bytes;
    if (bytes <= 0) return;
    memory.inflow += bytes;
    if (memory.inflow <= memory.limit / 16) return;
    memory.inflow = 0;
    memory.epoch++;
  }

  /** Writes it to the file, unless the file has it. */
  #write(entry: Entry): void {
    if (!entry.dirty) return;
    entry.dirty = false;
    const { key } = entry;
    const { version } = this.#memory;
    if (entry.value === gone) {
      if (entry.version >= 0) this.#removeStored(key, entry.version, entry.sum);
      entry.version = -1;
      entry.sum = 0;
      return;
    }
    const expires = expiresAt(entry);
    const value = serialize(entry.value);
    const sum = checksum(key, expires, value);
    this.#disk.write(this.#id, { key, version, value, expires, sum }, entry.version);
    if (entry.version < 0) this.#stored++;
    this.#storedSum = (this.#storedSum - entry.sum + sum) >>> 0;
    entry.version = version;
    entry.sum = sum;
  }

  #removeStored(key: string, version: number, sum: number): void {
    this.#disk.remove(this.#id, key, this.#memory.version, version);
    this.#stored--;
    this.#storedSum = (this.#storedSum - sum) >>> 0;
  }

  #unspill(): void {
    this.#spilledBytes -= this.#spilledBytes / this.#spilled;
    this.#spilled--;
  }

  #checked(entry: StoredEntry): number {
    if (isIntact(entry)) return entry.sum;
    throw this.#disk.damaged('an entry does not match its checksum');
  }

  /** Entries that are only in the file: they need not be loaded to be removed. */
  #expireSpilled(time: number): void {
    const store = this.#disk;
    this.#absent = null;
    store.together(() => {
      for (const key of store.expiring(this.#id, this.#nextExpiry, time)) {
        if (this.#entries.has(key)) continue;
        const { version, sum } = store.read(this.#id, key) ?? missing(`the entry "${key}"`);
        this.#removeStored(key, version, sum);
        this.#unspill();
        this.#size--;
      }
    });
    this.#nextExpiry = store.nextExpiry(this.#id, time);
  }
}
