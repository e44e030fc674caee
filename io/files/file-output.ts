import { statSync } from 'node:fs';
import type { SinkContext } from '@millrace/kit/node';
import { thousands } from '../../model/text/thousands.ts';
import type { CheckpointedFile } from './checkpointed-file.ts';
import { claimOutput } from './claimed-output.ts';
import { DeviceFile } from './device-file.ts';
import { LiveFile } from './live-file.ts';
import { outputProblem } from './output-problem.ts';
import { StagedFile } from './staged-file.ts';

export interface FileOutputParams {
  readonly path: string;
  readonly mode: 'replace' | 'append';
  readonly compress: boolean;
  readonly visible: 'checkpoint' | 'at-once';
}

/** The output file of a sink. If two sinks of one run wrote the same file, one's rows would be lost, so the second is refused. */
export function openFileOutput(
  context: Pick<SinkContext<unknown>, 'path' | 'shared' | 'guard' | 'log' | 'commits' | 'resume' | 'lineage' | 'signal'>,
  params: FileOutputParams,
): CheckpointedFile {
  const path = context.path(params.path);
  claimOutput(context, path, 'file');
  const { lineage, resume } = context;
  const options = { append: params.mode === 'append', gzip: params.compress, lineage, resume };
  if (isDevice(path)) return new DeviceFile(path, { ...options, signal: context.signal });
  const isLive = params.visible === 'at-once' && context.commits === 'checkpoint';
  const file = isLive ? new LiveFile(path, options) : new StagedFile(path, options);
  if (file.cut > 0) context.log('warning', `${path} held ${thousands(file.cut)} bytes after the committed ones. They were cut off.`);
  return file;
}

function isDevice(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found !== undefined && !found.isFile() && !found.isDirectory();
  } catch (error) {
    throw outputProblem(error, path);
  }
}
