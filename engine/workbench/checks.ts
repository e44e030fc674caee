import { basename } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import type { NodeId, Pipeline } from '../document/pipeline.ts';
import { PipelineSender } from '../document/transfer.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { ParameterValues } from '../plan/parameters.ts';
import type { PlanOptions } from '../plan/plan.ts';
import { Discoveries } from '../preview/discoveries.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { CheckAnswer, CheckResult, LinkedPath } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Secrets } from '../store/secrets.ts';
import { type Assessment, type CheckAbout, type CheckJob, type CheckReply, nodeNumbers, type SoundSource, stoppedCheck, type Wanted } from './check-job.ts';
import { knownConnections } from './connections-file.ts';
import { findSources, type Place, type SampleKeys } from './found-sources.ts';

const defaultLimitMs = 10_000;
const defaultMemoryMb = 1024;
/** Its caches make the next check fast, which is needed at the next keystroke. */
const idleMs = 30 * 60_000;

/** An open document. */
export interface CheckedDocument extends Place {
  readonly id: string;
}
export interface ChecksOptions {
  readonly limitMs?: number;
  readonly memoryMb?: number;
  readonly discoveries?: Discoveries;
  readonly secrets?: Secrets;
}
interface Options {
  /** See Checker. */
  readonly touch: boolean;
  readonly mustKnow?: boolean;
  readonly parameters?: ParameterValues | undefined;
}

/**
 * Checks the pipelines of open documents, in a process that is killed when a check exceeds its limits of time or memory: the error
 * (`check/stopped`) then names the node that was being checked. All methods reject with a MillraceError.
 */
export class Checks {
  readonly #catalogue: Catalogue;
  readonly #discoveries: Discoveries;
  readonly #secrets: Secrets;
  readonly #pool: WorkerPool<CheckJob, CheckReply>;
  readonly #senders = new Map<string, PipelineSender>();
  /** Pipelines whose check had to be stopped: a second one would be stopped as well. */
  readonly #stopped = new WeakMap<Pipeline, MillraceError>();

  constructor(
    catalogue: Catalogue,
    { limitMs = defaultLimitMs, memoryMb = defaultMemoryMb, discoveries = new Discoveries(), secrets = new Secrets(dataFolder()) }: ChecksOptions = {},
  ) {
    this.#secrets = secrets;
    this.#catalogue = catalogue;
    this.#discoveries = discoveries;
    this.#pool = new WorkerPool({ entry: 'check', limitMs, memoryMb, idleMs });
  }

  /** Starts the process ahead of the first check. */
  prepare(): void {
    this.#pool.prepare();
  }

  /** For an editor that has the answer `since`. `code` is null if users' code has not changed since. */
  async answer(
    pipeline: Pipeline,
    document: CheckedDocument,
    { since, touch }: { readonly since: number | undefined; readonly touch: boolean },
  ): Promise<{ readonly answer: CheckAnswer; readonly code: readonly TypedCode[] | null }> {
    return this.#ask(pipeline, document, { touch }, { for: 'editor', since }) as Promise<{ answer: CheckAnswer; code: readonly TypedCode[] | null }>;
  }

  async result(pipeline: Pipeline, document: CheckedDocument, options: Options): Promise<CheckResult> {
    return ((await this.#ask(pipeline, document, options, { for: 'result' })) as { readonly result: CheckResult }).result;
  }

  async assess(pipeline: Pipeline, document: CheckedDocument, options: Options): Promise<Assessment> {
    return (await this.#ask(pipeline, document, options, { for: 'assessment' })) as unknown as Assessment;
  }

  /** Rejects with the problems that prevent a run. */
  async plan(
    pipeline: Pipeline,
    document: CheckedDocument,
    options: Options,
    planOptions: PlanOptions = {},
  ): Promise<{ readonly plan: PhysicalPlan; readonly sampleKeys: SampleKeys }> {
    const reply = await this.#ask(pipeline, document, options, { for: 'plan', options: planOptions });
    if ('refusal' in reply) throw new MillraceError(reply.refusal);
    return reply as typeof reply & { readonly plan: PhysicalPlan };
  }

  /** A source with valid params and parameters substituted; null if they are not valid. */
  async source(pipeline: Pipeline, document: CheckedDocument, node: NodeId): Promise<SoundSource | null> {
    const about: CheckAbout = { file: document.path === null ? null : basename(document.path), connections: await knownConnections(document, this.#secrets) };
    const { sources } = (await this.#run(pipeline, document.id, about, null, { for: 'result' })) as { readonly sources: readonly SoundSource[] };
    return sources.find(({ id }) => id === node) ?? null;
  }

  /** Those of the paths that links lead elsewhere. Looks at the disk: only of a pipeline that is trusted, or is about to be. */
  links(paths: readonly string[], { folder }: CheckedDocument): Promise<readonly LinkedPath[]> {
    return this.#discoveries.links(paths, folder);
  }

  forget(documentId: string): void {
    this.#senders.delete(documentId);
  }

  /** Ends its processes; requests in progress are answered as if they had failed. */
  close(): void {
    this.#discoveries.close();
    this.#pool.close();
  }

  async #ask(pipeline: Pipeline, document: CheckedDocument, { touch, mustKnow = false, parameters }: Options, wanted: Wanted) {
    const connections = await knownConnections(document, this.#secrets);
    const about: CheckAbout = {
      file: document.path === null ? null : basename(document.path),
      parameters,
      connections,
      needsSecrets: mustKnow && wanted.for === 'plan',
    };
    const none = { discovered: {}, key: '', sampleKeys: {} };
    const find = async () => {
      const { sources } = (await this.#run(pipeline, document.id, about, null, wanted)) as { readonly sources: readonly SoundSource[] };
      return findSources(sources, this.#catalogue, this.#discoveries, document.folder, mustKnow, this.#secrets);
    };
    const { sampleKeys, ...found } = touch ? await find() : none;
    return { ...(await this.#run(pipeline, document.id, about, found, wanted)), sampleKeys };
  }

  async #run(pipeline: Pipeline, documentId: string, about: CheckAbout, found: CheckJob['found'], wanted: Wanted): Promise<CheckReply> {
    const known = this.#stopped.get(pipeline);
    if (known) throw known;
    const sender = this.#senders.get(documentId) ?? new PipelineSender();
    this.#senders.set(documentId, sender);
    const run = (sent: CheckJob['sent']) => this.#pool.run({ documentId, sent, ...about, found, wanted });
    try {
      return await run(sender.send(pipeline)).catch((error: unknown) => {
        // The process is a new one.
        if (error instanceof MillraceError && error.problem.code === 'document/version') return run(sender.sendAll(pipeline));
        throw error;
      });
    } catch (error) {
      if (!(error instanceof WorkerEnded)) throw error;
      const problem = this.#ended(error, pipeline);
      if (error.reason === 'time' || error.reason === 'memory') this.#stopped.set(pipeline, problem);
      throw problem;
    }
  }

  #ended({ reason, message, activity }: WorkerEnded, pipeline: Pipeline): MillraceError {
    if (reason === 'cancelled') return new MillraceError({ code: 'cancelled', message: 'The check was cancelled.', hint: 'Check again.' });
    const node = activity[0] === undefined ? undefined : [...nodeNumbers(pipeline).keys()][activity[0]];
    return stoppedCheck({ reason, message, limitMs: this.#pool.limitMs, memoryMb: this.#pool.memoryMb, node });
  }
}
