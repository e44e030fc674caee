/** Opens the nodes of a plan with the context that each gets: operators, writers and readers. */
import type { OutputTime, PartContext, Reader, RowFailure, SinkContext, SinkDefinition, Writer } from '@millrace/kit/node';
import { missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { openOperator } from '../../operators/open.ts';
import type { Graph } from '../../plan/graph.ts';
import { Redactor } from '../../processes/redaction.ts';
import type { Clock } from './clock.ts';
import { Code, runContext, type SharedThings, type Surroundings, sourceContext, transformContext } from './contexts.ts';
import type { DataflowEnv } from './dataflow.ts';
import { asEngineThroughout } from './monitor.ts';
import type { NodeStates } from './node-states.ts';
import { orderCare } from './order.ts';
import { watchedReader } from './reader.ts';
import type { OpenNode, Router } from './router.ts';
import type { OpenOperator } from './segments.ts';
import { type OpenWriter, takenBy } from './writers.ts';

/** What a dataflow has, and fills while its nodes are opened. */
export interface FlowParts {
  readonly env: DataflowEnv;
  readonly graph: Graph;
  readonly router: Router;
  readonly shared: SharedThings;
  readonly states: NodeStates;
  /** Bytes that each stateful node may hold outside of them. */
  readonly memory: number;
  readonly openNodes: ReadonlyMap<NodeId, OpenNode>;
  /** Whether event time decides what comes out of it. */
  isTimed(node: NodeId): boolean;
  readonly writers: readonly OpenWriter[];
  readonly clock: Clock;
  readonly yieldNow: () => Promise<void> | undefined;
}

export class NodeOpener {
  readonly #flow: FlowParts;
  /** What nodes say may go to the errors table, which is a file. */
  readonly #redactor: Redactor;

  constructor(flow: FlowParts) {
    this.#flow = flow;
    this.#redactor = new Redactor(Object.values(flow.env.secrets ?? {}));
  }

  transform(openNode: OpenNode): OpenOperator {
    const { planned, definition } = openNode;
    if (definition.kind !== 'transform') throw new Error(`${planned.type} is planned as a transform`);
    const { router, states, memory, clock, yieldNow } = this.#flow;
    const emit = (port: string, rows: readonly Row[]) => router.emit(openNode, port, rows);
    const outputTime: OutputTime = {
      advance: (watermark) => router.advance([openNode], watermark),
      idle: (isIdle) => router.idle([openNode], isIdle),
      order: () => this.#orderOf(planned.id),
    };
    const context = transformContext(this.#context(openNode), emit, this.#codeOf(planned.id), states.of(planned.id), memory, clock, yieldNow, outputTime);
    const native = () => {
      if (definition.run) return definition.run(context);
      throw new MillraceError({
        code: 'node/lower-failed',
        message: `What "${definition.title}" does with these params could not be determined`,
        hint: 'This is a fault in the node, not in your pipeline: please report it.',
        node: planned.id,
      });
    };
    const operator = router.work(openNode, () => openOperator(openNode.op ?? missing(`what "${openNode.planned.id}" does`), context, native));
    return { openNode, operator, outputs: definition.outputs.map((port) => port.name) };
  }

  /** Null where nothing is written, as in previews. */
  async sink(openNode: OpenNode): Promise<OpenWriter | null> {
    const { planned, definition, counters } = openNode;
    if (definition.kind !== 'sink') throw new Error(`${planned.type} is planned as a sink`);
    const { env, router } = this.#flow;
    if (env.writers !== 'run') return null;
    const { commits = 'end', lineage = '', from } = env;
    let writer: Writer;
    try {
      await definition.code?.load();
      const isCarried = from?.isCarried(planned.id) && Object.hasOwn(from.tokens, planned.id);
      const token = isCarried ? (from?.tokens[planned.id] ?? null) : null;
      const resume = isCarried && from ? { checkpoint: from.checkpoint, token, isOlder: from.isOlder } : null;
      const context: SinkContext = { ...this.#context(openNode), commits, resume, lineage };
      const place = env.places?.[planned.id];
      const open = place === undefined ? () => definition.run(context) : () => openPart(definition, { ...context, part: place });
      writer = await asEngineThroughout(env.monitor, () => router.work(openNode, open));
    } catch (error) {
      throw router.named(error, openNode);
    }
    const before = from?.snapshot.nodes[planned.id]?.counts;
    const earlierRows = before ? takenBy({ counters: before }) : 0;
    return { node: planned.id, writer, counters, committed: false, committedRows: earlierRows, earlierRows, isSettled: false };
  }

  async reader(openNode: OpenNode, start: Json, split?: Json): Promise<Reader> {
    const { planned, definition } = openNode;
    if (definition.kind !== 'source') throw new Error(`${planned.id} is not a source`);
    const { router } = this.#flow;
    try {
      const code = this.#codeOf(planned.id);
      const refuse = (failure: RowFailure) => openNode.failures.refuse(this.#saidOf(failure));
      const pattern = (text: string, flags: string, field: string) => code.pattern(text, flags, field);
      const whole = sourceContext(this.#context(openNode), start, this.#orderOf(planned.id), refuse, pattern);
      const { share } = planned;
      const context = { ...whole, ...(split !== undefined && { split }), ...(share && { share }) };
      // Apart from its work: what it does then is the node's, from the first line on.
      await definition.code?.load();
      return watchedReader(await router.work(openNode, () => definition.run(context)), openNode, router);
    } catch (error) {
      throw router.named(error, openNode);
    }
  }

  #codeOf(id: NodeId): Code {
    const { env, router } = this.#flow;
    return new Code(id, env.sandbox, env.monitor, (node, field) => {
      const number = router.addCode(node, field);
      env.onCode?.(number, node, field);
      return number;
    });
  }

  #context(openNode: OpenNode) {
    const { env, router, shared } = this.#flow;
    const surroundings: Surroundings = {
      folder: env.folder,
      signal: env.signal,
      shared,
      secrets: env.secrets,
      onWaits: (node, reason) => env.onWaits?.(node, reason),
      onLog: (level, message, node) => env.onLog(level, this.#redactor.text(message), node),
      onGuard: (node, undo) => env.onGuard?.(node, undo),
    };
    return runContext(openNode.planned, surroundings, (failure) => {
      openNode.failures.add({ ...this.#saidOf(failure), position: failure.position ?? router.origin.locate(failure.row) });
    });
  }

  /** Its row is the user's own. */
  #saidOf(failure: RowFailure): RowFailure {
    const { row, position, ...said } = failure;
    const redacted = this.#redactor.data(said);
    return redacted === said ? failure : { ...redacted, ...(row && { row }), ...(position && { position }) };
  }

  #orderOf(id: NodeId) {
    const { env, graph, openNodes, writers } = this.#flow;
    // What was printed cannot be taken back.
    const startsOver = env.startsOver === true && !writers.some(({ writer }) => writer.output().kind === 'printed');
    return orderCare(id, {
      graph,
      node: (each) => openNodes.get(each) ?? missing(`the node "${each}"`),
      waitsForTime: (each) => this.#flow.isTimed(each),
      disorder: env.disorder ?? new Map(),
      startsOver,
    });
  }
}

/** A part as a writer: what phase one gives is for whoever joins it. */
async function openPart(definition: SinkDefinition, context: PartContext): Promise<Writer> {
  if (!definition.openPart) throw new Error(`${definition.type} takes no parts`);
  const part = await definition.openPart(context);
  return {
    write: (rows) => part.write(rows),
    prepare: () => part.finish(),
    commit() {},
    abort() {},
    close: () => part.close(),
    output: () => ({ kind: 'file', path: '' }),
  };
}
