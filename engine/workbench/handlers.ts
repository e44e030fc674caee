import { itemAt } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { PipelineReceiver, SentPipeline } from '../document/transfer.ts';
import { type EditorProtocol, type RequestName, requestParams } from '../protocol/api.ts';
import type { Handlers, Parse } from '../protocol/connection.ts';

/** The handlers of one area: a part of the protocol's. */
export type Answers<K extends RequestName> = Pick<Handlers<EditorProtocol>, K>;

/** What a request contains about a document's pipeline. */
export interface AskedPipeline {
  readonly documentId: string;
  readonly pipeline?: Pipeline | undefined;
  readonly sent?: SentPipeline | undefined;
}

export function pipelineOf({ documentId, pipeline, sent }: AskedPipeline, received: PipelineReceiver): Pipeline {
  if (sent) return received.take(documentId, sent);
  if (pipeline) return pipeline;
  throw new MillraceError({
    code: 'protocol/params',
    message: 'The request has no pipeline.',
    hint: 'Editor and engine are of different versions: restart Millrace.',
  });
}

const words: Readonly<Record<string, string>> = { sql: 'statement', path: 'path' };

/** Params as the protocol declares them, or error `protocol/params` with the path of the first wrong one. */
export const parseRequest: Parse<EditorProtocol> = (name, params) => {
  const parsed = requestParams[name].safeParse(params);
  if (parsed.success) return parsed.data as never;
  const issue = itemAt(parsed.error.issues, 0);
  const path = issue.path.join('.');
  if (issue.code === 'too_big' && issue.origin === 'string') {
    const most = thousands(Number(issue.maximum));
    throw new MillraceError({
      code: 'protocol/too-long',
      message: `This ${words[path] ?? 'text'} is too long: at most ${most} characters.`,
      hint: 'Shorten it.',
    });
  }
  throw new MillraceError({
    code: 'protocol/params',
    message: `Request "${name}": ${path ? `"${path}" ` : ''}${issue.message}.`,
    hint: 'Editor and engine are of different versions: restart Millrace.',
    ...(path ? { field: path } : {}),
  });
};
