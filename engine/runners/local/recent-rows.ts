import type { Row } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';

/** Rows kept of a port that somebody looks at, and in a stream of one that nobody does: it may be long until the next ones come. */
const watchedRows = 1000;
const unwatchedRows = 50;
/** A port that nobody has asked for since then is watched no longer. */
const watchedForMs = 5000;

/**
 * The latest rows that left by each port, for people who look at a run that goes on. What leaves a loop of several nodes is always
 * seen here; ports within such a loop only while they are watched, since looking at them costs time for every row.
 */
export class RecentRows {
  /** By `node.port`; oldest first. */
  readonly #rows = new Map<string, Row[]>();
  /** By `node.port`: when it was asked for last. */
  readonly #watched = new Map<string, number>();
  readonly #unwatchedRows: number;
  readonly #onWatchedChanged: () => void;

  /** `onWatchedChanged`: other ports than before are watched. */
  constructor(isStream: boolean, onWatchedChanged: () => void) {
    this.#unwatchedRows = isStream ? unwatchedRows : 0;
    this.#onWatchedChanged = onWatchedChanged;
  }

  isWatched(node: NodeId, port: string): boolean {
    return this.#watched.has(keyOf(node, port));
  }

  add(node: NodeId, port: string, rows: readonly Row[]): void {
    const key = keyOf(node, port);
    const most = this.#watched.has(key) ? watchedRows : this.#unwatchedRows;
    if (most === 0) return;
    const before = this.#rows.get(key);
    if (!before || rows.length >= most) this.#rows.set(key, rows.slice(-most));
    else {
      for (const row of rows) before.push(row);
      // Cut at twice the number only, so that a row is moved once on average.
      if (before.length > 2 * most) this.#rows.set(key, before.slice(-most));
    }
  }

  /** The latest rows, oldest first; from now on the port is watched, until nobody has asked for a while. `now` in milliseconds. */
  read(node: NodeId, port: string, limit: number, now: number): Row[] {
    const key = keyOf(node, port);
    const isNew = !this.#watched.has(key);
    this.#watched.set(key, now);
    if (isNew) this.#onWatchedChanged();
    return this.#rows.get(key)?.slice(-Math.min(limit, watchedRows)) ?? [];
  }

  /** Gives up watching what nobody has asked for. */
  expire(now: number): void {
    let isChanged = false;
    for (const [key, at] of this.#watched) {
      if (now - at < watchedForMs) continue;
      this.#watched.delete(key);
      isChanged = true;
    }
    if (isChanged) this.#onWatchedChanged();
  }
}

function keyOf(node: NodeId, port: string): string {
  return `${node}.${port}`;
}
