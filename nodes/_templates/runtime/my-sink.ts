/** What carries out the sink that others are copied from: see _template-sink.ts. */

import type { SinkContext, Writer } from '@millrace/kit/node';
import { openFileOutput } from '../../../io/files/file-output.ts';

/**
 * Nothing may be visible before `commit`. A stream commits many times, and goes on after a crash: what `prepare` gives comes back
 * as `context.resume`, and by it the sink completes that commit and throws away what came later. See SinkContext in kit/node.ts;
 * openFileOutput does all of that for a file.
 */
export function openMySink(context: SinkContext<{ readonly path: string }>): Writer {
  const file = openFileOutput(context, { path: context.params.path, mode: 'replace', compress: false, visible: 'checkpoint' });
  context.guard?.(file.undo()); // for when a run is ended by force
  return {
    write: (rows) => file.write(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))),
    prepare: (checkpoint) => file.prepare(checkpoint),
    commit: () => file.commit(),
    abort: () => file.abort(),
    close: () => file.close(),
    output: () => ({ kind: 'file', path: file.path }),
  };
}
