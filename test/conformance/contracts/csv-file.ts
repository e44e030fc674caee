import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;
const lines = (from: number, to: number) =>
  numbers(from, to)
    .map((n) => `${n},"row\n${n}"\n`)
    .join('');

export default {
  'one file': {
    params: () => ({ path: 'in.csv' }),
    make: (folder, rows) => writeFileSync(join(folder, 'in.csv'), `n,text\n${lines(0, rows)}`),
    numberOf,
  },
  'plain, marked, packed and translated files': {
    params: () => ({ path: 'in/*.csv' }),
    make(folder, rows) {
      mkdirSync(join(folder, 'in'));
      const quarter = Math.ceil(rows / 4);
      const text = (i: number) => `n,text\n${lines(Math.min(rows, i * quarter), Math.min(rows, (i + 1) * quarter))}`;
      const contents = [text(0), `\ufeff${text(1).trimEnd()}`, gzipSync(text(2)), Buffer.from(`\ufeff${text(3)}`, 'utf16le')];
      for (const [i, content] of contents.entries()) writeFileSync(join(folder, 'in', `${i}.csv`), content);
    },
    numberOf,
  },
  'several files, of which one has no rows': {
    params: () => ({ path: 'in/*.csv', fileColumn: 'file' }),
    make(folder, rows) {
      mkdirSync(join(folder, 'in'));
      for (const [i, name] of ['a', 'b', 'c'].entries()) {
        writeFileSync(join(folder, 'in', `${name}.csv`), 'n,text\n');
        const half = Math.floor(rows / 2);
        if (i !== 1) appendFileSync(join(folder, 'in', `${name}.csv`), i === 0 ? lines(0, half) : lines(half, rows));
      }
    },
    numberOf,
  },
} satisfies { readonly [setting: string]: SourceHarness };
