import type { SourceBatch, StatefulOperator, Writer } from '../../nodes/kit/node.ts';
import type { Row } from '../schema/types.ts';
import { failureOf } from './failures.ts';
import { fuse, type Loop, newTally, type RowOperator, type Stage, type Tally } from './fused.ts';
import type { Hub, Station, Unit } from './hub.ts';
import { leaveCode, type Monitor } from './monitor.ts';

/** A row-by-row node of a chain; `next` is the port by which the chain goes on. */
export interface Link {
  readonly station: Station;
  readonly operator: RowOperator;
  readonly outputs: readonly string[];
  readonly next: string | null;
}

/** Row-by-row nodes as one loop. To be compiled once all edges are connected, since rows that nobody takes are not kept. */
export class ChainUnit implements Unit {
  readonly stations: readonly Station[];
  readonly #links: readonly Link[];
  readonly #hub: Hub;
  readonly #monitor: Monitor | undefined;
  readonly #tallies: readonly Tally[];
  #loop: Loop = () => {};

  constructor(links: readonly Link[], hub: Hub, monitor: Monitor | undefined) {
    this.#links = links;
    this.#hub = hub;
    this.#monitor = monitor;
    this.stations = links.map((link) => link.station);
    this.#tallies = links.map(newTally);
  }

  compile(): void {
    const links = this.#links;
    const hub = this.#hub;
    const monitor = this.#monitor;
    const stages = links.map(
      ({ station, operator, outputs, next }): Stage => ({
        operator,
        next: Math.max(0, outputs.indexOf(next ?? '')),
        taken: ('test' in operator ? [0, 1] : [0]).map((i) => outputs[i] !== undefined && (outputs[i] === next || hub.isTaken(station.planned.id, outputs[i]))),
      }),
    );
    this.#loop = fuse(stages, (stage, thrown, row, rows, index) => {
      if (monitor) leaveCode(monitor);
      const { failures } = links[stage]!.station;
      failures.add(failureOf(thrown, hub.sandbox, row, hub.origin.locate(row, rows, index)));
    });
  }

  receive(rows: readonly Row[]): void {
    const tallies = this.#tallies;
    for (const tally of tallies) tally.out.fill(null);
    try {
      this.#hub.work(this.stations, () => this.#loop(rows, tallies));
    } finally {
      this.#count();
    }
    this.#links.forEach(({ station, outputs }, k) => {
      outputs.forEach((port, output) => {
        const sent = tallies[k]!.out[output];
        if (sent) this.#hub.emit(station, port, sent);
      });
      this.#hub.emitFailures(station);
    });
  }

  #count(): void {
    this.#links.forEach(({ station: { counters }, next }, k) => {
      counters.in += this.#tallies[k]!.in;
      counters.dropped += this.#tallies[k]!.dropped;
      if (next !== null) counters.sent(next, this.#tallies[k + 1]!.in);
    });
  }

  ended(): Promise<void> {
    return this.#hub.end(this.stations);
  }
}

/** A node that sees whole batches. */
export class StatefulUnit implements Unit {
  readonly station: Station;
  readonly #operator: StatefulOperator;
  readonly #hub: Hub;
  /** No further row can change what comes out. */
  isDone = false;

  constructor(station: Station, operator: StatefulOperator, hub: Hub) {
    this.station = station;
    this.#operator = operator;
    this.#hub = hub;
  }

  receive(rows: readonly Row[], port: string): void {
    const { counters } = this.station;
    counters.in += rows.length;
    if (this.isDone) {
      counters.dropped += rows.length;
      return;
    }
    this.#hub.work([this.station], () => {
      this.#operator.process(rows, port);
      this.isDone = this.#operator.done?.() ?? false;
    });
    this.#hub.emitFailures(this.station);
  }

  async ended(port: string): Promise<void> {
    const stations = [this.station];
    this.#hub.work(stations, () => this.#operator.ended?.(port));
    if (!this.#hub.isOpen(this)) {
      try {
        await this.#hub.work(stations, () => this.#operator.finish?.());
      } catch (error) {
        throw this.#hub.named(error, this.station);
      }
      this.#hub.emitFailures(this.station);
      await this.#hub.end(stations);
    }
    this.#hub.emitFailures(this.station);
  }
}

/** A sink. Without a writer it only counts and shows what arrives. */
export class SinkUnit implements Unit {
  readonly station: Station;
  readonly writer: Writer | null;
  readonly #hub: Hub;
  /** The writes that are under way, or null. */
  pending: Promise<void> | null = null;

  constructor(station: Station, writer: Writer | null, hub: Hub) {
    this.station = station;
    this.writer = writer;
    this.#hub = hub;
  }

  receive(rows: readonly Row[], port: string): void {
    this.station.counters.in += rows.length;
    if (!this.writer) this.#hub.tap(this.station.planned.id, port, rows);
    else if (this.pending) {
      const batch = this.#hub.origin.batch;
      this.#wait(this.pending.then(() => this.#write(rows, batch)));
    } else {
      const written = this.#write(rows, this.#hub.origin.batch);
      if (written) this.#wait(written);
    }
  }

  async ended(): Promise<void> {
    await this.pending;
    this.#hub.emitFailures(this.station);
    if (!this.#hub.isOpen(this)) await this.#hub.end([this.station]);
  }

  #write(rows: readonly Row[], batch: SourceBatch | null): Promise<void> | undefined {
    const { origin } = this.#hub;
    const before = origin.batch;
    origin.batch = batch;
    try {
      const written = this.#hub.work([this.station], () => this.writer!.write(rows));
      if (written) {
        return written.then(
          () => this.#hub.emitFailures(this.station),
          (error) => {
            throw this.#hub.named(error, this.station);
          },
        );
      }
      this.#hub.emitFailures(this.station);
    } finally {
      origin.batch = before;
    }
  }

  #wait(writes: Promise<void>): void {
    const pending = writes.then(() => {
      if (this.pending === pending) this.pending = null;
    });
    // Whoever pushes rows awaits it; until then a failure is not one that nobody handles.
    pending.catch(() => {});
    this.pending = pending;
  }
}
