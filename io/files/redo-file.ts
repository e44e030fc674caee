/**
 * A file of frames that can be made durable at any time: what it takes to do once more what a system outside has perhaps not kept. It
 * begins with its durable length; each frame has its own length before it.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAll } from './file-commit.ts';
import { syncFolder } from './part-file.ts';

/** A double, at the start of the file. */
const lengthBytes = 8;
const frameHead = 4;

export class RedoFile {
  readonly path: string;
  readonly #descriptor: number;
  #at = lengthBytes;

  /** Makes it anew, and its folder. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = openSync(path, 'w+', 0o600);
    syncFolder(dirname(path));
  }

  /** Whether nothing was added since it began. */
  get isEmpty(): boolean {
    return this.#at === lengthBytes;
  }

  /** Forgets what it holds. */
  begin(): void {
    ftruncateSync(this.#descriptor, 0);
    this.#at = lengthBytes;
  }

  add(frame: Buffer): void {
    const head = Buffer.alloc(frameHead);
    head.writeUInt32LE(frame.length);
    writeAll(this.#descriptor, head, this.#at);
    writeAll(this.#descriptor, frame, this.#at + frameHead);
    this.#at += frameHead + frame.length;
  }

  /** Makes durable what was added. More may follow. */
  sync(): void {
    const length = Buffer.alloc(lengthBytes);
    length.writeDoubleLE(this.#at);
    writeAll(this.#descriptor, length, 0);
    fsyncSync(this.#descriptor);
  }

  /** All that was added, durable or not. */
  frames(): Generator<Buffer> {
    return framesOf(this.#descriptor, this.#at);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/** Whether the file is there, as long as it was when it was made durable. */
export function hasRedo(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= lengthBytes) return false;
  const descriptor = openSync(path, 'r');
  try {
    const length = lengthOf(descriptor);
    return length > lengthBytes && length <= size;
  } finally {
    closeSync(descriptor);
  }
}

/** The durable frames of a file, in order. */
export function* redoFrames(path: string): Generator<Buffer> {
  const descriptor = openSync(path, 'r');
  try {
    yield* framesOf(descriptor, lengthOf(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function* framesOf(descriptor: number, length: number): Generator<Buffer> {
  const head = Buffer.alloc(frameHead);
  for (let at = lengthBytes; at < length; ) {
    readSync(descriptor, head, 0, frameHead, at);
    const bytes = Buffer.alloc(head.readUInt32LE());
    readSync(descriptor, bytes, 0, bytes.length, at + frameHead);
    at += frameHead + bytes.length;
    yield bytes;
  }
}

function lengthOf(descriptor: number): number {
  const bytes = Buffer.alloc(lengthBytes);
  readSync(descriptor, bytes, 0, lengthBytes, 0);
  return bytes.readDoubleLE();
}
