/** Harnesses of sinks that write lines to a named pipe, from which nothing can be taken back. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import type { LineFormat } from './written-lines.ts';

export function namedPipe(format: LineFormat, { params, earlier }: Pick<SinkHarness, 'params' | 'earlier'>): SinkHarness {
  const at = (folder: string) => join(folder, format.file);
  let reader = -1;
  let text = '';
  const read = () => {
    const bytes = Buffer.alloc(1 << 16);
    for (;;) {
      try {
        text += bytes.toString('latin1', 0, readSync(reader, bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
        throw error;
      }
    }
  };
  return {
    params,
    earlier,
    files: [format.file],
    early: 'always',
    delivers: 'at least once',
    before(folder) {
      execFileSync('mkfifo', [at(folder)]);
      if (reader >= 0) closeSync(reader);
      // For writing too: it has no end then when a writer closes it.
      reader = openSync(at(folder), constants.O_RDWR | constants.O_NONBLOCK);
      text = '';
    },
    shown() {
      read();
      const lines = text.split('\n').filter((line) => line !== '');
      // A run that starts anew, and only such a one, begins with a header once more.
      const strays = lines.filter((line, i) => format.numberOf(line) === null && format.numberOf(lines[i + 1] ?? '0') !== 0);
      if (strays.length > 0) throw new Error(`There is a header between rows: ${strays[0]}`);
      return lines.map(format.numberOf).filter((n) => n !== null);
    },
    block(folder) {
      const writer = openSync(at(folder), constants.O_WRONLY | constants.O_NONBLOCK);
      try {
        for (;;) writeSync(writer, '\n'.repeat(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      try {
        for (;;) writeSync(writer, '\n');
      } catch {
        closeSync(writer);
      }
      return read;
    },
  };
}
