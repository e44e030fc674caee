import { itemAt, missing } from '../../../../model/faults/missing.ts';
import { endOfTime } from '../../../../model/schema/event-time.ts';
import { KnownMap } from '../../../../model/values/known-map.ts';
import type { Row } from '../../../../model/values/types.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import { type ColumnLayout, columnLayout } from '../../../operators/rows/column-layout.ts';
import { type KeyColumn, keyColumns, keyPairs } from '../../../operators/rows/key-columns.ts';
import type { PhysicalPlan, PlannedNode } from '../../../protocol/physical-plan.ts';
import { NodeCounters, type NodeCounts } from '../counters.ts';
import type { DataflowEnv, FlowStart } from '../dataflow.ts';
import type { EarlierFlow } from '../earlier-flows.ts';
import type { Division, FlowSnapshot } from '../flow-snapshot.ts';
import { Gauge } from '../gauge.ts';
import type { NodeTime, OpenNode, Router } from '../router.ts';
import { instanceFolder } from '../state-folders.ts';
import { divisionOf } from './division.ts';
import { Exchange } from './exchange.ts';
import { Link } from './link.ts';
import type { FlowEvent, FlowEvents, FromInstance, InstanceHost, InstanceJob, InstanceStart } from './messages.ts';
import { unpackRows } from './packed-rows.ts';
import { partPlan, type WayIn, type Ways, waysOf } from './part-plan.ts';

/** How long an instance has to close its files before it is ended. */
const closesWithinMs = 2000;

export interface InstancesEnv extends Pick<DataflowEnv, 'folder' | 'commits' | 'lineage' | 'onFailure' | 'onLog' | 'onGuard'> {
  readonly host: InstanceHost;
  readonly stateFolder: string | null;
  /** Bytes of state, of each instance. */
  readonly memory: number;
  readonly router: Router;
  readonly openNodes: KnownMap<NodeId, OpenNode>;
  /** Resolves when sinks have taken what was emitted; undefined where they have. */
  sinks(): Promise<void> | undefined;
  /** An instance is of no more use. */
  onBroken(error: unknown): void;
}

type Times = { readonly [node: NodeId]: NodeTime };

const noCounts = new NodeCounters([]).snapshot();

/** The watermark of a node's rows over all instances, and which of them have ended. */
interface OutputTimes {
  readonly gauge: Gauge;
  ended: number;
}

/** The instances of a run's stages, from the data thread: parts rows among them, and sends on what they give. */
export class Instances {
  readonly exchanges: readonly { readonly way: WayIn; readonly unit: Exchange }[];
  readonly nodes: ReadonlySet<NodeId>;
  readonly #ways: Ways;
  readonly #part: PhysicalPlan;
  readonly #division: Division;
  readonly #env: InstancesEnv;
  readonly #links: readonly Link[];
  readonly #outForms: readonly ColumnLayout[];
  readonly #times = new KnownMap<NodeId, OutputTimes>('way out of node');

  constructor(plan: PhysicalPlan, env: InstancesEnv) {
    this.#env = env;
    const stages = plan.stages ?? missing('the stages of the plan');
    this.#division = divisionOf(plan);
    this.nodes = new Set(stages.flatMap(({ nodes }) => nodes));
    this.#ways = waysOf(plan, stages);
    this.#part = partPlan(plan, stages, this.#ways);
    this.#outForms = this.#ways.out.map(({ schema }) => columnLayout(schema));
    const count = itemAt(stages, 0).instances;
    for (const { node } of this.#ways.out) this.#times.set(node, newTimes(count));
    const inForms = this.#ways.in.map(({ schema }) => columnLayout(schema));
    const nodes = this.#part.nodes.map(({ id }) => id);
    this.#links = Array.from({ length: count }, (_, index) => {
      return new Link(env.host.start(index, nodes), inForms, {
        onWork: (work) => this.#deliver(index, work),
        onFailed: (error) => env.onBroken(error),
        onStats: () => this.#count(),
        onTold: (message) => this.#tell(message),
      });
    });
    const boxes = this.#links.map(({ box }) => box);
    const planned = new KnownMap(
      'node',
      plan.nodes.map((node) => [node.id, node]),
    );
    this.exchanges = this.#ways.in.map((way, i) => ({
      way,
      unit: new Exchange(i, exchangeKeys(way, planned.of(way.edge.to.node)), boxes, env.router.origin),
    }));
  }

  /** With what they go on from, of which they send nothing before `start`. */
  async open(from: { readonly start: FlowStart; readonly times: Times } | null): Promise<void> {
    const { folder, commits = 'end', lineage = '', memory, stateFolder } = this.#env;
    const starts = from && this.#links.map((_, i) => this.#startOf(i, from.start, from.times));
    await Promise.all(
      this.#links.map((link, i) => {
        const job: InstanceJob = {
          plan: this.#part,
          folder,
          commits,
          lineage,
          stateFolder: stateFolder === null ? null : instanceFolder(stateFolder, i),
          memory,
          from: starts && itemAt(starts, i),
        };
        return link.open(job);
      }),
    );
    if (from && starts) this.#restoreTimes(starts, from.times);
  }

  async start(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.start()));
  }

  /** Ways in have heard what has left the nodes before them. */
  #startOf(index: number, { checkpoint, isOlder, snapshot, isCarried, divided = null }: FlowStart, times: Times): InstanceStart {
    const own = divided ? snapshot : snapshot.instances?.[index];
    const ways = this.#ways.in.flatMap(({ id, edge }) => {
      const time = times[edge.from.node];
      return time ? [[id, { ...time, counts: noCounts, state: undefined }] as const] : [];
    });
    const nodes = [...this.nodes].flatMap((id) => {
      const before = own?.nodes[id];
      if (!before) return [];
      // What was counted is counted once.
      return [[id, divided ? { ...before, counts: index === 0 ? before.counts : noCounts, state: undefined } : before] as const];
    });
    return {
      checkpoint,
      isOlder,
      snapshot: { nodes: Object.fromEntries([...ways, ...nodes]), stateful: [], ...(own?.time !== undefined && { time: own.time }) },
      carried: [...[...this.nodes].filter(isCarried), ...ways.map(([id]) => id)],
      keyed: divided ? null : (snapshot.instances?.[index]?.keyed ?? null),
      divided: divided && { flows: divided.flows.map((flow) => this.#partOf(flow)), instance: index, ...this.#division },
    };
  }

  /** What nodes elsewhere kept is not to be sent. */
  #partOf({ snapshot, folder }: EarlierFlow): EarlierFlow {
    const nodes = Object.entries(snapshot.nodes).filter(([id]) => this.nodes.has(id));
    return { snapshot: { nodes: Object.fromEntries(nodes), stateful: [], keyed: snapshot.keyed }, folder };
  }

  #restoreTimes(starts: readonly InstanceStart[], times: Times): void {
    for (const [node, output] of this.#times) {
      starts.forEach(({ snapshot }, i) => {
        const known = snapshot.nodes[node];
        if (!known) return;
        if (times[node]?.hasEnded) {
          output.gauge.end(i);
          output.ended++;
        } else if (known.watermark < endOfTime) output.gauge.advance(i, known.watermark);
      });
    }
  }

  /** Called at the end of each push: sends what waits to those that have nothing to do; gives a promise where one has too much. */
  pending(): Promise<void> | undefined {
    let full: Promise<void>[] | undefined;
    for (const link of this.#links) {
      link.nudge();
      const room = link.room();
      if (room) full = [...(full ?? []), room];
    }
    return full && Promise.all(full).then(() => {});
  }

  /** Resolves when all that they were sent up to now is worked off. What they gave may have brought them more. */
  async workOff(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.workOff()));
  }

  get isIdle(): boolean {
    return this.#links.every((link) => link.isIdle);
  }

  /** All of them have the same. */
  get timed(): readonly NodeId[] {
    return itemAt(this.#links, 0).timed;
  }

  get ticks(): boolean {
    return this.#links.some(({ ticks }) => ticks);
  }

  tick(): void {
    for (const link of this.#links) if (link.ticks) link.box.tell({ kind: 'tick' });
  }

  /** To be called when all is worked off. */
  async snapshot(checkpoint: number): Promise<FlowSnapshot[]> {
    const snapshots = await Promise.all(this.#links.map((link) => link.snapshot(checkpoint)));
    this.#countAs(snapshots.map(({ nodes }) => Object.fromEntries(Object.entries(nodes).map(([id, { counts }]) => [id, counts]))));
    return snapshots;
  }

  committed(oldestKept: number): void {
    for (const link of this.#links) link.committed(oldestKept);
  }

  forget(): void {
    for (const link of this.#links) link.forget();
  }

  /** Nothing that they send from now on goes any further. */
  abandon(): void {
    for (const link of this.#links) link.abandon();
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close(closesWithinMs)));
  }

  /** As many of each as there are; which of two instances' rows came later nobody knows. */
  async recent(node: NodeId, port: string, limit: number): Promise<readonly Row[]> {
    const each = await Promise.all(this.#links.map((link) => link.recent(node, port, limit)));
    const latestFirst = Array.from({ length: limit }, (_, i) => each.flatMap((rows) => (i < rows.length ? [itemAt(rows, rows.length - 1 - i)] : [])));
    return latestFirst.flat().slice(0, limit).reverse();
  }

  stateUse(): { readonly inMemory: number; readonly onDisk: number; readonly limit: number } {
    const each = this.#links.flatMap(({ stats }) => stats ?? []).map(({ stateUse }) => stateUse);
    const sum = (of: 'inMemory' | 'onDisk' | 'limit') => each.reduce((total, use) => total + use[of], 0);
    return { inMemory: sum('inMemory'), onDisk: sum('onDisk'), limit: sum('limit') };
  }

  stateOf(node: NodeId): NodeCounts['state'] {
    const sizes = this.#links.flatMap(({ stats }) => stats?.counts[node]?.state ?? []);
    if (sizes.length === 0) return undefined;
    return { entries: sizes.reduce((sum, { entries }) => sum + entries, 0), bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Nodes that wait for time, each with the instance that is furthest behind; holders are nodes in the same stage, or edges into it. */
  waiting(): readonly { readonly node: NodeId; readonly watermark: number; readonly holder: NodeId | WayIn }[] {
    const least = new Map<NodeId, { readonly node: NodeId; readonly watermark: number; readonly holder: NodeId | WayIn }>();
    for (const each of this.#links.flatMap(({ stats }) => stats?.waiting ?? [])) {
      if ((least.get(each.node)?.watermark ?? Number.POSITIVE_INFINITY) <= each.watermark) continue;
      least.set(each.node, { ...each, holder: this.#ways.in.find(({ id }) => id === each.holder) ?? each.holder });
    }
    return [...least.values()];
  }

  /** The edges by which rows come to a node of a stage. */
  waysTo(node: NodeId): readonly WayIn[] {
    return this.#ways.in.filter(({ stage }) => stage.nodes.includes(node));
  }

  /** The counts of one node, over all instances. */
  static merged(each: readonly NodeCounts[]): NodeCounts {
    const sum = (of: 'in' | 'dropped' | 'failed' | 'late' | 'busyMs' | 'idleMs' | 'blockedMs') => each.reduce((total, counts) => total + counts[of], 0);
    const out: { [port: string]: number } = {};
    for (const counts of each) for (const [port, rows] of Object.entries(counts.out)) out[port] = (out[port] ?? 0) + rows;
    return {
      in: sum('in'),
      out,
      dropped: sum('dropped'),
      failed: sum('failed'),
      late: sum('late'),
      busyMs: sum('busyMs'),
      idleMs: sum('idleMs'),
      blockedMs: sum('blockedMs'),
      watermark: Math.min(...each.map(({ watermark }) => watermark)),
    };
  }

  #count(): void {
    const told = this.#links.flatMap(({ stats }) => stats ?? []);
    if (told.length === this.#links.length) this.#countAs(told.map(({ counts }) => counts));
  }

  #countAs(each: readonly { readonly [node: NodeId]: NodeCounts }[]): void {
    for (const id of this.nodes) {
      const { counters } = this.#env.openNodes.of(id);
      const merged = Instances.merged(each.map((counts) => counts[id] ?? missing(`the counts of the node "${id}"`)));
      counters.restore(merged);
      // Of nodes that send rows out of the stage the watermark is that of what has arrived here.
      if (!this.#times.has(id)) counters.watermark = merged.watermark;
    }
  }

  #deliver(instance: number, { packs, events }: FlowEvents): void | Promise<void> {
    const { router } = this.#env;
    router.origin.batch = null;
    for (const [i, event] of events.entries()) {
      const moved = this.#pass(instance, event, packs);
      if (moved) return this.#deliverRest(instance, packs, events.slice(i + 1), moved);
    }
    return this.#settled();
  }

  async #deliverRest(instance: number, packs: FlowEvents['packs'], events: readonly FlowEvent[], moved: Promise<void>): Promise<void> {
    await moved;
    for (const event of events) await this.#pass(instance, event, packs);
    await this.#settled();
  }

  /** What came out of one may have gone to others. */
  #settled(): Promise<void> | undefined {
    for (const link of this.#links) link.nudge();
    return this.#env.sinks();
  }

  #pass(instance: number, event: FlowEvent, packs: FlowEvents['packs']): Promise<void> | undefined {
    if (event.kind === 'tick') return undefined;
    const { router, openNodes } = this.#env;
    const { node, port } = itemAt(this.#ways.out, event.way);
    const openNode = openNodes.of(node);
    if (event.kind === 'rows') {
      const pack = packs[event.way] ?? missing('the rows of a way out');
      router.emit(openNode, port, unpackRows(itemAt(this.#outForms, event.way), pack, event.from, event.to));
      return undefined;
    }
    const times = this.#times.of(node);
    const { gauge } = times;
    const { watermark, isIdle } = gauge;
    if (event.kind === 'advance') gauge.advance(instance, event.watermark);
    else if (event.kind === 'idle') gauge.idle(instance, event.isIdle);
    else {
      gauge.end(instance);
      if (++times.ended === this.#links.length) return router.end([openNode]);
    }
    if (gauge.watermark > watermark && gauge.watermark < endOfTime) router.advance([openNode], gauge.watermark);
    if (gauge.isIdle !== isIdle) router.idle([openNode], gauge.isIdle);
    return undefined;
  }

  #tell(message: Extract<FromInstance, { readonly kind: 'failure' | 'log' | 'code' | 'guard' }>): void {
    switch (message.kind) {
      case 'failure':
        this.#env.onFailure(message.problem, undefined);
        break;
      case 'log':
        this.#env.onLog(message.level, message.message, message.node);
        break;
      case 'guard':
        this.#env.onGuard?.(message.node, message.undo);
        break;
    }
  }
}

function newTimes(instances: number): OutputTimes {
  const gauge = new Gauge();
  for (let i = 0; i < instances; i++) gauge.add();
  return { gauge, ended: 0 };
}

/** As the operation itself compares them. */
function exchangeKeys({ edge, keys }: WayIn, { op, inputs }: PlannedNode): KeyColumn[] {
  const port = edge.to.port;
  const schemaOf = (input: string) => inputs[input] ?? missing(`the input "${input}"`);
  if (op?.op === 'coGroup' || op?.op === 'lookup') {
    const [left, right] = op.op === 'coGroup' ? (['left', 'right'] as const) : (['rows', 'lookup'] as const);
    const both = keyPairs(schemaOf(left), schemaOf(right), op.keys);
    const own = port === left ? both.left : both.right;
    return keys.map((name) => own.find((column) => column.name === name) ?? missing(`the key "${name}"`));
  }
  return keyColumns(schemaOf(port), keys);
}
