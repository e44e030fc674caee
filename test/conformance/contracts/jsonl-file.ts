import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;
const records = (rows: number) => numbers(0, rows).map((n) => JSON.stringify({ n, text: `row ${n}` }));

export default {
  'JSON Lines': {
    params: () => ({ path: 'in.jsonl' }),
    make: (folder, rows) => writeFileSync(join(folder, 'in.jsonl'), `${records(rows).join('\n\n')}\n`),
    numberOf,
  },
  'a packed and a translated file': {
    params: () => ({ path: '*.jsonl' }),
    make(folder, rows) {
      const half = Math.floor(rows / 2);
      writeFileSync(join(folder, 'a.jsonl'), gzipSync(`\n${records(rows).slice(0, half).join('\n')}\n`));
      writeFileSync(join(folder, 'b.jsonl'), Buffer.from(`\ufeff${records(rows).slice(half).join('\n\n')}`, 'utf16le'));
    },
    numberOf,
  },
  'an array within a document': {
    params: () => ({ path: 'in.json', records: 'data.items' }),
    make: (folder, rows) => writeFileSync(join(folder, 'in.json'), `{"data": {"items": [\n${records(rows).join(',\n')}\n]}}`),
    numberOf,
  },
} satisfies { readonly [setting: string]: SourceHarness };
