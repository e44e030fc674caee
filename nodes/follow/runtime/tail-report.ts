/** What following files reports, once each; and the bytes that are known to be lost. */

import type { LeftOut } from '../../../io/files/input-files.ts';
import type { TailPosition } from '../../../io/files/tail-position.ts';
import type { Problem } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';

export class TailReport {
  readonly #log: (level: 'info' | 'warning', message: string) => void;
  /** Names that cannot be read, with the reason that was reported. */
  readonly #unreadable = new Map<string, string>();
  #leftOut: readonly string[] = [];
  readonly #missing = new Set<string>();
  readonly #lineEnds = new Set<string>();
  #lost: number;

  constructor(log: (level: 'info' | 'warning', message: string) => void, lost: number) {
    this.#log = log;
    this.#lost = lost;
  }

  /** Bytes that were written and gone before they could be read, as far as known. */
  get lost(): number {
    return this.#lost;
  }

  /** The names that are not readable files now. */
  leftOut(all: readonly LeftOut[]): void {
    for (const name of this.#leftOut) if (!all.some((each) => each.name === name)) this.#unreadable.delete(name);
    this.#leftOut = all.map(({ name }) => name);
    for (const { name, problem } of all) this.unreadable(name, problem);
  }

  /** A name that cannot be read now; the others can. */
  unreadable(name: string, { message, hint }: Problem): null {
    if (this.#unreadable.get(name) === message) return null;
    this.#unreadable.set(name, message);
    this.#log('warning', `${message} It is left out until it can be read. ${hint ?? ''}`.trim());
    return null;
  }

  packed(name: string, packer: string): void {
    this.unreadable(name, {
      code: 'file/packed',
      severity: 'warning',
      message: `${name} was packed with ${packer}, which is not read here.`,
      hint: 'Let the pattern leave such files out, or pack with gzip.',
    });
  }

  /** A compressed file that ends too early; one that was reported for another compression is not reported again. */
  incomplete(name: string): void {
    if (this.#unreadable.has(name)) return;
    this.unreadable(name, {
      code: 'file/gzip',
      severity: 'warning',
      message: `The gzip file ${name} is not complete.`,
      hint: 'It was probably cut short while it was copied or written: fetch it again.',
    });
  }

  missing(name: string): void {
    if (this.#missing.has(name)) return;
    this.#missing.add(name);
    this.#log('warning', `${name} is not there. Reading continues as soon as it is.`);
  }

  found(name: string): void {
    this.#missing.delete(name);
  }

  /** A file contains what was read of another one; `line` is where reading continues in it, null if it contains no more. */
  copy(name: string, original: string, line: number | null): void {
    const what = line === null ? 'it is not read again' : `reading continues in it at line ${thousands(line)}`;
    this.#log('info', name === original ? `${name} is a copy of what was read before: ${what}.` : `${name} is a copy of ${original}: ${what}.`);
  }

  /** `lost`: bytes that it had when it was last checked and that were not read. */
  cut(name: string, isShorter: boolean, lost: number): void {
    const what = `${name} was ${isShorter ? 'cut off' : 'written anew'}: it is read from its beginning again.`;
    this.#log('warning', lost > 0 ? `${what} ${this.#lose(lost)}` : what);
  }

  /** `isThere`: a file with its number exists, but not with what was read of it. */
  notFound({ name, line, offset, size }: TailPosition, isThere: boolean): void {
    const lost = Math.max(0, (size ?? 0) - offset);
    if (isThere && offset === 0 && lost === 0) return;
    const readTo = `read up to line ${thousands(line)}`;
    const what = isThere
      ? `${name} was cut off or written anew since it was ${readTo}: it is read from its beginning.`
      : `${name} is not there any more as it was ${readTo}.`;
    const rest =
      lost > 0 ? this.#lose(lost) : size === undefined ? 'What it held after that cannot be read.' : 'What was appended to it since then cannot be read.';
    this.#log('warning', `${what} ${rest}`);
  }

  lineEnds(name: string): void {
    if (this.#lineEnds.has(name)) return;
    this.#lineEnds.add(name);
    this.#log('warning', `The lines of ${name} end with a carriage return alone. Files that are followed need LF or CR LF: nothing of it is read.`);
  }

  #lose(bytes: number): string {
    this.#lost += bytes;
    const count = (n: number) => `${thousands(n)} byte${n === 1 ? '' : 's'}`;
    return `At least ${count(bytes)} were lost before they could be read (${count(this.#lost)} since the pipeline began).`;
  }
}
