/** A folder of logs that are rotated in every way that there is, and what a reader of it owes. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

type Path = string | Buffer;

export const logLine = (id: number): string => `${JSON.stringify({ id, text: 'x'.repeat(id % 50) })}\n`;

/** What the lines hold: told, for there may be no whole line to find it from when a run starts. */
export const logColumns = [
  { column: 'id', type: 'integer' },
  { column: 'text', type: 'string' },
];

/** The ids of lines in an output of JSON lines, whose last one may be on its way. */
export function idsIn(output: string): number[] {
  if (!existsSync(output)) return [];
  return readFileSync(output, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: number }).id);
}

/** Writes lines to `app.jsonl`, as a program that keeps its file open, and rotates it. `random` gives numbers below 1. */
export class Rotations {
  readonly #folder: string;
  readonly #away: string;
  readonly #random: () => number;
  /** Ids whose lines are in a file, in the order in which they were written. */
  readonly #held = new Map<string, number[]>();
  readonly #olds: Path[] = [];
  readonly #moved: string[] = [];
  readonly #oddities: Path[] = [];
  #writer: number | null = null;
  #inApp: number[] = [];
  #rest = '';
  #number = 0;
  lines = 0;
  /** Of lines that were cut off or deleted before the reader had committed them: it may have seen them or not. */
  readonly doubtful = new Set<number>();
  readonly #committed: () => ReadonlySet<number>;

  /** `committed` tells what the reader has put out for good. */
  constructor(folder: string, random: () => number, committed: () => ReadonlySet<number>) {
    this.#folder = folder;
    this.#away = `${folder}-away`;
    this.#random = random;
    this.#committed = committed;
    for (const each of [folder, this.#away]) mkdirSync(each, { recursive: true });
    this.append(3);
  }

  /** The last line may lack its end until the next one is written. */
  append(count: number): void {
    let text = this.#rest;
    for (let i = 0; i < count; i++) {
      this.#inApp.push(this.lines);
      text += logLine(this.lines++);
    }
    const cut = text.length - Math.floor(this.#random() * 20);
    this.#writer ??= openSync(this.#app, 'a');
    writeSync(this.#writer, text.slice(0, cut));
    this.#rest = text.slice(cut);
  }

  flush(): void {
    if (this.#rest !== '') writeSync(this.#writer!, this.#rest);
    this.#rest = '';
  }

  /** Some lines, and one or two of the ways; tells which. */
  round(): string[] {
    this.append(1 + Math.floor(this.#random() * 30));
    const ways = [this.rotate(this.#random() < 0.3)];
    if (this.#random() < 0.2) ways.push(this.rotate(false));
    return ways;
  }

  /** One of the ways. Those that may lose lines only where `isLossy`. */
  rotate(isLossy: boolean): string {
    const ways = {
      rename: () => this.#rename(this.#place()),
      'rename and write on': () => this.#rename(this.#place(), true),
      'move away': () => this.#move(),
      'come back': () => this.#comeBack(),
      'copy and truncate': () => this.#copyAndTruncate(),
      compress: () => this.#compress(),
      link: () => this.#link(),
      swap: () => this.#swap(),
      odd: () => this.#odd(),
      'remove oddities': () => this.#removeOddities(),
      ...(isLossy && { truncate: () => this.#truncate(), delete: () => this.#delete(), 'rename over': () => this.#renameOver() }),
    };
    const names = Object.keys(ways) as (keyof typeof ways)[];
    const way = names[Math.floor(this.#random() * names.length)]!;
    ways[way]!();
    return way;
  }

  /** What a reader has not put out though it could, and what it has put out more than once. */
  faults(found: readonly number[]): { readonly missing: readonly number[]; readonly twice: readonly number[] } {
    const seen = new Set<number>();
    const twice = found.filter((id) => seen.has(id) || !seen.add(id));
    const missing = Array.from({ length: this.lines }, (_, id) => id).filter((id) => !seen.has(id) && !this.doubtful.has(id));
    return { missing, twice };
  }

  /** Everything is in the folder again, with its last line whole. */
  end(): void {
    this.flush();
    while (this.#moved.length > 0) this.#comeBack();
    this.#removeOddities();
    if (this.#writer !== null) closeSync(this.#writer);
    this.#writer = null;
  }

  get #app(): string {
    return join(this.#folder, 'app.jsonl');
  }

  #place(): Path {
    const name = `app.jsonl.${++this.#number}`;
    if (this.#random() > 0.2 || process.platform !== 'linux') return join(this.#folder, name);
    return Buffer.concat([Buffer.from(`${this.#folder}/app.jsonl.`), Buffer.of(0xe4), Buffer.from(String(this.#number))]);
  }

  #rename(to: Path, writesOn = false): void {
    if (!existsSync(this.#app)) {
      this.append(1);
      return;
    }
    if (!writesOn) this.flush();
    renameSync(this.#app, to);
    this.#olds.push(to);
    // A program that has not heard of it yet.
    if (writesOn) {
      this.append(2);
      this.flush();
    }
    this.#held.set(String(to), this.#inApp);
    this.#inApp = [];
    closeSync(this.#writer!);
    this.#writer = null;
    if (this.#random() < 0.7) this.append(1);
  }

  #move(): void {
    const to = join(this.#away, String(++this.#number));
    this.#rename(to);
    if (this.#olds.at(-1) === to) this.#moved.push(this.#olds.pop() as string);
  }

  #comeBack(): void {
    const from = this.#moved.shift();
    if (from === undefined) return;
    const to = this.#place();
    renameSync(from, to);
    this.#held.set(String(to), this.#held.get(from)!);
    this.#olds.push(to);
  }

  #copyAndTruncate(): void {
    if (!existsSync(this.#app)) return;
    this.flush();
    const to = this.#place();
    copyFileSync(this.#app, to);
    truncateSync(this.#app);
    this.#held.set(String(to), this.#inApp);
    this.#olds.push(to);
    this.#inApp = [];
    this.append(1);
  }

  #compress(): void {
    const [old] = this.#olds.splice(Math.floor(this.#random() * this.#olds.length), 1);
    if (old === undefined) return;
    writeFileSync(Buffer.concat([Buffer.from(old as string), Buffer.from('.gz')]), gzipSync(readFileSync(old)));
    rmSync(old);
  }

  #link(): void {
    if (this.#random() < 0.5) this.#oddity('hard.jsonl', (path) => linkSync(this.#olds.at(-1) ?? this.#app, path));
    else this.#oddity('symbolic.jsonl', (path) => symlinkSync('app.jsonl', path));
  }

  #swap(): void {
    const [a, b] = this.#olds.slice(-2);
    if (a === undefined || b === undefined) return;
    const between = join(this.#folder, '.between');
    renameSync(a, between);
    renameSync(b, a);
    renameSync(between, b);
    const [inA, inB] = [this.#held.get(String(a))!, this.#held.get(String(b))!];
    this.#held.set(String(a), inB).set(String(b), inA);
  }

  #odd(): void {
    const makers: readonly ((path: string) => void)[] = [
      (path) => symlinkSync('/nowhere/at/all', path),
      (path) => symlinkSync('odd.jsonl', path),
      (path) => mkdirSync(path),
      (path) => spawnSync('mkfifo', [path]),
    ];
    this.#oddity('odd.jsonl', makers[Math.floor(this.#random() * makers.length)]!);
  }

  #oddity(name: string, make: (path: string) => void): void {
    const path = join(this.#folder, name);
    rmSync(path, { recursive: true, force: true });
    if (name === 'hard.jsonl' && this.#olds.length === 0 && !existsSync(this.#app)) return;
    make(path);
    this.#oddities.push(path);
  }

  #removeOddities(): void {
    for (const path of this.#oddities.splice(0)) rmSync(path as string, { recursive: true, force: true });
  }

  #truncate(): void {
    if (!existsSync(this.#app)) return;
    this.flush();
    this.#doubt(this.#inApp);
    truncateSync(this.#app);
    this.#inApp = [];
    this.append(1);
  }

  #delete(): void {
    const old = this.#olds.shift();
    if (old === undefined) return;
    this.#doubt(this.#held.get(String(old))!);
    rmSync(old);
  }

  #renameOver(): void {
    const old = this.#olds.pop();
    if (old === undefined || !existsSync(this.#app)) return;
    this.#doubt(this.#held.get(String(old))!);
    this.#rename(old);
  }

  #doubt(ids: readonly number[]): void {
    const committed = this.#committed();
    for (const id of ids) if (!committed.has(id)) this.doubtful.add(id);
  }
}
