/** One instance of the stages of a run, in whatever thread it is: opens its part of the plan and works off what it is sent. */

import type { NodeDefinition } from '@millrace/kit/node';
import { itemAt, missing } from '../../../../model/faults/missing.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import { ownedBy } from '../../../operators/keyed/key-groups.ts';
import { type ColumnLayout, columnLayout } from '../../../operators/rows/column-layout.ts';
import { problemOf } from '../../../protocol/connection.ts';
import type { Sandbox } from '../../../sandbox/sandbox.ts';
import type { Dataflow, Divided } from '../dataflow.ts';
import { EarlierFlows } from '../earlier-flows.ts';
import { asEngineThroughout, countTurn, type Monitor } from '../monitor.ts';
import { NodeStates } from '../node-states.ts';
import { openDataflow } from '../open-dataflow.ts';
import { readable } from '../readable.ts';
import type { Router } from '../router.ts';
import { type FlowEvent, type FromInstance, type InstanceJob, type InstancePort, type InstanceStart, type ToInstance, transferOf } from './messages.ts';
import { Outbox } from './outbox.ts';
import { Outlet } from './outlet.ts';
import { unpackRows } from './packed-rows.ts';
import { wayDefinition } from './part-plan.ts';
import { locator } from './places.ts';

/** Messages of its rows that may be on their way before it waits. */
const mostUnderWay = 4;
const statsEveryMs = 100;
/** Failures of rows are counted, and the first ones told. */
const toldFailures = 100;

export interface InstanceEnv {
  definition(type: string): NodeDefinition | undefined;
  readonly sandbox: Sandbox;
  readonly monitor?: Monitor;
}

/** Answers what comes by the port until it is told to close. */
export function serveInstance(port: InstancePort<FromInstance, ToInstance>, env: InstanceEnv): void {
  let instance: Instance | null = null;
  let last: Promise<void> = Promise.resolve();
  let hasFailed = false;
  const fail = (error: unknown) => {
    if (hasFailed) return;
    hasFailed = true;
    port.post({ kind: 'failed', problem: readable(problemOf(error)) });
  };
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(() => (hasFailed ? undefined : work())).catch(fail);
  };
  port.onMessage((message) => {
    switch (message.kind) {
      case 'open': {
        instance = new Instance(message.job, port, env);
        const opening = instance;
        inTurn(() => opening.open());
        break;
      }
      case 'taken':
        instance?.taken();
        break;
      case 'recent':
        void Promise.resolve(instance?.flow?.recent(message.node, message.port, message.limit) ?? []).then((rows) =>
          port.post({ kind: 'recent', id: message.id, rows }),
        );
        break;
      case 'close':
        instance?.stop();
        last = last
          .then(() => instance?.close())
          .then(
            () => port.post({ kind: 'closed' }),
            () => port.post({ kind: 'closed' }),
          );
        break;
      default:
        inTurn(() => (instance ?? missing('the instance')).carryOut(message));
    }
  });
}

class Instance {
  readonly #job: InstanceJob;
  readonly #port: InstancePort<FromInstance, ToInstance>;
  readonly #env: InstanceEnv;
  readonly #abort = new AbortController();
  readonly #box: Outbox;
  readonly #forms: readonly ColumnLayout[];
  readonly #sources: readonly NodeId[];
  #timer: NodeJS.Timeout | undefined;
  #statsAt = 0;
  #underWay = 0;
  #told = 0;
  /** Set while so much is under way that nothing is to be added. */
  #room: { readonly promise: Promise<void>; readonly open: () => void } | null = null;
  flow: Dataflow | null = null;

  constructor(job: InstanceJob, port: InstancePort<FromInstance, ToInstance>, env: InstanceEnv) {
    this.#job = job;
    this.#port = port;
    this.#env = env;
    const { nodes } = job.plan;
    const sources = nodes.filter(({ kind }) => kind === 'source');
    this.#sources = sources.map(({ id }) => id);
    this.#forms = sources.map(({ outputs }) => columnLayout(outputs['rows'] ?? missing('the schema of a way in')));
    this.#box = new Outbox(
      nodes.flatMap(({ kind, inputs }) => (kind === 'sink' ? Object.values(inputs).map(columnLayout) : [])),
      (events) => {
        port.post({ kind: 'work', ...events }, transferOf(events));
        if (++this.#underWay >= mostUnderWay) this.#room ??= roomMade();
      },
    );
  }

  async open(): Promise<void> {
    const { plan, folder, commits, lineage, stateFolder, memory, from } = this.#job;
    const { monitor } = this.#env;
    const states = new NodeStates({ folder: stateFolder, memory, monitor });
    const carried = new Set(from?.carried);
    const earlier = from && (await asEngineThroughout(monitor, () => this.#restore(states, from, carried)));
    this.#timer = setInterval(() => {
      if (monitor) countTurn(monitor);
      this.flow?.expireRecent();
      this.#tellStats();
    }, statsEveryMs);
    const opening = openDataflow(plan, {
      definition: (type) => wayDefinition(type) ?? this.#env.definition(type),
      sandbox: this.#env.sandbox,
      folder,
      signal: this.#abort.signal,
      writers: 'run',
      ...(monitor && { monitor }),
      onFailure: (problem) => {
        if (this.#told++ < toldFailures) this.#port.post({ kind: 'failure', problem: readable(problem) });
      },
      onLog: (level, message, node) => this.#port.post({ kind: 'log', level, message, node }),
      onCode: (number, node, field) => this.#port.post({ kind: 'code', number, node, field }),
      onGuard: (node, undo) => this.#port.post({ kind: 'guard', node, undo }),
      commits,
      lineage,
      states,
      from: from && {
        checkpoint: from.checkpoint,
        isOlder: from.isOlder,
        snapshot: from.snapshot,
        tokens: {},
        isCarried: (node) => carried.has(node),
        divided: earlier && dividedBy(earlier, from),
      },
      outlets: { open: (node, router) => this.#outlet(node, router), room: () => this.#room?.promise ?? null },
    });
    this.flow = await opening.finally(() => earlier?.close());
    this.#box.flush();
    this.#tellStats();
    this.#port.post({ kind: 'opened', ticks: this.flow.ticks, timed: [...this.flow.timed] });
  }

  /** What it kept itself; or gives what all kept, of which it takes over what is its own. */
  #restore(states: NodeStates, { checkpoint, keyed, divided }: InstanceStart, carried: ReadonlySet<NodeId>): EarlierFlows | null {
    if (divided) {
      const earlier = new EarlierFlows(divided.flows, { memory: this.#job.memory, monitor: this.#env.monitor });
      earlier.copy(states, [], checkpoint);
      return earlier;
    }
    if (!keyed) return null;
    states.restore(keyed);
    for (const { id } of this.#job.plan.nodes) {
      if (!carried.has(id)) for (const state of states.of(id).states.values()) for (const [key] of [...state.entries()]) state.delete(key);
    }
    return null;
  }

  #outlet(id: NodeId, router: Router): Outlet {
    const ways = new Map<string, number>();
    let next = 0;
    for (const node of this.#job.plan.nodes) {
      if (node.kind !== 'sink') continue;
      for (const port of Object.keys(node.inputs)) {
        if (node.id === id) ways.set(port, next);
        next++;
      }
    }
    return new Outlet(ways, this.#box, router);
  }

  async carryOut(message: Exclude<ToInstance, { readonly kind: 'open' | 'taken' | 'recent' | 'close' }>): Promise<void> {
    const flow = this.flow ?? missing('the dataflow of the instance');
    switch (message.kind) {
      case 'work': {
        let ends = false;
        try {
          for (const event of message.events) {
            if (this.#abort.signal.aborted) return;
            ends ||= event.kind === 'end';
            const moved = this.#pass(flow, event, message.packs);
            if (moved) await moved;
          }
        } catch (error) {
          this.#tellStats();
          throw error;
        }
        this.#box.flush();
        if (this.#room) await this.#room.promise;
        if (ends || performance.now() - this.#statsAt > statsEveryMs) this.#tellStats();
        this.#port.post({ kind: 'done' });
        break;
      }
      case 'snapshot': {
        const snapshot = await asEngineThroughout(this.#env.monitor, () => flow.snapshot(message.checkpoint));
        this.#port.post({ kind: 'snapshot', flow: snapshot });
        break;
      }
      case 'committed':
        flow.committed(message.oldestKept);
        break;
      case 'forget':
        flow.forget();
        break;
    }
  }

  #pass(flow: Dataflow, event: FlowEvent, packs: Extract<ToInstance, { readonly kind: 'work' }>['packs']): void | Promise<void> {
    if (event.kind === 'tick') return flow.tick();
    const source = itemAt(this.#sources, event.way);
    switch (event.kind) {
      case 'rows': {
        const rows = unpackRows(itemAt(this.#forms, event.way), packs[event.way] ?? missing('the rows of a way in'), event.from, event.to);
        return flow.push(source, event.places ? { rows, locate: locator(event.places) } : { rows });
      }
      case 'advance':
        return flow.advance(source, event.watermark);
      case 'idle':
        return flow.idle(source, event.isIdle);
      case 'end':
        return flow.end(source);
    }
  }

  taken(): void {
    this.#underWay--;
    if (this.#underWay >= mostUnderWay || !this.#room) return;
    this.#room.open();
    this.#room = null;
  }

  /** What is under way is given up. */
  stop(): void {
    this.#abort.abort();
    this.#room?.open();
    this.#room = null;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flow?.close();
  }

  #tellStats(): void {
    if (!this.flow) return;
    this.#statsAt = performance.now();
    this.#port.post({ kind: 'stats', stats: { counts: this.flow.counters(), stateUse: this.flow.stateUse(), waiting: this.flow.waiting() } });
  }
}

function dividedBy(earlier: EarlierFlows, { divided }: InstanceStart): Divided {
  const { flows, instance, instances, places } = divided ?? missing('the division');
  return {
    flows,
    earlier: (node) => earlier.of(node),
    owns: (node) => ownedBy(instance, instances, places[node] ?? missing(`the keys of "${node}"`)),
  };
}

function roomMade(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
