/** The threads that read stretches of a run's input behind the first one, which its data thread reads itself: see ADR 33. */
import { isAbsolute, resolve } from 'node:path';
import type { NodeDefinition, SourceDefinition, SplitEnd, SplitSize } from '@millrace/kit/node';
import { itemAt, missing } from '../../../../model/faults/missing.ts';
import type { Problem } from '../../../../model/problems/problem.ts';
import type { Json } from '../../../../model/values/types.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { Dataflow } from '../dataflow.ts';
import { Instances } from '../instances/instances.ts';
import type { Stretch } from '../pull.ts';
import type { Counts, PartHandle, PartHost, PartLog, PartResult, ReadProgress } from './messages.ts';

export interface PartsEnv {
  readonly host: PartHost;
  definition(type: string): NodeDefinition | undefined;
  readonly folder: string;
  readonly signal: AbortSignal;
  onFailure(problem: Problem): void;
  onLog(log: PartLog): void;
}

interface Part {
  readonly handle: PartHandle;
  readonly logs: PartLog[];
  counts: Counts;
  progress: ReadProgress;
  result: PartResult | null;
}

/**
 * Until `join` nothing of what they make counts. Where a stretch turns out not to begin where a row does, or something ends its reader, all
 * of it is thrown away, and the data thread reads on behind the first stretch as if there had been no other.
 */
export class Parts {
  readonly #plan: PhysicalPlan;
  readonly #env: PartsEnv;
  readonly #source: NodeId;
  readonly #definition: SourceDefinition;
  #splits: readonly Json[];
  #parts: Part[] = [];
  readonly #gone: Promise<void>[] = [];
  /** Resolved when all have ended, or are abandoned. */
  readonly #ready = Promise.withResolvers<void>();
  /** None of them is of use. */
  #hasFailed = false;

  private constructor(plan: PhysicalPlan, env: PartsEnv, source: NodeId, definition: SourceDefinition, splits: readonly Json[]) {
    this.#plan = plan;
    this.#env = env;
    this.#source = source;
    this.#definition = definition;
    this.#splits = splits;
    const nodes = plan.nodes.map(({ id }) => id);
    for (let i = 1; i < splits.length; i++) this.#parts.push(this.#start(env.host.startPart(i, nodes)));
    env.signal.addEventListener('abort', () => this.abandon(), { once: true });
  }

  /** The threads of a plan with `parts`, still idle; null where there is not enough input for several. */
  static async start(plan: PhysicalPlan, env: PartsEnv): Promise<Parts | null> {
    if (!plan.parts) return null;
    const { source, ...size } = plan.parts;
    const definition = env.definition(plan.nodes.find(({ id }) => id === source)?.type ?? '');
    if (definition?.kind !== 'source') throw new Error(`${source} is not a source`);
    const splits = await splitsOf(plan, env, definition, size);
    return splits.length > 1 && !env.signal.aborted ? new Parts(plan, env, source, definition, splits) : null;
  }

  /** Gives them their stretches, now that the outputs are open. Null where those take no parts after all. */
  async open(flow: Dataflow): Promise<Stretch | null> {
    const places: { readonly [sink: NodeId]: Json }[] = [];
    while (places.length < this.#parts.length) {
      const next = flow.part(places.length + 1);
      if (!next) break;
      places.push(next);
    }
    const { source: _, ...size } = this.#plan.parts ?? missing('the parts of the plan');
    if (places.length < this.#parts.length) this.#splits = await splitsOf(this.#plan, this.#env, this.#definition, { ...size, most: places.length + 1 });
    for (const { handle } of this.#parts.splice(this.#splits.length - 1)) this.#end(handle);
    if (this.#parts.length === 0) return null;
    const { folder } = this.#env;
    this.#parts.forEach(({ handle }, i) => {
      const job = { plan: this.#plan, folder, source: this.#source, split: itemAt(this.#splits, i + 1), places: itemAt(places, i) };
      handle.post({ kind: 'open', job });
    });
    return { split: itemAt(this.#splits, 0), atEnd: (end) => this.#mustReadOn(end) };
  }

  pause(isPaused: boolean): void {
    for (const { handle } of this.#parts) handle.post({ kind: isPaused ? 'pause' : 'resume' });
  }

  /** What they make is of no use: the run ends where the data thread is. */
  abandon(): void {
    for (const { handle } of this.#parts.splice(0)) this.#end(handle);
    this.#ready.resolve();
  }

  /** The books of all threads together. */
  counts(own: Counts): Counts {
    if (this.#parts.length === 0) return own;
    const others = (id: NodeId) => this.#parts.flatMap(({ counts }) => counts[id] ?? []);
    return Object.fromEntries(Object.entries(own).map(([id, counts]) => [id, Instances.merged([counts, ...others(id)])]));
  }

  progress(own: ReadProgress): ReadProgress {
    const all = [own, ...this.#parts.map(({ progress }) => progress)].flatMap((each) => each[this.#source] ?? []);
    if (this.#parts.length === 0 || all.length <= this.#parts.length) return own;
    const done = all.reduce((sum, each) => sum + each.done, 0);
    const total = all.reduce((sum, each) => sum + (each.total ?? 0), 0);
    return { ...own, [this.#source]: { ...itemAt(all, 0), done, total } };
  }

  /** Tells what came of them, and puts what they have written behind the rows of the data thread. To be called when that has read its stretch. */
  async join(flow: Dataflow): Promise<void> {
    for (const { result, logs } of this.#parts.splice(0)) {
      const { failures, finished, counts, logs: told } = result ?? missing('what came of a part');
      for (const problem of failures) this.#env.onFailure(problem);
      for (const log of [...told, ...logs]) this.#env.onLog(log);
      await flow.join(finished, counts);
      if (this.#env.signal.aborted) return;
    }
  }

  /** Resolves when no thread is left. */
  async close(): Promise<void> {
    this.abandon();
    await Promise.all(this.#gone);
  }

  #start(handle: PartHandle): Part {
    const part: Part = { handle, logs: [], counts: {}, progress: {}, result: null };
    handle.onMessage((message) => {
      switch (message.kind) {
        case 'stats':
          Object.assign(part, { counts: message.counts, progress: message.progress });
          break;
        case 'log':
          part.logs.push(message.log);
          break;
        case 'ended':
          part.result = message.result;
          part.counts = message.result.counts;
          this.#end(handle);
          if (this.#parts.every(({ result }) => result)) this.#ready.resolve();
          break;
        case 'failed':
          this.#fail();
          break;
      }
    });
    handle.onLost(() => this.#fail());
    return part;
  }

  #end(handle: PartHandle): void {
    this.#gone.push(handle.terminate());
  }

  #fail(): void {
    if (this.#parts.length > 0) this.#hasFailed = true;
    this.abandon();
  }

  async #mustReadOn(first: SplitEnd): Promise<boolean> {
    if (!first.isBetweenRows) this.#fail();
    await this.#ready.promise;
    if (!this.#areOne(first)) this.#fail();
    return this.#hasFailed;
  }

  /** Whether one reader of all stretches would have read the same rows. */
  #areOne(first: SplitEnd): boolean {
    let { told } = first;
    for (const { result } of this.#parts) {
      const { end } = result ?? missing('what came of a part');
      if (!end.isBetweenRows) return false;
      if (!this.#definition.joinSplits) continue;
      const joined = this.#definition.joinSplits(told, end.told);
      if (joined === null) return false;
      told = joined;
    }
    return true;
  }
}

async function splitsOf({ nodes, parts }: PhysicalPlan, { folder, signal }: PartsEnv, definition: SourceDefinition, size: SplitSize): Promise<readonly Json[]> {
  const { params } = nodes.find(({ id }) => id === parts?.source) ?? missing('the source of the parts');
  await definition.code?.load();
  const path = (path: string) => (isAbsolute(path) ? path : resolve(folder, path));
  return size.most > 1 ? ((await definition.split?.({ params, path, signal }, size)) ?? []) : [null];
}
