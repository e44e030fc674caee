/** Runs for tests: nodes of an outside world that a crash may stop at any step, and that remembers what outlives a process. */

import { defineNode, type NodeDefinition, type SourceBatch, type StatefulOperator, type Transaction } from '@millrace/kit/node';
import type { PhysicalPlan, PlannedNode } from '../../engine/protocol/physical-plan.ts';
import type { RunJob, RunOptions } from '../../engine/protocol/run-api.ts';
import { Execution, type ExecutionEnv } from '../../engine/runners/local/execution.ts';
import type { Monitor } from '../../engine/runners/local/monitor.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { endOfTime } from '../../model/schema/event-time.ts';
import type { Json, Row, Schema, State } from '../../model/values/types.ts';
import { identity } from './identity.ts';
import { toNative } from './native-op.ts';

const sandbox = createSandbox();
const schema: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }], eventTime: { column: 'n' } };

export class Crash extends Error {}

/** What outlives a process, and when the next one dies. */
export class World {
  readonly disk = new Map<string, { rows: Row[]; prepared: Map<number, Row[]>; committed: number | null }>();
  /** Steps of the outside world until the process dies. */
  left = Number.POSITIVE_INFINITY;
  isDead = false;
  readonly forgotten: Json[] = [];

  /** Something is about to happen that a crash may come before. */
  step(): void {
    if (this.left-- <= 0) this.isDead = true;
    if (this.isDead) throw new Crash('The process is dead');
  }

  at(sink: string) {
    const found = this.disk.get(sink) ?? { rows: [], prepared: new Map<number, Row[]>(), committed: null };
    this.disk.set(sink, found);
    return found;
  }
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));

interface SourceTrial {
  readonly rows: readonly number[];
  readonly size: number;
  /** Every so many-th read is a promise; 0: none. */
  readonly slowEvery: number;
  readonly onRead?: (position: number) => void;
  readonly endless?: boolean;
  readonly tells?: boolean;
}
export function source(world: World, { rows, size, slowEvery, onRead, endless = false, tells = false }: SourceTrial): NodeDefinition {
  return defineNode({
    ...identity,
    type: 'source',
    kind: 'source',
    outputs: [{ name: 'rows' }],
    bounded: !endless,
    run({ start }) {
      let at = (start as number | null) ?? 0;
      let reads = 0;
      const next = (): SourceBatch | null => {
        world.step();
        const slice = rows.slice(at, at + size);
        at += slice.length;
        return slice.length === 0 ? null : { rows: slice.map((n) => ({ n })), watermarks: [{ after: slice.length, watermark: slice.at(-1)! }] };
      };
      return {
        read() {
          onRead?.(at);
          if (endless && at >= rows.length) return new Promise(() => {});
          if (slowEvery === 0 || ++reads % slowEvery !== 0) return next();
          // Reads ahead at once, as files do: the position must not have moved before the rows are out.
          const read = turn();
          return read.then(next);
        },
        position: () => at,
        ...(tells && { committed: (position: Json) => void world.forgotten.push(position) }),
        close() {},
      };
    },
  });
}

/** Sums per window of ten, over both inputs. */
export const windows: NodeDefinition = defineNode({
  ...identity,
  type: 'windows',
  kind: 'transform',
  inputs: [{ name: 'rows', many: true }],
  outputs: [{ name: 'rows' }],
  lower: toNative(),
  run({ emit }): StatefulOperator {
    let sums = new Map<number, number>();
    return {
      process(rows) {
        for (const { n } of rows) sums.set(Math.floor((n as number) / 10), (sums.get(Math.floor((n as number) / 10)) ?? 0) + (n as number));
      },
      advance(watermark) {
        const ready = [...sums].filter(([window]) => watermark >= window * 10 + 9 || watermark === endOfTime).sort(([a], [b]) => a - b);
        for (const [window] of ready) sums.delete(window);
        emit(
          'rows',
          ready.map(([window, sum]) => ({ window, sum })),
        );
      },
      snapshot: () => [...sums] as unknown as State,
      restore: (state) => {
        sums = new Map(state as unknown as [number, number][]);
      },
      stateSize: () => ({ entries: sums.size, bytes: sums.size * 16 }),
    };
  },
});

/** Holds its rows back until the rows that it looks up are all there; counts per key in keyed state. */
export const lookup: NodeDefinition = defineNode({
  ...identity,
  type: 'lookup',
  kind: 'transform',
  inputs: [{ name: 'rows' }, { name: 'lookup' }],
  outputs: [{ name: 'rows' }],
  lower: toNative({ first: ['lookup'] }),
  run({ emit, state }): StatefulOperator {
    const counts = state<number>('counts');
    let known: number[] = [];
    let isReady = false;
    return {
      process(rows, port) {
        if (port === 'lookup') known.push(...rows.map(({ n }) => n as number));
        else {
          if (!isReady) throw new Error('rows came before the lookup had ended');
          for (const { n } of rows) {
            const key = String((n as number) % known.length);
            counts.set(key, (counts.get(key) ?? 0) + 1);
            emit('rows', [{ n: n as number, count: counts.get(key)! }]);
          }
        }
      },
      ended(port) {
        if (port === 'lookup') isReady = true;
      },
      snapshot: () => [...known],
      restore: (saved) => {
        known = [...(saved as number[])];
      },
    };
  },
});

/** A file, in effect: what is prepared outlives the process. */
export function fileSink(world: World, name: string, isSlow: boolean, prepare: () => void = () => {}): NodeDefinition {
  return defineNode({
    ...identity,
    type: 'file',
    kind: 'sink',
    inputs: [{ name: 'rows' }],
    run({ resume }) {
      const disk = world.at(name);
      let written: Row[] = [];
      const publish = (checkpoint: number) => {
        disk.rows.push(...(disk.prepared.get(checkpoint) ?? []));
        disk.prepared.delete(checkpoint);
        disk.committed = checkpoint;
      };
      if (resume) publish(resume.checkpoint);
      else disk.rows = [];
      disk.prepared.clear();
      return {
        async write(rows) {
          // Longer than `prepare` takes, so that it must be waited for.
          for (let i = 0; isSlow && i < 4; i++) await turn();
          world.step();
          written.push(...rows);
        },
        async prepare(checkpoint) {
          await turn();
          world.step();
          prepare();
          disk.prepared.set(checkpoint, written);
          written = [];
          world.step();
          return checkpoint;
        },
        async commit(checkpoint) {
          world.step();
          publish(checkpoint!);
          await turn();
          world.step();
        },
        abort() {
          if (!world.isDead) disk.prepared.clear();
        },
        close() {},
        output: () => ({ kind: 'file', path: `/${name}` }),
      };
    },
  });
}

/** A database, in effect: what is prepared is gone with the process; the first one decides, others keep a log. */
export function databaseSink(world: World, name: string): NodeDefinition {
  return defineNode({
    ...identity,
    type: 'database',
    kind: 'sink',
    inputs: [{ name: 'rows' }],
    committedCheckpoint: () => world.at(name).committed,
    run({ resume }) {
      const disk = world.at(name);
      if (!resume) Object.assign(disk, { rows: [], committed: null });
      else if (disk.committed !== resume.checkpoint) {
        disk.rows.push(...disk.prepared.get(resume.checkpoint)!);
        disk.committed = resume.checkpoint;
      }
      disk.prepared.clear();
      let written: Row[] = [];
      let isLogged = false;
      const transaction: Transaction = {
        keepRedo() {
          isLogged = true;
        },
      };
      return {
        transaction,
        write(rows) {
          world.step();
          written.push(...rows);
        },
        prepare(checkpoint) {
          world.step();
          if (isLogged) disk.prepared.set(checkpoint, [...written]);
          return null;
        },
        commit(checkpoint) {
          world.step();
          Object.assign(disk, { rows: [...disk.rows, ...written], committed: checkpoint });
          disk.prepared.clear();
          written = [];
          world.step();
        },
        abort() {},
        close() {},
        output: () => ({ kind: 'sqlite', path: `/${name}`, table: 't' }),
      };
    },
  });
}

export interface Trial {
  readonly nodes: { readonly [id: string]: NodeDefinition };
  /** `a -> b.lookup` */
  readonly edges: readonly string[];
  readonly groups: readonly (readonly string[])[];
  readonly params?: { readonly [id: string]: { readonly [name: string]: Json } };
  readonly name?: string;
  readonly bounded?: boolean;
  /** Of every node. */
  readonly onError?: PlannedNode['onError'];
}
export function job({ nodes, edges, groups, params = {}, name = 'Trial', bounded = true, onError = 'stop' }: Trial, options: Partial<RunOptions>): RunJob {
  const planned = Object.entries(nodes).map(
    ([id, definition]): PlannedNode => ({
      id,
      type: id,
      kind: definition.kind,
      title: id,
      params: params[id] ?? {},
      onError,
      inputs: definition.kind === 'source' ? {} : { rows: schema },
      inputLists: {},
      outputs: 'outputs' in definition ? Object.fromEntries(definition.outputs.map((port) => [port.name, schema])) : {},
    }),
  );
  const plan: PhysicalPlan = {
    nodes: planned,
    edges: edges.map((text) => {
      const [from, to] = text.split(' -> ') as [string, string];
      const [node, port = 'rows'] = to.split('.') as [string, string?];
      return { from: { node: from, port: 'rows' }, to: { node, port } };
    }),
    sourceGroups: groups,
    chains: [],
    bounded,
  };
  return {
    id: 'trial',
    name,
    path: null,
    folder: '/data',
    plan,
    options: { stateFolder: null, commits: 'checkpoint', checkpointEveryMs: 60_000, from: 'latest', dropChangedState: false, keepCheckpoints: 3, ...options },
  };
}
export interface Watched {
  readonly execution: Execution;
  readonly logs: string[];
  readonly resumed: number[];
  readonly committed: number[];
}
export function execution(trial: Trial, options: Partial<RunOptions>, monitor?: Monitor): Watched {
  const logs: string[] = [];
  const resumed: number[] = [];
  const committed: number[] = [];
  const env: ExecutionEnv = {
    definition: (id) => trial.nodes[id],
    sandbox,
    ...(monitor && { monitor }),
    onFailure() {},
    onLog: (level, message) => logs.push(`${level}: ${message}`),
    onResumed: (id) => resumed.push(id),
    onCommitting() {},
    onCommitted: (checkpoint) => checkpoint && committed.push(checkpoint.id),
    onOpened() {},
    onStartedOver() {},
  };
  return { execution: new Execution(job(trial, options), env), logs, resumed, committed };
}
export async function run(trial: Trial, options: Partial<RunOptions>): Promise<Watched & { readonly isDone: boolean }> {
  const watched = execution(trial, options);
  try {
    return { ...watched, isDone: await watched.execution.run() };
  } finally {
    await watched.execution.flow?.close();
  }
}
export const range = (count: number, step = 1) => Array.from({ length: count }, (_, i) => i * step);

/** One endless source before one sink. */
export function endless(world: World, more: Partial<Trial> = {}, onRead?: (position: number) => void, prepare?: () => void): Trial {
  return {
    nodes: {
      a: source(world, { rows: range(12), size: 3, slowEvery: 0, endless: true, tells: true, ...(onRead && { onRead }) }),
      windows,
      x: fileSink(world, 'x', false, prepare),
    },
    edges: ['a -> windows', 'windows -> x'],
    groups: [['a']],
    bounded: false,
    ...more,
  };
}
/** Runs it until its source has been asked at `position`, and then does something. */
export async function until(
  position: number,
  options: Partial<RunOptions>,
  make: (onRead: (at: number) => void) => Trial,
  then: (execution: Execution) => void,
): Promise<Watched & { readonly isDone: boolean }> {
  let current: Execution | null = null;
  const trial = make((at) => {
    if (at === position) setImmediate(() => then(current!));
  });
  const watched = execution(trial, options);
  current = watched.execution;
  try {
    return { ...watched, isDone: await watched.execution.run() };
  } finally {
    await watched.execution.flow?.close();
  }
}
