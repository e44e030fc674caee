import { join } from 'node:path';
import type { Output, Reader, SourceBatch } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Problem } from '../../../model/problems/problem.ts';
import { KnownMap } from '../../../model/values/known-map.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { loadOperators } from '../../operators/open.ts';
import { Graph } from '../../plan/graph.ts';
import type { RunOutput } from '../../protocol/messages.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import { type Clock, clockOf } from './clock.ts';
import { SharedThings } from './contexts.ts';
import type { NodeCounts } from './counters.ts';
import type { Dataflow, DataflowEnv } from './dataflow.ts';
import { instancesOf, openNodesOf } from './flow-parts.ts';
import { type FlowSnapshot, type NodeSnapshot, standing } from './flow-snapshot.ts';
import { divisionOf } from './instances/division.ts';
import { Instances } from './instances/instances.ts';
import { memoryShares } from './instances/memory-shares.ts';
import { lateRows } from './late-rows.ts';
import { memoryOfOperators } from './memory-limits.ts';
import { asEngine, asEngineThroughout } from './monitor.ts';
import { NodeStates } from './node-states.ts';
import { NodeOpener } from './opening.ts';
import { RecentRows } from './recent-rows.ts';
import { goOn, restoreNodes } from './resuming.ts';
import { type OpenNode, Router, type Unit } from './router.ts';
import { type OpenOperator, segmentsOf } from './segments.ts';
import { plainBytes, stateSize, stateUse } from './state-use.ts';
import { ChainUnit, leadsOn, SinkUnit, StatefulUnit } from './units.ts';
import { type Waiting, waitingForTime } from './waiting.ts';
import { abortAll, closeAll, commitAll, deciders, independentOutputs, joinPart, markCommitted, type OpenWriter, prepareOne, takenBy } from './writers.ts';

/** How long a node may go on emitting before others have a turn. */
const yieldAfterMs = 50;
/** The memory for state is shared out anew after so many batches. */
const batchesPerShare = 32;

/** Opens the transforms and sinks of a plan. What was opened is closed again when one of them fails. */
export async function openDataflow(plan: PhysicalPlan, env: DataflowEnv): Promise<Dataflow> {
  const flow = new OpenDataflow(plan, env);
  try {
    await flow.open();
  } catch (error) {
    await flow.abort();
    await flow.close();
    throw error;
  }
  return flow;
}

class OpenDataflow implements Dataflow {
  readonly #plan: PhysicalPlan;
  readonly #graph: Graph;
  #recent: RecentRows | null = null;
  readonly #env: DataflowEnv;
  readonly #router: Router;
  readonly #shared = new SharedThings();
  readonly #states: NodeStates;
  readonly #opener: NodeOpener;
  readonly #openNodes = new KnownMap<NodeId, OpenNode>('node');
  /** By its node, or the first one of a chain. */
  readonly #units = new Map<NodeId, Unit>();
  readonly #sinks: SinkUnit[] = [];
  readonly #writers: OpenWriter[] = [];
  /** Of the plan's stages, which are not in this thread. */
  #instances: Instances | null = null;
  /** Bytes of state. */
  #memoryOfInstance = 0;
  readonly #running = new Set<NodeId>();
  readonly #clock: Clock;
  #lastYield = performance.now();
  /** Batches so far. */
  #pushed = 0;

  constructor(plan: PhysicalPlan, env: DataflowEnv) {
    this.#plan = plan;
    const ids = plan.nodes.map(({ id }) => id);
    this.#graph = new Graph(ids, plan.edges);
    this.#env = env;
    this.#states = env.states ?? new NodeStates();
    if (plan.stages) {
      const shares = memoryShares(this.#states.budget, plan);
      this.#states.budget = this.#states.limit = shares.dataThread;
      this.#memoryOfInstance = shares.instance;
    }
    const elsewhere = new Set(plan.stages?.flatMap(({ nodes }) => nodes));
    const holders = plan.nodes.filter(({ id, op }) => op && traitsOf(op).isStateful && !elsewhere.has(id));
    const memory = memoryOfOperators(this.#states.budget, env.commits ?? 'end') / Math.max(1, holders.length);
    this.#router = new Router(env.sandbox, env.monitor, env.tap && ((node, port, rows) => env.tap?.(node, port, rows)));
    this.#clock = clockOf(env.now, env.from?.snapshot.time);
    this.#opener = new NodeOpener({
      env,
      graph: this.#graph,
      router: this.#router,
      shared: this.#shared,
      states: this.#states,
      memory,
      openNodes: this.#openNodes,
      isTimed: (node) => this.timed.has(node),
      writers: this.#writers,
      clock: this.#clock,
      yieldNow: () => this.#yieldNow(),
    });
  }

  async open(): Promise<void> {
    for (const openNode of openNodesOf(this.#plan, this.#env)) {
      this.#openNodes.set(openNode.planned.id, openNode);
      if (openNode.planned.kind === 'source') this.#running.add(openNode.planned.id);
    }
    if (this.#plan.stages) this.#instances = this.#stagesElsewhere();
    const isHere = ({ planned }: OpenNode) => !this.#instances?.nodes.has(planned.id);
    await loadOperators([...this.#openNodes.values()].flatMap(({ op }) => (op ? [op.op] : [])));
    // Code first: it is what fails most often, and before anything is touched.
    const operators = new Map<NodeId, OpenOperator>();
    for (const openNode of this.#openNodes.values())
      if (openNode.planned.kind === 'transform' && isHere(openNode)) operators.set(openNode.planned.id, this.#opener.transform(openNode));
    for (const openNode of this.#openNodes.values()) if (openNode.planned.kind === 'sink') await this.#openSink(openNode);
    this.#connect(operators);
    // No window waits for rows that failed before, and none fires on their account.
    for (const id of this.#plan.replays ?? []) this.#router.idle([this.#openNodes.of(id)], true);
    const { redoFolder, from } = this.#env;
    if (redoFolder) this.#keepRedo(redoFolder);
    if (from) {
      const parts = { router: this.#router, openNodes: this.#openNodes, units: this.#units };
      const times = standing(this.#plan, from.snapshot, from.isCarried);
      restoreNodes(parts, from, times);
      for (const id of this.#openNodes.keys()) if (this.#router.hasEnded(id)) this.#running.delete(id);
      await this.#instances?.open({ start: from, times });
      await goOn(parts, this.#plan.nodes);
      await this.#pending();
    } else await this.#instances?.open(null);
    await this.#instances?.start();
  }

  #stagesElsewhere(): Instances {
    const memory = { stateFolder: this.#states.folder, memory: this.#memoryOfInstance };
    return instancesOf(this.#plan, this.#env, { ...memory, router: this.#router, openNodes: this.#openNodes, sinks: () => this.#sinksPending() });
  }

  async #openSink(openNode: OpenNode): Promise<void> {
    const outlet = this.#env.outlets?.open(openNode.planned.id, this.#router);
    if (outlet) {
      this.#units.set(openNode.planned.id, outlet);
      return;
    }
    const opened = await this.#opener.sink(openNode);
    if (opened) this.#writers.push(opened);
    const unit = new SinkUnit(openNode, opened?.writer ?? null, this.#router);
    this.#sinks.push(unit);
    this.#units.set(openNode.planned.id, unit);
  }

  #connect(operators: ReadonlyMap<NodeId, OpenOperator>): void {
    const chained = this.#plan.chains.filter((chain) => chain.every((id) => operators.has(id)));
    const segments = segmentsOf({ ...this.#plan, chains: chained }, operators, this.#env.tap === undefined);
    const inner = new Set(segments.flatMap((segment) => segment.flatMap(({ openNode, next }) => (next === null ? [] : [`${openNode.planned.id}.${next}`]))));
    for (const { openNode, operator } of operators.values()) {
      if ('process' in operator) this.#units.set(openNode.planned.id, new StatefulUnit(openNode, operator, this.#router));
    }
    const chains = new Map(segments.map((segment) => [itemAt(segment, 0).openNode.planned.id, new ChainUnit(segment, this.#router, this.#env.monitor)]));
    for (const [id, chain] of chains) this.#units.set(id, chain);
    for (const { from, to } of this.#plan.edges) {
      const unit = this.#units.get(to.node);
      if (unit && !inner.has(`${from.node}.${from.port}`)) this.#router.connect(from.node, from.port, unit, to.port);
    }
    for (const { way, unit } of this.#instances?.exchanges ?? []) this.#router.connect(way.edge.from.node, way.edge.from.port, unit, way.edge.to.port);
    const compile = () => {
      for (const chain of chains.values()) chain.compile();
    };
    this.#recent = new RecentRows(!this.#plan.bounded, compile);
    if (!this.#env.tap) this.#router.recent = this.#recent;
    compile();
  }

  openReader(source: NodeId, start: Json = null, split?: Json): Promise<Reader> {
    return this.#opener.reader(this.#openNodes.of(source), start, split);
  }

  push(source: NodeId, batch: SourceBatch): void | Promise<void> {
    const openNode = this.#openNodes.of(source);
    let from = 0;
    for (const { after, watermark } of batch.watermarks ?? []) {
      if (after > from) this.#emitPart(openNode, batch, from, after);
      from = after;
      this.#router.advance([openNode], watermark);
    }
    if (from < batch.rows.length) this.#emitPart(openNode, batch, from, batch.rows.length);
    else if (batch.rows.length === 0) this.#router.emitFailures(openNode);
    if (++this.#pushed % batchesPerShare === 0) this.#states.shareWith(plainBytes(this.#units.values()));
    return this.#pending();
  }

  #emitPart(openNode: OpenNode, batch: SourceBatch, from: number, to: number): void {
    const { origin } = this.#router;
    const { rows, locate } = batch;
    const isWhole = from === 0 && to === rows.length;
    const part = isWhole ? rows : rows.slice(from, to);
    origin.batch = isWhole ? batch : { rows: part, ...(locate && { locate: (index) => locate(from + index) }) };
    try {
      this.#router.emit(openNode, this.#outputOf(openNode), part);
      this.#router.emitFailures(openNode);
    } finally {
      origin.batch = null;
    }
  }

  advance(source: NodeId, watermark: number): void | Promise<void> {
    this.#router.advance([this.#openNodes.of(source)], watermark);
    return this.#pending();
  }

  idle(source: NodeId, isIdle: boolean): void | Promise<void> {
    this.#router.idle([this.#openNodes.of(source)], isIdle);
    return this.#pending();
  }

  tick(): void | Promise<void> {
    const now = this.#clock.now();
    for (const unit of this.#units.values()) if (unit instanceof StatefulUnit) unit.tick(now);
    this.#instances?.tick();
    return this.#pending();
  }

  async end(source: NodeId): Promise<void> {
    if (!this.#running.delete(source)) return;
    const openNode = this.#openNodes.of(source);
    this.#router.emitFailures(openNode);
    await this.#router.end([openNode]);
    await this.#pending();
    // What is read after it may count on all of its rows being where they belong.
    if (this.#instances) await this.#workedOff(this.#instances);
  }

  async workOff(): Promise<void> {
    await this.#pending();
    while (this.#instances && !this.#instances.isIdle) await this.#workedOff(this.#instances);
  }

  /** What has been sent to instances up to now, and what came of it. */
  async #workedOff(instances: Instances): Promise<void> {
    // Each round takes what came of the one before by one exchange further.
    for (const _ of [null, ...instances.exchanges]) {
      await instances.workOff();
      await this.#pending();
    }
  }

  isNeeded(source: NodeId): boolean {
    return leadsOn(source, this.#graph, this.#units);
  }

  async finish(): Promise<void> {
    for (const source of [...this.#running]) await this.end(source);
    await this.workOff();
  }

  #keepRedo(folder: string): void {
    const decided = new Set(deciders(this.#writers).map(({ writer }) => writer.transaction));
    for (const { node, writer } of this.#writers) {
      if (!writer.transaction || decided.has(writer.transaction)) continue;
      decided.add(writer.transaction);
      this.#atWork(node, () => writer.transaction?.keepRedo(join(folder, node)));
    }
  }

  get ticks(): boolean {
    return this.#instances?.ticks === true || [...this.#units.values()].some((unit) => unit instanceof StatefulUnit && unit.ticks);
  }

  get decider(): NodeId | null {
    return deciders(this.#writers)[0]?.node ?? null;
  }

  get outputCount(): number {
    return independentOutputs(this.#writers);
  }

  async snapshot(checkpoint: number): Promise<FlowSnapshot> {
    const instances = await this.#instances?.snapshot(checkpoint);
    const own = asEngine(this.#env.monitor, () => this.#snapshot(checkpoint));
    if (!instances) return own;
    const stateful = instances.flatMap((each) => each.stateful);
    return { ...own, stateful: [...new Set([...own.stateful, ...stateful])], instances, division: divisionOf(this.#plan) };
  }

  #snapshot(checkpoint: number): FlowSnapshot {
    const nodes: { [node: NodeId]: NodeSnapshot } = {};
    const stateful: NodeId[] = [];
    for (const [id, openNode] of this.#openNodes) {
      const unit = this.#units.get(id);
      const state = unit instanceof StatefulUnit ? unit.snapshot() : undefined;
      if (state !== undefined || this.#states.of(id).states.size > 0) stateful.push(id);
      nodes[id] = { ...this.#router.time(openNode, unit), counts: openNode.counters.snapshot(), state };
    }
    return { nodes, stateful, keyed: this.#states.snapshot(checkpoint), time: this.#clock.now() };
  }

  part(index: number): { readonly [sink: NodeId]: Json } | null {
    const places: { [sink: NodeId]: Json } = {};
    for (const { node, writer } of this.#writers) {
      const place = this.#atWork(node, () => writer.part?.(index) ?? null);
      if (place === null) return null;
      places[node] = place;
    }
    return places;
  }

  async join(finished: { readonly [sink: NodeId]: Json }, counts: { readonly [node: NodeId]: NodeCounts }): Promise<void> {
    await asEngineThroughout(this.#env.monitor, () => joinPart(this.#writers, finished, this.#atWork, this.#namedWriter));
    for (const [id, { counters }] of this.#openNodes) {
      const part = counts[id];
      if (part) counters.restore(Instances.merged([counters.snapshot(), part]));
    }
  }

  async prepare(checkpoint: number): Promise<{ readonly [sink: NodeId]: Json }> {
    const tokens: { [sink: NodeId]: Json } = {};
    // In the plan's order: what one of them refuses may go to sinks behind its error port.
    for (const each of this.#writers) {
      tokens[each.node] = await asEngineThroughout(this.#env.monitor, () => prepareOne(each, checkpoint, this.#atWork, this.#namedWriter));
      this.#router.emitFailures(this.#openNodes.of(each.node));
      await this.workOff();
    }
    return tokens;
  }

  async commit(checkpoint = 1, { stored = false, more = false } = {}): Promise<void> {
    await asEngineThroughout(this.#env.monitor, () => commitAll(this.#writers, checkpoint, stored, this.#atWork, this.#namedWriter));
    if (more) for (const each of this.#writers) each.isSettled = false;
  }

  async doubt(isCommitted: () => Promise<boolean>): Promise<void> {
    const first = deciders(this.#writers);
    if (first.every(({ isSettled }) => isSettled)) return;
    // What they hold may be in the way of looking.
    await this.#abortAll(first);
    for (const each of first) each.isSettled = true;
    if (await isCommitted().catch(() => true)) for (const each of this.#writers) each.isSettled = true;
  }

  forget(): void {
    const transactions = new Set(this.#writers.map(({ writer }) => writer.transaction));
    this.#instances?.forget();
    for (const forget of [() => this.#states.discard(), ...[...transactions].map((transaction) => () => transaction?.forget?.())]) {
      try {
        asEngine(this.#env.monitor, forget);
      } catch (error) {
        this.#env.onLog('warning', `Tidying up failed: ${(error as Error).message}`, '');
      }
    }
  }

  settle(): void {
    for (const each of this.#writers) markCommitted(each);
  }

  committed(oldestKept: number): void {
    asEngine(this.#env.monitor, () => this.#states.committed(oldestKept));
    this.#instances?.committed(oldestKept);
  }

  waited(source: NodeId, why: 'idleMs' | 'blockedMs', ms: number): void {
    this.#openNodes.of(source).counters[why] += ms;
  }

  failed(node: NodeId): number {
    return this.#openNodes.of(node).counters.failed;
  }

  dropFailures(source: NodeId, failed: number): void {
    const { failures, counters } = this.#openNodes.of(source);
    failures.take();
    counters.failed = failed;
  }

  watermark(node: NodeId): number {
    return this.#openNodes.of(node).counters.watermark;
  }

  isIdle(node: NodeId): boolean {
    return this.#router.isIdle(node);
  }

  get timed(): ReadonlySet<NodeId> {
    const here = [...this.#units].flatMap(([node, unit]) => (unit instanceof StatefulUnit && unit.waitsForTime ? [node] : []));
    return new Set([...here, ...(this.#instances?.timed ?? [])]);
  }

  waiting(): readonly Waiting[] {
    return waitingForTime({ router: this.#router, openNodes: this.#openNodes, units: this.#units, instances: this.#instances });
  }

  abort(): Promise<void> {
    this.#instances?.abandon();
    return this.#abortAll(this.#writers);
  }

  async #abortAll(writers: readonly OpenWriter[]): Promise<void> {
    await asEngineThroughout(this.#env.monitor, () => abortAll(writers, this.#atWork, (node, message) => this.#env.onLog('warning', message, node)));
  }

  async close(): Promise<void> {
    await this.#instances?.close();
    await asEngineThroughout(this.#env.monitor, () => this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    await closeAll(this.#writers, this.#atWork, (node, message) => this.#env.onLog('warning', message, node));
    for (const close of [() => this.#shared.close(), () => this.#states.close()]) {
      try {
        close();
      } catch (error) {
        this.#env.onLog('warning', `Closing failed: ${(error as Error).message}`, this.#writers[0]?.node ?? '');
      }
    }
  }

  counters(): { readonly [node: NodeId]: NodeCounts } {
    return Object.fromEntries(
      [...this.#openNodes].map(([id, openNode]) => {
        const state = this.#instances?.nodes.has(id) ? this.#instances.stateOf(id) : stateSize(this.#units.get(id), this.#states, id);
        return [id, { ...openNode.counters.snapshot(), ...(state && { state }) }];
      }),
    );
  }

  readonly stateUse = () => {
    const own = stateUse(this.#units.values(), this.#states);
    const others = this.#instances?.stateUse();
    return others ? { inMemory: own.inMemory + others.inMemory, limit: own.limit + others.limit, onDisk: own.onDisk + others.onDisk } : own;
  };

  outputs(): RunOutput[] {
    return this.#writers.map((each) => {
      const { node, writer, committed, committedRows, earlierRows } = each;
      const output = writer.output();
      return { node, rows: takenBy(each), committedRows, earlierRows, committed, ...(output.kind === 'memory' ? { kind: output.kind } : output) };
    });
  }

  warnings(): Problem[] {
    const { leaving = [] } = this.#plan;
    const isTaken = (id: NodeId, port: string) => this.#graph.outgoing(id, port).length > 0 || leaving.some((from) => from.node === id && from.port === port);
    return [...this.#openNodes.values()].flatMap((openNode) => lateRows(openNode, isTaken));
  }

  recent(node: NodeId, port: string, limit: number): readonly Row[] | Promise<readonly Row[]> {
    if (this.#instances?.nodes.has(node)) return this.#instances.recent(node, port, limit);
    return this.#recent?.read(node, port, limit, performance.now()) ?? [];
  }

  expireRecent(): void {
    this.#recent?.expire(performance.now());
  }

  memory(node: NodeId): Extract<Output, { kind: 'memory' }> | null {
    const output = this.#writers.find((each) => each.node === node)?.writer.output();
    return output?.kind === 'memory' ? output : null;
  }

  readonly #namedWriter = (error: unknown, { node }: OpenWriter): Error => this.#router.named(error, this.#openNodes.of(node));

  readonly #atWork = <T>(node: NodeId, run: () => T): T => this.#router.work(this.#openNodes.of(node), run);

  #outputOf({ definition }: OpenNode): string {
    return definition.kind === 'source' ? itemAt(definition.outputs, 0).name : '';
  }

  /** Between two batches of what a node emits at its end. */
  #yieldNow(): Promise<void> | undefined {
    const pending = this.#pending();
    if (!pending && performance.now() - this.#lastYield < yieldAfterMs) return undefined;
    return Promise.resolve(pending)
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => {
        this.#lastYield = performance.now();
      });
  }

  /** What came of the rows that were pushed is on its way, and others are to wait for it. */
  #pending(): Promise<void> | undefined {
    const sinks = this.#sinksPending();
    const instances = this.#instances?.pending();
    if (!instances) return sinks;
    return Promise.all([sinks, instances]).then(() => this.#pending());
  }

  #sinksPending(): Promise<void> | undefined {
    const room = this.#env.outlets?.room();
    if (!room && !this.#sinks.some((sink) => sink.pending)) return undefined;
    // What a write rejects goes on to the error port, where further sinks may be: then more is pending than was at first.
    return Promise.all([room, ...this.#sinks.map((sink) => sink.pending)]).then(() => this.#sinksPending());
  }
}
