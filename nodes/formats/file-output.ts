import { statSync } from 'node:fs';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { SinkContext } from '../kit/node.ts';
import type { CheckpointedFile } from './checkpointed-file.ts';
import { LiveFile } from './live-file.ts';
import { outputProblem } from './output-problem.ts';
import { StagedFile } from './staged-file.ts';

/** The output file of a sink. Two sinks of one run that write the same file would lose one's rows, so the second is refused. */
export function openFileOutput(
  context: Pick<SinkContext<unknown>, 'path' | 'shared' | 'guard' | 'log' | 'commits' | 'resume' | 'lineage'>,
  params: { readonly path: string; readonly mode: 'replace' | 'append'; readonly compress: boolean; readonly visible: 'checkpoint' | 'at-once' },
): CheckpointedFile {
  const path = context.path(params.path);
  const claim = context.shared(`file-output:${path}`, () => ({ taken: false, close() {} }));
  if (claim.taken) {
    throw new MillraceError({
      code: 'file/used-twice',
      message: `Another sink of this pipeline writes ${path} too.`,
      hint: 'Give each sink a file of its own, or join the rows with a Union node first.',
      field: 'path',
    });
  }
  claim.taken = true;
  const { lineage, resume } = context;
  const options = { append: params.mode === 'append', gzip: params.compress, lineage, resume };
  const isLive = params.visible === 'at-once' && context.commits === 'checkpoint' && isFile(path);
  const file = isLive ? new LiveFile(path, options) : new StagedFile(path, options);
  if (file.cut > 0) context.log('warning', `${path} held ${file.cut.toLocaleString('en')} bytes behind what was committed. They were cut off.`);
  return file;
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  } catch (error) {
    throw outputProblem(error, path);
  }
}
