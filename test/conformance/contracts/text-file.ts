import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';

const make = (text: (n: number) => string): SourceHarness['make'] => {
  return (folder, rows) => writeFileSync(join(folder, 'in.log'), numbers(0, rows).map(text).join(''));
};

export default {
  'lines as they are': {
    params: () => ({ path: 'in.log' }),
    make: make((n) => `${n}\n`),
    numberOf: ({ line }) => Number(line),
  },
  'entries of several lines': {
    params: () => ({ path: 'in.log', entry: '^\\d' }),
    make: make((n) => `${n} failed\n    at a.b\n    at c.d\n`),
    numberOf: ({ line }) => Number.parseInt(String(line), 10),
  },
  'pairs, among lines that do not fit': {
    params: () => ({ path: 'in.log', format: 'logfmt' }),
    make: make((n) => `${n % 3 === 0 ? '"nonsense\n' : ''}n=${n} text="row ${n}"\n`),
    numberOf: ({ n }) => n as number,
  },
} satisfies { readonly [setting: string]: SourceHarness };
