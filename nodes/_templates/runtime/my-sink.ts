/** The runtime code of the sink template: see _template-sink.ts. */

import type { SinkContext, Writer } from '@millrace/kit/node';
import { openFileOutput } from '../../../io/files/file-output.ts';

/**
 * Nothing may be visible before `commit`. A stream commits many times, and resumes after a crash: the result of `prepare` comes back as
 * `context.resume`, with which the sink completes that commit and discards what came later. See SinkContext in kit/node.ts; openFileOutput
 * does all of that for a file.
 */
export function openMySink(context: SinkContext<{ readonly path: string }>): Writer {
  const file = openFileOutput(context, { path: context.params.path, mode: 'replace', compress: false, visible: 'checkpoint' });
  context.guard?.(file.undo()); // if a run is ended by force
  return {
    write: (rows) => file.write(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))),
    prepare: (checkpoint) => file.prepare(checkpoint),
    commit: () => file.commit(),
    abort: () => file.abort(),
    close: () => file.close(),
    output: () => ({ kind: 'file', path: file.path }),
  };
}
