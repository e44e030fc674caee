/** How failed rows are read again. */
import type { CheckpointRef, DiscoverContext, Discovery, Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import { inferFromJson } from '../../../model/schema/infer.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { acknowledgeReplay, ErrorsReader, type KeptRows, rewindReplays } from './errors-reader.ts';
import { sampleErrors } from './errors-sample.ts';

type Params = { readonly path: string; readonly node: string; readonly port: string | null; readonly only: string | null };
type Books = Pick<SourceContext<Params>, 'params' | 'path' | 'signal' | 'log'>;

export async function discoverErrors({ params, path }: Pick<DiscoverContext<Params>, 'params' | 'path'>): Promise<Discovery> {
  if (!params.path || !params.node) return { schema: null };
  const file = path(params.path);
  try {
    return { schema: inferFromJson(await sampleErrors(file, params.node)), dependsOn: [file] };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [{ field: 'path', ...error.problem }], dependsOn: [file] };
  }
}

export function acknowledgeErrors({ params, path, signal, log }: Books, position: Json, checkpoint: CheckpointRef): Promise<void> {
  return acknowledgeReplay(keptRows(params, path), position, checkpoint, { signal, onLongWait: (message) => log('warning', message) });
}

export async function rewindErrors({ params, path, signal, log }: Books, checkpoint: CheckpointRef): Promise<void> {
  const onLongWait = (message: string) => log('warning', message);
  const rows = await rewindReplays(path(params.path), checkpoint, { signal, onLongWait });
  if (rows === 0) return;
  const what = rows === 1 ? '1 row that was replayed' : `${thousands(rows)} rows that were replayed`;
  log(
    'warning',
    `${what} after checkpoint ${checkpoint.id} ${rows === 1 ? 'waits' : 'wait'} in the errors table again: ${rows === 1 ? 'its' : 'their'} results are not in that checkpoint.`,
  );
}

export function openErrors(context: SourceContext<Params, { readonly rows: Schema }>): Reader | Promise<Reader> {
  const { params, path, outputs, batchSize, signal, start, refuse, log, sample } = context;
  const onLongWait = (message: string) => log('warning', message);
  return ErrorsReader.open({ ...keptRows(params, path), schema: outputs.rows, batchSize, signal, refuse, onLongWait, sample }, start);
}

function keptRows({ path: file, node, port, only }: Params, path: (path: string) => string): KeptRows {
  return { path: path(file), node, port: port || null, only: (only ?? '').split(',').filter(Boolean).map(Number) };
}
