/**
 * Sends pipelines to another process that keeps the last one: after the first time, only what has changed is sent. Layout is not sent,
 * since no request about what a pipeline means depends on it.
 */
import { MillraceError } from '../../model/problems/problem.ts';
import type { Edge, NodeId, Parameter, Pipeline, PipelineNode } from './pipeline.ts';

/** A pipeline, or what has changed in it since version `since` was sent. */
export interface SentPipeline {
  readonly version: number;
  readonly since?: number | undefined;
  readonly name?: string | undefined;
  readonly parameters?: { readonly [name: string]: Parameter } | undefined;
  readonly edges?: readonly Edge[] | undefined;
  readonly nodes?: { readonly [id: NodeId]: PipelineNode } | undefined;
  /** Nodes that no longer exist. */
  readonly gone?: readonly NodeId[] | undefined;
}

/** The sending end, for one document. Unchanged parts are recognised by identity, as edits keep it. */
export class PipelineSender {
  #version = 0;
  #sent: Pipeline | null = null;

  send(pipeline: Pipeline): SentPipeline {
    const old = this.#sent;
    if (!old) return this.sendAll(pipeline);
    const since = this.#version++;
    this.#sent = pipeline;
    const { name, parameters, edges, nodes } = pipeline;
    const changed = nodes === old.nodes ? [] : Object.entries(nodes).filter(([id, node]) => old.nodes[id] !== node);
    const gone = nodes === old.nodes ? [] : Object.keys(old.nodes).filter((id) => !Object.hasOwn(nodes, id));
    return {
      version: this.#version,
      since,
      ...(name !== old.name && { name }),
      ...(parameters !== old.parameters && { parameters }),
      ...(edges !== old.edges && { edges }),
      ...(changed.length > 0 && { nodes: Object.fromEntries(changed) }),
      ...(gone.length > 0 && { gone }),
    };
  }

  /** For a receiver that answered with code `document/version`. */
  sendAll(pipeline: Pipeline): SentPipeline {
    this.#sent = pipeline;
    const { name, parameters, edges, nodes } = pipeline;
    return { version: ++this.#version, name, parameters, edges, nodes };
  }
}

/** The receiving end, for all documents of one sender's process. */
export class PipelineReceiver {
  readonly #kept = new Map<string, { readonly version: number; readonly pipeline: Pipeline }>();

  /**
   * Throws a MillraceError with code `document/version` if it does not have the version to which the changes apply: then everything must be
   * sent.
   */
  take(documentId: string, sent: SentPipeline): Pipeline {
    const before = sent.since === undefined ? empty : this.#kept.get(documentId);
    if (!before || (sent.since !== undefined && before.version !== sent.since)) throw unknownVersion();
    const pipeline = changed(before.pipeline, sent);
    this.#kept.set(documentId, { version: sent.version, pipeline });
    return pipeline;
  }

  forget(documentId: string): void {
    this.#kept.delete(documentId);
  }
}

const empty = { version: 0, pipeline: { name: '', parameters: {}, nodes: {}, edges: [], layout: {} } satisfies Pipeline };

/** The same object if nothing has changed. */
function changed(pipeline: Pipeline, { name, parameters, edges, nodes, gone }: SentPipeline): Pipeline {
  if (name === undefined && !parameters && !edges && !nodes && !gone) return pipeline;
  const left = new Set(gone);
  const all = nodes || gone ? Object.fromEntries([...Object.entries({ ...pipeline.nodes, ...nodes })].filter(([id]) => !left.has(id))) : pipeline.nodes;
  return { ...pipeline, name: name ?? pipeline.name, parameters: parameters ?? pipeline.parameters, edges: edges ?? pipeline.edges, nodes: all };
}

function unknownVersion(): MillraceError {
  return new MillraceError({
    code: 'document/version',
    message: 'The engine does not hold the version of the pipeline that these changes are made to.',
    hint: 'Send all of it.',
  });
}
