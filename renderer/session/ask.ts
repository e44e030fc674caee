import type { Pipeline } from '../../engine/document/pipeline.ts';
import { PipelineSender } from '../../engine/document/transfer.ts';
import type { EditorProtocol, RequestName, RequestParams, RequestResults } from '../../engine/protocol/api.ts';
import { type Client, problemOf } from '../../engine/protocol/connection.ts';

/** The engine has the pipeline of the open document, so a keystroke sends only what it changed. */
let known: { readonly client: Client<EditorProtocol>; readonly documentId: string; readonly sender: PipelineSender } | null = null;

interface Asking {
  readonly documentId: string;
  readonly pipeline?: Pipeline | undefined;
}

/** A request about the open document's pipeline, with only what has changed in it since the last one. */
export type AboutPipeline = 'pipeline.check' | 'preview.read' | 'source.scan' | 'source.scanned';

export async function ask<K extends AboutPipeline>(
  client: Client<EditorProtocol>,
  name: K,
  { pipeline, ...params }: RequestParams<K> & Asking,
  options?: { readonly signal?: AbortSignal },
): Promise<RequestResults[K]> {
  const { documentId } = params;
  if (known?.client !== client || known.documentId !== documentId) known = { client, documentId, sender: new PipelineSender() };
  const { sender } = known;
  const send = (sent: ReturnType<PipelineSender['send']>) =>
    client.request(name, { ...params, sent } as RequestParams<K>, options) as Promise<RequestResults[K]>;
  if (!pipeline) return client.request(name, params as RequestParams<K>, options) as Promise<RequestResults[K]>;
  try {
    return await send(sender.send(pipeline));
  } catch (error) {
    if (problemOf(error).code !== 'document/version') throw error;
    return await send(sender.sendAll(pipeline));
  }
}

export function isAboutPipeline(name: RequestName): name is AboutPipeline {
  return name === 'pipeline.check' || name === 'preview.read' || name === 'source.scan' || name === 'source.scanned';
}
