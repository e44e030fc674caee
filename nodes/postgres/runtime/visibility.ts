/** Which transactions a snapshot of a server sees: `xmin:xmax:running,running`, as txid_current_snapshot() gives it. */
export class Visibility {
  readonly text: string;
  readonly #xmin: number;
  readonly #xmax: number;
  readonly #running: ReadonlySet<number>;

  constructor(text: string) {
    const [xmin = '0', xmax = '0', running = ''] = text.split(':');
    this.text = text;
    this.#xmin = low(xmin);
    this.#xmax = low(xmax);
    this.#running = new Set(running === '' ? [] : running.split(',').map(low));
  }

  /** `xid`: the lower 32 bits of the number of a committed transaction, which is all that the log has. */
  sees(xid: number): boolean {
    if (((xid - this.#xmin) | 0) < 0) return true;
    if (((xid - this.#xmax) | 0) >= 0) return false;
    return !this.#running.has(xid >>> 0);
  }

  get running(): Iterable<number> {
    return this.#running;
  }
}

function low(xid: string): number {
  return Number(BigInt.asUintN(32, BigInt(xid)));
}
