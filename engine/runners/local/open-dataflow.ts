import { join } from 'node:path';
import type { Output, Reader, SourceBatch } from '../../../kit/node.ts';
import { traitsOf } from '../../../kit/op-traits.ts';
import { itemAt } from '../../../model/problems/missing.ts';
import { MillraceError, type Problem } from '../../../model/problems/problem.ts';
import { endOfTime } from '../../../model/schema/event-time.ts';
import { KnownMap } from '../../../model/values/known-map.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { loadOperators } from '../../operators/open.ts';
import { Graph } from '../../plan/graph.ts';
import { lower } from '../../plan/lower.ts';
import type { RunOutput } from '../../protocol/messages.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import { type Clock, clockOf } from './clock.ts';
import { SharedThings } from './contexts.ts';
import { NodeCounters, type NodeCounts } from './counters.ts';
import type { Dataflow, DataflowEnv, FlowStart } from './dataflow.ts';
import { Failures } from './failures.ts';
import { type FlowSnapshot, type NodeSnapshot, standing } from './flow-snapshot.ts';
import { Hub, type Station, type Unit } from './hub.ts';
import { lateRows } from './late-rows.ts';
import { memoryOfOperators } from './memory-limits.ts';
import { asEngine, asEngineThroughout } from './monitor.ts';
import { NodeStates } from './node-states.ts';
import { NodeOpener } from './opening.ts';
import { RecentRows } from './recent-rows.ts';
import { type OpenOperator, segmentsOf } from './segments.ts';
import { stateSize, stateUse } from './state-use.ts';
import { ChainUnit, SinkUnit, StatefulUnit } from './units.ts';
import { abortAll, closeAll, commitAll, deciders, independentOutputs, markCommitted, type OpenWriter, prepareOne, takenBy } from './writers.ts';

/** How long a node may go on emitting before others have a turn. */
const breathAfterMs = 50;

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
  readonly #hub: Hub;
  readonly #shared = new SharedThings();
  readonly #states: NodeStates;
  readonly #opener: NodeOpener;
  readonly #stations = new KnownMap<NodeId, Station>('node');
  /** By its node, or the first one of a chain. */
  readonly #units = new Map<NodeId, Unit>();
  readonly #sinks: SinkUnit[] = [];
  readonly #writers: OpenWriter[] = [];
  readonly #running = new Set<NodeId>();
  readonly #clock: Clock;
  #lastBreath = performance.now();

  constructor(plan: PhysicalPlan, env: DataflowEnv) {
    this.#plan = plan;
    const ids = plan.nodes.map(({ id }) => id);
    this.#graph = new Graph(ids, plan.edges);
    this.#env = env;
    this.#states = env.states ?? new NodeStates();
    const holders = plan.nodes.filter(({ op }) => op && traitsOf(op).isStateful);
    const memory = memoryOfOperators(this.#states.limit, env.commits ?? 'end') / Math.max(1, holders.length);
    this.#hub = new Hub(env.sandbox, env.monitor, env.tap && ((node, port, rows) => env.tap?.(node, port, rows)));
    this.#clock = clockOf(env.now, env.from?.snapshot.time);
    this.#opener = new NodeOpener({
      env,
      graph: this.#graph,
      hub: this.#hub,
      shared: this.#shared,
      states: this.#states,
      memory,
      stations: this.#stations,
      units: this.#units,
      writers: this.#writers,
      clock: this.#clock,
      breathe: () => this.#breathe(),
    });
  }

  async open(): Promise<void> {
    this.#plan.nodes.forEach((planned, index) => {
      const definition = this.#env.definition(planned.type);
      if (!definition) {
        throw new MillraceError({ code: 'node/unknown', message: `There is no node type "${planned.type}".`, hint: 'Update Millrace.', node: planned.id });
      }
      const latePorts = definition.kind === 'sink' ? [] : definition.outputs.filter(({ late }) => late).map(({ name }) => name);
      const counters = new NodeCounters(Object.keys(planned.outputs), latePorts);
      const failures = new Failures(planned, counters, (problem, row) => this.#env.onFailure(problem, row));
      const op = planned.op ?? lower(definition, planned.params, planned.inputs);
      this.#stations.set(planned.id, { planned, definition, op, index, counters, shift: { nodes: [counters], shares: [1] }, failures });
      if (planned.kind === 'source') this.#running.add(planned.id);
    });
    await loadOperators([...this.#stations.values()].flatMap(({ op }) => (op ? [op.op] : [])));
    // Code first: it is what fails most often, and before anything is touched.
    const operators = new Map<NodeId, OpenOperator>();
    for (const station of this.#stations.values()) if (station.planned.kind === 'transform') operators.set(station.planned.id, this.#opener.transform(station));
    for (const station of this.#stations.values()) if (station.planned.kind === 'sink') await this.#openSink(station);
    this.#connect(operators);
    // No window waits for rows that failed before, and none fires on their account.
    for (const id of this.#plan.replays ?? []) this.#hub.idle([this.#stations.of(id)], true);
    const { redoFolder, from } = this.#env;
    if (redoFolder) this.#keepRedo(redoFolder);
    if (from) await this.#goOn(from);
  }

  async #openSink(station: Station): Promise<void> {
    const opened = await this.#opener.sink(station);
    if (opened) this.#writers.push(opened);
    const unit = new SinkUnit(station, opened?.writer ?? null, this.#hub);
    this.#sinks.push(unit);
    this.#units.set(station.planned.id, unit);
  }

  #connect(operators: ReadonlyMap<NodeId, OpenOperator>): void {
    const segments = segmentsOf(this.#plan, operators, this.#env.tap === undefined);
    const inner = new Set(segments.flatMap((segment) => segment.flatMap(({ station, next }) => (next === null ? [] : [`${station.planned.id}.${next}`]))));
    for (const { station, operator } of operators.values()) {
      if ('process' in operator) this.#units.set(station.planned.id, new StatefulUnit(station, operator, this.#hub));
    }
    const chains = new Map(segments.map((segment) => [itemAt(segment, 0).station.planned.id, new ChainUnit(segment, this.#hub, this.#env.monitor)]));
    for (const [id, chain] of chains) this.#units.set(id, chain);
    for (const { from, to } of this.#plan.edges) {
      const unit = this.#units.get(to.node);
      if (unit && !inner.has(`${from.node}.${from.port}`)) this.#hub.connect(from.node, from.port, unit, to.port);
    }
    const compile = () => {
      for (const chain of chains.values()) chain.compile();
    };
    this.#recent = new RecentRows(!this.#plan.bounded, compile);
    if (!this.#env.tap) this.#hub.recent = this.#recent;
    compile();
  }

  openReader(source: NodeId, start: Json = null): Promise<Reader> {
    return this.#opener.reader(this.#stations.of(source), start);
  }

  push(source: NodeId, batch: SourceBatch): void | Promise<void> {
    const station = this.#stations.of(source);
    let from = 0;
    for (const { after, watermark } of batch.watermarks ?? []) {
      if (after > from) this.#emitPart(station, batch, from, after);
      from = after;
      this.#hub.advance([station], watermark);
    }
    if (from < batch.rows.length) this.#emitPart(station, batch, from, batch.rows.length);
    else if (batch.rows.length === 0) this.#hub.emitFailures(station);
    return this.#pending();
  }

  #emitPart(station: Station, batch: SourceBatch, from: number, to: number): void {
    const { origin } = this.#hub;
    const { rows, locate } = batch;
    const isWhole = from === 0 && to === rows.length;
    const part = isWhole ? rows : rows.slice(from, to);
    origin.batch = isWhole ? batch : { rows: part, ...(locate && { locate: (index) => locate(from + index) }) };
    try {
      this.#hub.emit(station, this.#outputOf(station), part);
      this.#hub.emitFailures(station);
    } finally {
      origin.batch = null;
    }
  }

  advance(source: NodeId, watermark: number): void | Promise<void> {
    this.#hub.advance([this.#stations.of(source)], watermark);
    return this.#pending();
  }

  idle(source: NodeId, isIdle: boolean): void | Promise<void> {
    this.#hub.idle([this.#stations.of(source)], isIdle);
    return this.#pending();
  }

  tick(): void | Promise<void> {
    const now = this.#clock.now();
    for (const unit of this.#units.values()) if (unit instanceof StatefulUnit) unit.tick(now);
    return this.#pending();
  }

  async end(source: NodeId): Promise<void> {
    if (!this.#running.delete(source)) return;
    const station = this.#stations.of(source);
    this.#hub.emitFailures(station);
    await this.#hub.end([station]);
    await this.#pending();
  }

  isNeeded(source: NodeId): boolean {
    return this.#leadsOn(source);
  }

  async finish(): Promise<void> {
    for (const source of [...this.#running]) await this.end(source);
    await this.#pending();
  }

  #keepRedo(folder: string): void {
    const decided = new Set(deciders(this.#writers).map(({ writer }) => writer.transaction));
    for (const { node, writer } of this.#writers) {
      if (!writer.transaction || decided.has(writer.transaction)) continue;
      decided.add(writer.transaction);
      this.#atWork(node, () => writer.transaction?.keepRedo(join(folder, node)));
    }
  }

  /** First all nodes get their state back, and only then may rows come out of any of them. */
  async #goOn({ snapshot, isCarried, divided }: FlowStart): Promise<void> {
    const times = standing(this.#plan, snapshot, isCarried);
    this.#hub.restore(times, this.#stations, (node) => this.#units.get(node));
    for (const [id, station] of this.#stations) {
      const before = snapshot.nodes[id];
      if (before) station.counters.restore(before.counts);
      if (this.#hub.hasEnded(id)) this.#running.delete(id);
      const unit = this.#units.get(id);
      if (!(unit instanceof StatefulUnit) || !isCarried(id)) continue;
      const earlier = divided?.earlier(id) ?? null;
      if (earlier !== null) unit.takeOver(earlier, divided!.owns(id));
      else if (before) unit.restore(before.state);
    }
    for (const { id } of this.#plan.nodes) {
      const unit = this.#units.get(id);
      const ended = unit ? this.#hub.endedPorts(unit) : [];
      if (!unit || ended.length === 0 || this.#hub.hasEnded(id)) continue;
      if (unit instanceof StatefulUnit) unit.tellEnded(this.#hub.isOpen(unit) ? ended : ended.slice(1));
      if (this.#hub.isOpen(unit)) continue;
      // All that it would have heard came before, but not to this node as it is now.
      unit.advance(endOfTime);
      await unit.ended(itemAt(ended, 0));
    }
    await this.#pending();
  }

  get ticks(): boolean {
    return [...this.#units.values()].some((unit) => unit instanceof StatefulUnit && unit.ticks);
  }

  get decider(): NodeId | null {
    return deciders(this.#writers)[0]?.node ?? null;
  }

  get outputCount(): number {
    return independentOutputs(this.#writers);
  }

  snapshot(checkpoint: number): FlowSnapshot {
    return asEngine(this.#env.monitor, () => this.#snapshot(checkpoint));
  }

  #snapshot(checkpoint: number): FlowSnapshot {
    const nodes: { [node: NodeId]: NodeSnapshot } = {};
    const stateful: NodeId[] = [];
    for (const [id, station] of this.#stations) {
      const unit = this.#units.get(id);
      const state = unit instanceof StatefulUnit ? unit.snapshot() : undefined;
      if (state !== undefined || this.#states.of(id).states.size > 0) stateful.push(id);
      nodes[id] = { ...this.#hub.time(station, unit), counts: station.counters.snapshot(), state };
    }
    return { nodes, stateful, keyed: this.#states.snapshot(checkpoint), time: this.#clock.now() };
  }

  async prepare(checkpoint: number): Promise<{ readonly [sink: NodeId]: Json }> {
    const tokens: { [sink: NodeId]: Json } = {};
    // In the plan's order: what one of them refuses may go to sinks behind its error port.
    for (const each of this.#writers) {
      tokens[each.node] = await asEngineThroughout(this.#env.monitor, () => prepareOne(each, checkpoint, this.#atWork, this.#namedWriter));
      this.#hub.emitFailures(this.#stations.of(each.node));
      await this.#pending();
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
  }

  waited(source: NodeId, why: 'idleMs' | 'blockedMs', ms: number): void {
    this.#stations.of(source).counters[why] += ms;
  }

  failed(node: NodeId): number {
    return this.#stations.of(node).counters.failed;
  }

  dropFailures(source: NodeId, failed: number): void {
    const { failures, counters } = this.#stations.of(source);
    failures.take();
    counters.failed = failed;
  }

  watermark(node: NodeId): number {
    return this.#stations.of(node).counters.watermark;
  }

  isIdle(node: NodeId): boolean {
    return this.#hub.isIdle(node);
  }

  waiting(): readonly { readonly node: NodeId; readonly watermark: number; readonly holder: NodeId }[] {
    return [...this.#units].flatMap(([node, unit]) => {
      if (!(unit instanceof StatefulUnit) || !unit.waitsForTime || this.#hub.hasEnded(node)) return [];
      if (!Object.values(unit.station.planned.inputs).some(({ eventTime }) => eventTime)) return [];
      const { watermark, holder } = this.#hub.arrival(unit);
      return holder === null ? [] : [{ node, watermark, holder: this.#rootOf(holder) }];
    });
  }

  /** Who holds back the watermark that this node hands on: a source, or a node that holds it back itself. */
  #rootOf(node: NodeId): NodeId {
    const unit =
      [...this.#units.values()].find((each) => each instanceof ChainUnit && each.stations.some(({ planned }) => planned.id === node)) ?? this.#units.get(node);
    const { op } = this.#stations.of(node);
    if (!unit || (op && traitsOf(op).setsEventTime)) return node;
    const { watermark, holder } = this.#hub.arrival(unit);
    return holder === null || watermark > this.#stations.of(node).counters.watermark ? node : this.#rootOf(holder);
  }

  abort(): Promise<void> {
    return this.#abortAll(this.#writers);
  }

  async #abortAll(writers: readonly OpenWriter[]): Promise<void> {
    await asEngineThroughout(this.#env.monitor, () => abortAll(writers, this.#atWork, (node, message) => this.#env.onLog('warning', message, node)));
  }

  async close(): Promise<void> {
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
      [...this.#stations].map(([id, station]) => {
        const state = stateSize(this.#units.get(id), this.#states, id);
        return [id, { ...station.counters.snapshot(), ...(state && { state }) }];
      }),
    );
  }

  readonly stateUse = () => stateUse(this.#units.values(), this.#states);

  outputs(): RunOutput[] {
    return this.#writers.map((each) => {
      const { node, writer, committed, committedRows, earlierRows } = each;
      const output = writer.output();
      return { node, rows: takenBy(each), committedRows, earlierRows, committed, ...(output.kind === 'memory' ? { kind: output.kind } : output) };
    });
  }

  warnings(): Problem[] {
    const { leaving = [] } = this.#plan;
    const isTaken = (id: NodeId, port: string) => this.#hub.isConnected(id, port) || leaving.some((from) => from.node === id && from.port === port);
    return [...this.#stations.values()].flatMap((station) => lateRows(station, isTaken));
  }

  recent(node: NodeId, port: string, limit: number): readonly Row[] {
    return this.#recent?.read(node, port, limit, performance.now()) ?? [];
  }

  expireRecent(): void {
    this.#recent?.expire(performance.now());
  }

  memory(node: NodeId): Extract<Output, { kind: 'memory' }> | null {
    const output = this.#writers.find((each) => each.node === node)?.writer.output();
    return output?.kind === 'memory' ? output : null;
  }

  readonly #namedWriter = (error: unknown, { node }: OpenWriter): Error => this.#hub.named(error, this.#stations.of(node));

  readonly #atWork = <T>(node: NodeId, run: () => T): T => this.#hub.work(this.#stations.of(node), run);

  #outputOf({ definition }: Station): string {
    return definition.kind === 'source' ? itemAt(definition.outputs, 0).name : '';
  }

  /** Between two batches of what a node emits at its end. */
  #breathe(): Promise<void> | undefined {
    const pending = this.#pending();
    if (!pending && performance.now() - this.#lastBreath < breathAfterMs) return undefined;
    return Promise.resolve(pending)
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => {
        this.#lastBreath = performance.now();
      });
  }

  #pending(): Promise<void> | undefined {
    if (!this.#sinks.some((sink) => sink.pending)) return undefined;
    // What a write rejects goes on to the error port, where further sinks may be: then more is pending than was at first.
    return Promise.all(this.#sinks.map((sink) => sink.pending)).then(() => this.#pending());
  }

  /** Whether a node's rows still reach somebody who wants them: a sink, or a node that is not done. */
  #leadsOn(source: NodeId): boolean {
    // A set keeps its order: what is added is visited, each node once however many ways lead to it.
    const reached = new Set([source]);
    for (const node of reached) {
      const unit = this.#units.get(node);
      if (unit instanceof SinkUnit) return true;
      if (unit instanceof StatefulUnit && unit.isDone) continue;
      const next = this.#graph.outgoing(node);
      if (next.length === 0) return true;
      for (const { to } of next) reached.add(to.node);
    }
    return false;
  }
}
