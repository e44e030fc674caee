import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { Shape } from '../plan/shape.ts';
import type { PlannedNode } from '../protocol/physical-plan.ts';
import { makePrivateFolder, privateFileMode } from './private-files.ts';
import { whyNotWritten } from './write-refusal.ts';

/**
 * A checkpoint's file: magic, version of this format, SHA-256 over the rest; then the length of the head, the head and the
 * content, both as V8 serialises them.
 */
const magic = Buffer.from('MILLRACE-CHECKPOINT\n');
const formatVersion = 1;
const sumLength = 32;
const startOfSummed = magic.length + 4 + sumLength;
/** Each is stored twice, so that damage to one file does no harm. */
const fileName = /^checkpoint-(\d+)\.(?:millrace|copy)$/;
const lineageFile = 'lineage';
const rewindableFile = 'bookkeepers.json';
const committedFile = 'committed';

/** What is known about a checkpoint without its content. */
export interface CheckpointHead {
  /** Rises from one to the next within a folder. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** See `SinkContext.lineage`. */
  readonly lineage: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  /**
   * `running`: of a run in progress. `draining`: of an endless run that was drained and only has to commit: it holds positions only.
   * `drained`: the same, once committed. `complete`: all input is read, and the run only has to commit.
   */
  readonly kind: 'running' | 'draining' | 'drained' | 'complete';
  /** The sink whose database decides whether this checkpoint counts, as of then; null: the file itself does. */
  readonly decider: (Pick<PlannedNode, 'type' | 'params' | 'secrets' | 'connection'> & { readonly node: NodeId; readonly folder: string }) | null;
  readonly shape: Shape;
}
/** A source that records checkpoints: see `SourceDefinition.rewind`. */
export interface RewindableSource {
  readonly type: string;
  readonly params: { readonly [name: string]: Json };
}
export interface CheckpointInfo extends CheckpointHead {
  readonly bytes: number;
}

interface Loaded {
  readonly head: CheckpointHead;
  readonly content: Buffer;
  readonly bytes: number;
}

/** The checkpoints of one pipeline, each a file and a copy of it in one folder. The writer holds the folder's lock: see checkpoints-lock.ts. */
export class CheckpointStore {
  readonly folder: string;
  readonly #onDamaged: (message: string) => void;
  /** Files that were read or written here and found valid. */
  readonly #lineages = new Map<number, string>();
  readonly #told = new Set<string>();
  #noted: string | null = null;

  /** The folder is created when it is first written to. `onDamaged` is called once for each file that is not sound or has no copy. */
  constructor(folder: string, onDamaged: (message: string) => void = () => {}) {
    this.folder = folder;
    this.#onDamaged = onDamaged;
  }

  /** The valid ones, newest first. */
  list(): CheckpointInfo[] {
    return this.#ids().flatMap((id) => {
      try {
        const { head, bytes } = this.#load(id);
        return [{ ...head, bytes }];
      } catch (error) {
        this.#tell(`Checkpoint ${id} is damaged and was left out: ${(error as Error).message}.`);
        return [];
      }
    });
  }

  /** Throws a MillraceError that names the existing ones. */
  read(id: number): { readonly head: CheckpointHead; readonly content: unknown; readonly bytes: number } {
    let reason = 'there is none of that number';
    if (this.#ids().includes(id)) {
      try {
        const { head, bytes, content } = this.#load(id);
        return { head, bytes, content: deserialize(content) };
      } catch (error) {
        reason = `it is damaged: ${(error as Error).message}`;
      }
    }
    const others = this.list().map((each) => each.id);
    throw new MillraceError({
      code: 'checkpoint/missing',
      message: `The run cannot resume from checkpoint ${id}: ${reason}.`,
      hint: others.length > 0 ? `There are these checkpoints: ${others.join(', ')}.` : 'There are no checkpoints; start from scratch.',
    });
  }

  /** Resolves with the file's size once it is durable under its name. */
  async write(head: CheckpointHead, content: unknown): Promise<number> {
    const headBytes = serialize(head);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(headBytes.length);
    const summed = [length, headBytes, serialize(content)];
    const sum = createHash('sha256');
    for (const part of summed) sum.update(part);
    const version = Buffer.alloc(4);
    version.writeUInt32LE(formatVersion);
    const parts = [magic, version, sum.digest(), ...summed];
    let bytes: number;
    try {
      bytes = await this.#writeWhole(this.#path(head.id), parts);
    } catch (error) {
      // The file may already have its name, and would count.
      rmSync(this.#path(head.id), { force: true });
      throw error;
    }
    this.#lineages.set(head.id, head.lineage);
    try {
      await this.#writeWhole(this.#copyPath(head.id), parts);
    } catch (error) {
      // The checkpoint exists, and may already decide: a missing copy must not cause an error.
      this.#tell(`Checkpoints are kept without a copy: ${whyNotWritten((error as Error).cause ?? error)}.`);
    }
    return bytes;
  }

  remove(id: number): void {
    this.#lineages.delete(id);
    for (const path of [this.#copyPath(id), this.#path(id)]) rmSync(path, { force: true });
  }

  /** Removes all but the newest `keep`, and all of other lineages. Returns the number of the oldest that is left, or 0. */
  prune(keep: number, lineage: string): number {
    const kept: number[] = [];
    for (const id of this.#ids()) {
      if (kept.length < keep && this.#isOf(id, lineage)) kept.push(id);
      else this.remove(id);
    }
    return kept.at(-1) ?? 0;
  }

  /** Removes those after this one, sound or not. */
  removeAfter(id: number): void {
    for (const each of this.#ids()) if (each > id) this.remove(each);
  }

  /** Removes all checkpoints, and the lineage with them. */
  clear(): void {
    for (const id of this.#ids()) this.remove(id);
    for (const name of [lineageFile, rewindableFile, committedFile]) rmSync(join(this.folder, name), { force: true });
  }

  /** The highest number that a file has, sound or not; 0 where there is none. */
  highest(): number {
    return this.#ids()[0] ?? 0;
  }

  /** The lineage that the last start began or resumed, or null. */
  lineage(): string | null {
    const path = join(this.folder, lineageFile);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() || null : null;
  }

  async setLineage(lineage: string): Promise<void> {
    await this.#writeWhole(join(this.folder, lineageFile), [Buffer.from(`${lineage}\n`)]);
  }

  /** The highest number that this lineage is known to have committed, whether or not its checkpoints still exist; 0 if it has committed none. */
  committed(lineage: string): number {
    try {
      const [of, id] = readFileSync(join(this.folder, committedFile), 'utf8').split('\n');
      return of === lineage ? Number(id) || 0 : 0;
    } catch {
      return 0;
    }
  }

  /** Records that the lineage has committed something. Resolves when that is durable; after that, a call costs one check. */
  async noteCommitted(lineage: string, id: number): Promise<void> {
    if (this.#noted === lineage) return;
    if (this.committed(lineage) === 0) await this.#writeWhole(join(this.folder, committedFile), [Buffer.from(`${lineage}\n${id}\n`)]);
    this.#noted = lineage;
  }

  /** All that were ever added, since checkpoints were last cleared. */
  rewindable(): readonly RewindableSource[] {
    const path = join(this.folder, rewindableFile);
    if (!existsSync(path)) return [];
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as RewindableSource[];
    } catch (error) {
      this.#tell(`${path} is damaged (${(error as Error).message}): failed rows that were replayed after the checkpoint resumed from stay marked as replayed.`);
      return [];
    }
  }

  /** Resolves when they are durable. */
  async addRewindable(more: readonly RewindableSource[]): Promise<void> {
    const before = this.rewindable();
    const all = new Map([...before, ...more].map((each) => [JSON.stringify(each), each]));
    if (all.size > before.length) await this.#writeWhole(join(this.folder, rewindableFile), [Buffer.from(`[${[...all.keys()].join(',\n')}]\n`)]);
  }

  /** Written under another name, and renamed once it is durable. */
  async #writeWhole(path: string, parts: readonly Uint8Array[]): Promise<number> {
    makePrivateFolder(this.folder);
    const temporary = `${path}.part`;
    let size = 0;
    try {
      const file = await open(temporary, 'w', privateFileMode);
      try {
        for (const part of parts) {
          await file.writeFile(part);
          size += part.length;
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(this.folder);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new MillraceError(
        {
          code: 'checkpoint/not-written',
          message: `A checkpoint could not be written: ${whyNotWritten(error)}.`,
          hint: `Look for room and rights in ${this.folder}.`,
        },
        { cause: error },
      );
    }
    return size;
  }

  #ids(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return [];
    }
    return [...new Set(names.flatMap((name) => Number(fileName.exec(name)?.[1] ?? []) || []))].sort((a, b) => b - a);
  }

  #path(id: number): string {
    return join(this.folder, `checkpoint-${String(id).padStart(8, '0')}.millrace`);
  }

  #copyPath(id: number): string {
    return this.#path(id).replace(/millrace$/, 'copy');
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#onDamaged(message);
  }

  #isOf(id: number, lineage: string): boolean {
    try {
      return (this.#lineages.get(id) ?? this.#load(id).head.lineage) === lineage;
    } catch {
      return false;
    }
  }

  /** From its copy if the file itself is not sound. */
  #load(id: number): Loaded {
    let why: Error;
    try {
      return this.#loadFile(id, this.#path(id));
    } catch (error) {
      why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error('its file is missing') : (error as Error);
    }
    let loaded: Loaded;
    try {
      loaded = this.#loadFile(id, this.#copyPath(id));
    } catch {
      throw why;
    }
    this.#tell(`The file of checkpoint ${id} is damaged: ${why.message}. Its copy is sound and is used instead.`);
    return loaded;
  }

  #loadFile(id: number, path: string): Loaded {
    const file = readFileSync(path);
    if (file.length < startOfSummed + 4 || !file.subarray(0, magic.length).equals(magic)) throw new Error('it is not a checkpoint, or it is incomplete');
    const version = file.readUInt32LE(magic.length);
    if (version !== formatVersion) throw new Error(`it has format ${version}, and this version of Millrace reads format ${formatVersion}`);
    const summed = file.subarray(startOfSummed);
    if (
      !createHash('sha256')
        .update(summed)
        .digest()
        .equals(file.subarray(magic.length + 4, startOfSummed))
    )
      throw new Error('its checksum is wrong');
    const end = 4 + summed.readUInt32LE(0);
    const head = deserialize(summed.subarray(4, end)) as CheckpointHead;
    this.#lineages.set(id, head.lineage);
    return { head, content: summed.subarray(end), bytes: file.length };
  }
}

/** The newest valid checkpoint of a state folder from which a run would resume, as far as the files say; null if there is none. */
export function latestCheckpoint(folder: string): CheckpointInfo | null {
  const store = new CheckpointStore(folder);
  const lineage = store.lineage();
  return store.list().find((each) => lineage === null || each.lineage === lineage) ?? null;
}

/** Without it the new name may be lost after a power cut. Not possible everywhere: Windows does it by itself. */
async function syncFolder(folder: string): Promise<void> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'EBADF'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  } finally {
    await handle.close();
  }
}
