import { basename } from 'node:path';
import { Script } from 'node:vm';
import type { CodeAnalysis } from '@millrace/kit/node';
import type { NodeId, Pipeline } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { CheckedPipeline } from '../plan/checked.ts';
import { Discoveries } from '../preview/discoveries.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Secrets } from '../store/secrets.ts';
import { checkWith, soundSources, stoppedCheck, usersCode } from './check-job.ts';
import { knownConnections } from './connections-file.ts';
import { findSources, type Place, type SampleKeys } from './found-sources.ts';

export interface Check {
  readonly checked: CheckedPipeline;
  readonly sampleKeys: SampleKeys;
  /** Users' code whose input is known, for the type check. */
  readonly code: readonly TypedCode[];
}
/** Called before a long wait, so that the user can be told. */
const defaultLimitMs = 60_000;

/**
 * Checks pipelines in this thread, with what their sources say about the outside world: for those who run one pipeline and
 * end. It limits time; `Checks` limits memory, too, in a process of its own.
 */
export class Checker {
  readonly #catalogue: Catalogue;
  readonly #analyse: CodeAnalysis;
  readonly #discoveries: Discoveries;
  readonly #limitMs: number;
  readonly #secrets: Secrets;

  constructor(catalogue: Catalogue, analyse: CodeAnalysis, discoveries = new Discoveries(), limitMs = defaultLimitMs, secrets = new Secrets(dataFolder())) {
    this.#secrets = secrets;
    this.#catalogue = catalogue;
    this.#analyse = analyse;
    this.#discoveries = discoveries;
    this.#limitMs = limitMs;
  }

  /** Ends its processes; requests in progress are answered as if they had failed. */
  close(): void {
    this.#discoveries.close();
  }

  /**
   * With `touch` false nothing that the pipeline names is looked at, as required for one from elsewhere: schemas that depend on files stay
   * unknown. With `mustKnow`, as before a run, slow sources are waited for; otherwise the check answers without them. Rejects with
   * `check/stopped` if the check takes too long.
   */
  async check(
    pipeline: Pipeline,
    place: Place,
    options: {
      readonly touch: boolean;
      readonly mustKnow?: boolean;
      readonly parameters?: { readonly [name: string]: string | number | boolean };
    },
  ): Promise<Check> {
    const { folder, path } = place;
    const connections = await knownConnections(place, this.#secrets);
    const about = { file: path === null ? null : basename(path), parameters: options.parameters, connections, needsSecrets: options.mustKnow };
    let at: NodeId | undefined;
    const onNode = (id: NodeId) => {
      at = id;
    };
    const tools = { catalogue: this.#catalogue, analyse: this.#analyse, onNode };
    const find = async () => {
      const sources = withinTime(
        () => soundSources(pipeline, about, tools),
        this.#limitMs,
        () => at,
      );
      return findSources(sources, this.#catalogue, this.#discoveries, folder, options.mustKnow ?? false, this.#secrets);
    };
    const { sampleKeys, ...found } = options.touch ? await find() : { sampleKeys: {}, discovered: {}, key: '' };
    const checked = withinTime(
      () => checkWith(pipeline, about, found, tools),
      this.#limitMs,
      () => at,
    );
    return { checked, sampleKeys, code: usersCode(checked) };
  }
}

const slot = Symbol.for('millrace.withinTime');
const call = new Script(`globalThis[Symbol.for('millrace.withinTime')]()`);

/** The result of `work`. It runs in this thread, is interrupted wherever it is, and must not be called from within itself. */
function withinTime<T>(work: () => T, limitMs: number, at: () => NodeId | undefined): T {
  const holder = globalThis as { [slot]?: () => T };
  holder[slot] = work;
  try {
    return call.runInThisContext({ timeout: limitMs }) as T;
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw stoppedCheck({ reason: 'time', message: '', limitMs, memoryMb: 0, node: at() });
  } finally {
    delete holder[slot];
  }
}
