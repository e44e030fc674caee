/** The events of Nexmark as CSV files, of each kind twice: for Millrace with a header and ISO times, for Flink with milliseconds, which cost it least. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../model/values/types.ts';
import { auction, bid, detailedBid, kindOf, type NexmarkOptions, person } from '../../nodes/generate/nexmark-events.ts';

const kinds = { person, auction, bid, detailed: detailedBid };
export type EventKind = keyof typeof kinds;
const times: readonly string[] = ['time', 'expires'];
const options: NexmarkOptions = { seed: 1, start: Date.parse('2015-07-15T00:00:00Z'), eventRate: 10_000 };

/**
 * Of the first `count` events those of a kind, in `folder`: `KIND.csv`, and `KIND/0.csv` and so on, `parts` of them. Written only once.
 */
export function writeEvents(folder: string, kind: EventKind, count: number, parts: number): void {
  const done = join(folder, `${kind}.done`);
  if (existsSync(done)) return;
  rmSync(join(folder, kind), { recursive: true, force: true });
  mkdirSync(join(folder, kind), { recursive: true });
  const whole = new TextFile(join(folder, `${kind}.csv`));
  const part = Array.from({ length: parts }, (_, i) => new TextFile(join(folder, kind, `${i}.csv`)));
  const make: (event: number, options: NexmarkOptions) => Row = kinds[kind];
  const wanted = kind === 'detailed' ? 'bid' : kind;
  let rows = 0;
  for (let event = 0; event < count; event++) {
    if (kindOf(event) !== wanted) continue;
    const row = make(event, options);
    if (rows === 0) whole.line(Object.keys(row));
    part[rows++ % parts]!.line(Object.values(row));
    whole.line(Object.entries(row).map(([name, value]) => (times.includes(name) ? new Date(Number(value)).toISOString() : value)));
  }
  for (const file of [whole, ...part]) file.close();
  writeFileSync(done, '');
}

/** The file of q13, for Flink without its header. */
export function writeSideInput(folder: string, from: string): void {
  const text = readFileSync(from, 'utf8');
  mkdirSync(join(folder, 'side'), { recursive: true });
  writeFileSync(join(folder, 'side/0.csv'), text.slice(text.indexOf('\n') + 1));
}

class TextFile {
  readonly #descriptor: number;
  #text = '';
  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }
  line(cells: readonly unknown[]): void {
    this.#text += `${cells.join(',')}\n`;
    if (this.#text.length > 1 << 20) this.#flush();
  }
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }
  #flush(): void {
    writeSync(this.#descriptor, this.#text);
    this.#text = '';
  }
}
