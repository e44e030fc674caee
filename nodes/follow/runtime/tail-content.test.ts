import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { GzipContent } from './tail-content.ts';

test('a packed file that is given up in its middle closes its own descriptor, and nobody else’s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-packed-'));
  const path = join(folder, 'a.gz');
  const bytes = randomBytes(3_000_000);
  writeFileSync(path, gzipSync(bytes));
  const others: number[] = [];
  try {
    for (let i = 0; i < 20; i++) {
      const handle = await open(path);
      const content = new GzipContent(handle, { length: bytes.length, head: bytes.subarray(0, 1024), end: bytes.subarray(-1024), stretches: new Map() });
      const read = Buffer.alloc(1000);
      expect(await content.read(read, 0, 1000, 0)).toBe(1000);
      expect(read.equals(bytes.subarray(0, 1000))).toBe(true);
      let isClosed = false;
      const closing = content.close().then(() => (isClosed = true));
      // Files that get its number as soon as it is free.
      while (!isClosed && others.length < 500) {
        others.push(openSync(path, 'r'));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await closing;
    }
    await sleep(100);
    for (const other of others) expect(() => fstatSync(other)).not.toThrow();
  } finally {
    for (const other of others) {
      try {
        closeSync(other);
      } catch {
        // Something else closed it: the test has failed.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
});
