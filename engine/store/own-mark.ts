import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Marks what this installation has written, so that a file that an archive or another program put into its data folder is not taken for its
 * own. The key is a file of the data folder that only its user can read.
 */
export class OwnMark {
  readonly #file: string;
  #key: Buffer | null = null;

  constructor(dataFolder: string) {
    this.#file = join(dataFolder, 'own.key');
  }

  of(text: string): string {
    return createHmac('sha256', this.#read()).update(text).digest('hex');
  }

  isOf(text: string, mark: string): boolean {
    const right = Buffer.from(this.of(text));
    const given = Buffer.from(mark);
    return right.length === given.length && timingSafeEqual(right, given);
  }

  #read(): Buffer {
    if (this.#key) return this.#key;
    mkdirSync(join(this.#file, '..'), { recursive: true });
    try {
      // Several windows may start at once: all use the first one's key.
      writeFileSync(this.#file, randomBytes(32), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    this.#key = readFileSync(this.#file);
    return this.#key;
  }
}
