import { describe, expect, it } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import type { Part, SourceBatch } from '../node.ts';
import { ColumnTimes, type Greatest } from './column-times.ts';
import type { ColumnTime } from './time-values.ts';

const byTime: ColumnTime = { column: 'time', reading: null, outOfOrder: 0, idleAfter: null, quietAfter: null, ahead: null };

/** Files that are followed side by side. */
class Files {
  now = 0;
  readonly parts = new Map<string, Part>();
  times: ColumnTimes;
  readonly #time: Partial<ColumnTime>;

  constructor(time: Partial<ColumnTime> = {}, start: Greatest | null = null) {
    this.#time = time;
    this.times = this.#open(start);
  }
  #open(start: Greatest | null): ColumnTimes {
    const context = { now: () => this.now, elapsed: () => this.now, log: () => {}, fail: () => {} };
    return new ColumnTimes(context, { ...byTime, ...this.#time }, start, () => this.parts.values());
  }

  waits(...ids: string[]): this {
    for (const id of ids) this.parts.set(id, { id, isWaiting: true });
    return this;
  }
  /** All of the file is read with these rows; returns the watermark that has risen. */
  reads(id: string, ...times: number[]): number | undefined {
    this.parts.set(id, { id, isWaiting: false });
    const batch: SourceBatch = { rows: times.map((time) => ({ time })), part: id };
    return this.times.time(batch).watermarks?.at(-1)?.watermark;
  }
  restart(): void {
    this.times = this.#open(JSON.parse(JSON.stringify(this.times.greatest)) as Json as unknown as Greatest);
  }
}

describe('a watermark for each file', () => {
  it('waits for files of which nothing was read yet, and is the least over them', () => {
    const files = new Files().waits('a', 'b', 'c');
    expect(files.reads('a', 100, 200)).toBeUndefined();
    expect(files.reads('b', 50, 150)).toBeUndefined();
    expect(files.reads('c', 10, 300)).toBe(149);
    expect(files.reads('b', 250)).toBe(199);
  });
  it('does not wait for a file that has had nothing for a while; where none has, the greatest counts', () => {
    const files = new Files({ idleAfter: 1000 }).waits('a', 'b');
    files.reads('a', 100);
    expect(files.reads('b', 500)).toBe(99);
    files.now = 999;
    expect(files.times.waiting()).toEqual({ idle: false });
    expect(files.reads('b', 600)).toBeUndefined();
    files.now = 1001;
    expect(files.times.waiting()).toEqual({ watermark: 599, idle: false });
    // What it reads then is late, as the rows of any source that was idle.
    expect(files.reads('a', 300)).toBeUndefined();
    files.now = 5000;
    expect(files.times.waiting()).toEqual({ idle: true });
    expect(files.reads('b', 700)).toBe(699);
  });
  it('waits five seconds for files where no time is set, and not at all for those that are gone or empty', () => {
    const files = new Files().waits('old', 'new');
    files.parts.set('empty', { id: 'empty', isWaiting: false });
    files.reads('old', 100);
    expect(files.reads('new', 900)).toBe(99);
    files.now = 4999;
    expect(files.times.waiting()).toEqual({});
    files.now = 5000;
    expect(files.times.waiting()).toEqual({ watermark: 899 });
    files.waits('third');
    files.reads('new', 950);
    expect(files.reads('third', 920)).toBe(919);
    files.parts.delete('third');
    expect(files.times.waiting()).toEqual({ watermark: 949 });
  });
  it('is known after a restart', () => {
    const files = new Files().waits('a', 'b');
    files.reads('a', 100);
    files.reads('b', 500);
    files.restart();
    expect(files.times.waiting()).toEqual({ watermark: 99 });
    expect(files.reads('a', 300)).toBe(299);
  });
});
