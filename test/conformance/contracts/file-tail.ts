import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';

function followed(params: { readonly path: string; readonly [param: string]: unknown }, head: string, line: (n: number) => string): SourceHarness {
  const append = (folder: string, text: string) => appendFileSync(join(folder, params.path), text);
  const lines = (from: number, to: number) => numbers(from, to).map(line).join('');
  return {
    params: () => params,
    make: (folder, rows) => append(folder, head + lines(0, rows)),
    add: (folder, from, to) => append(folder, lines(from, to)),
    numberOf: (row) => Number.parseInt(String(row['n'] ?? row['line']), 10),
  };
}

export default {
  'JSON Lines': followed({ path: 'app.jsonl' }, '', (n) => `{"n":${n}}\n`),
  CSV: followed({ path: 'app.csv', format: 'csv' }, 'n,text\n', (n) => `${n},"row\n${n}"\n`),
  'lines of text': followed({ path: 'app.log', format: 'text' }, '', (n) => `${n}\n`),
};
