/** A process that writes rows with a sink, prepares a checkpoint, prints its token, and is killed. Arguments: the sink's file, its params, a folder. */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { SinkDefinition } from '@millrace/kit/node';
import { SinkRun } from '@millrace/kit/testing/sink-run';

const [file, params, folder] = process.argv.slice(2) as [string, string, string];
const { default: definition } = (await import(pathToFileURL(file).href)) as { default: SinkDefinition<any> };
const columns = [
  { name: 'n', type: 'integer', nullable: false },
  { name: 'text', type: 'string', nullable: true },
] as const;
const writer = await new SinkRun(folder).open({ definition, params: JSON.parse(params) }, { columns });
writer.transaction?.keepRedo(folder);
const write = (from: number, to: number) => writer.write(Array.from({ length: to - from }, (_, i) => ({ n: from + i, text: `row ${from + i}` })));
await write(0, 3);
await writer.prepare!(1);
await writer.commit(1);
await write(3, 6);
const token = await writer.prepare!(2);
await write(6, 9);
writeSync(1, JSON.stringify(token));
process.kill(process.pid, 'SIGKILL');
