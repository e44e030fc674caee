import { closeSync, openSync, writeSync } from 'node:fs';
import { eachLine } from './csv.ts';

/** `keep` gives the line to write, or null. */
export function jsonLines(input: string, output: string, keep: (line: string) => string | null): void {
  const file = openSync(output, 'w');
  let text = '';
  eachLine(input, false, (chunk, from, to) => {
    const kept = keep(chunk.slice(from, to));
    if (kept === null) return;
    text += `${kept}\n`;
    if (text.length < 1 << 18) return;
    writeSync(file, text, null, 'latin1');
    text = '';
  });
  writeSync(file, text, null, 'latin1');
  closeSync(file);
}
