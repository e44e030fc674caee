import { missing } from '../../model/faults/missing.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { visibleJson } from '../../model/text/visible-text.ts';
import type { Schema } from '../../model/values/types.ts';
import { decodeCells, formatValue } from '../../model/values/values.ts';
import { Preview } from '../preview/preview.ts';
import { problemOf } from '../protocol/connection.ts';
import type { PreviewResult } from '../protocol/messages.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Secrets } from '../store/secrets.ts';
import { secretsFor } from '../workbench/connections-file.ts';
import { alignedTable, count, describeProblems, paint } from './report.ts';

interface PreviewOptions {
  readonly node: string;
  readonly env?: string;
  readonly port?: string;
  readonly rows: number;
  readonly json?: boolean;
}

/** `millrace preview`: 0 with rows, 1 when a node's code could not be carried out, 2 for a bad pipeline or node. */
/** Codes of previews that had begun and were stopped; what is wrong with the pipeline itself is another exit code. */
const stopped: ReadonlySet<ProblemCode> = new Set([
  'code/endless',
  'code/memory',
  'source/slow',
  'source/memory',
  'source/crashed',
  'preview/crashed',
  'preview/superseded',
] as const);

export async function preview(file: string, options: PreviewOptions): Promise<number> {
  const rows = new Preview();
  rows.prepare();
  let titleOf = (node: string) => node;
  try {
    const { assess } = await import('./assess.ts');
    const assessed = await assess(file, { look: 'always', environment: options.env ?? null });
    titleOf = assessed.titleOf;
    const { plan, sampleKeys } = await assessed.plan({ target: options.node });
    const ports = (assessed.result.nodes[options.node] ?? missing(`the node "${options.node}"`)).outputs.map((port) => port.name);
    const port = options.port ?? ports[0] ?? '';
    if (options.port !== undefined && !ports.includes(port)) {
      const hint = ports.length > 0 ? `Its ports are ${ports.join(', ')}.` : 'A sink has none: leave --port out to see what arrives.';
      throw new MillraceError({ code: 'node/no-port', message: `"${options.node}" has no output port "${port}".`, hint, node: options.node });
    }
    const job = {
      plan,
      folder: assessed.folder,
      node: options.node,
      port,
      limit: options.rows,
      sampleKeys,
      ...(await secretsFor(plan, new Secrets(dataFolder()))),
    };
    const result = await rows.read('cli', () => job);
    if (options.json) process.stdout.write(`${visibleJson(asObjects(result))}\n`);
    else {
      print(result);
      if (result.problems.length > 0) process.stderr.write(`${describeProblems(result.problems, assessed.file, titleOf)}\n`);
    }
    return 0;
  } catch (error) {
    const problem = problemOf(error);
    if (options.json) process.stdout.write(`${visibleJson({ problems: [problem] })}\n`);
    else process.stderr.write(`${describeProblems([problem], file, titleOf)}\n`);
    return stopped.has(problem.code) ? 1 : 2;
  } finally {
    rows.close();
  }
}

/** On a terminal an aligned table; elsewhere tabs, for `cut`, `sort` and the like, and control characters as they are. */
function print({ schema, rows, total, complete }: PreviewResult): void {
  const header = schema.columns.map((column) => column.name);
  const texts = rows.map((cells) => textsOf(cells, schema));
  if (!process.stdout.isTTY) {
    const lines = [header, ...texts].map((row) => row.map((text) => text.replace(/[\t\n\r]/g, ' ')).join('\t'));
    process.stdout.write(`${lines.join('\n')}\n`);
    return;
  }
  const right = schema.columns.map((column) => column.type === 'integer' || column.type === 'number' || column.type === 'decimal');
  const what = complete ? `${count(total)} rows` : `${count(total)} rows of a sample`;
  process.stdout.write(`${alignedTable(header, texts, right, 40)}\n${paint(`${count(rows.length)} of ${what}`, 'dim')}\n`);
}

function textsOf(cells: PreviewResult['rows'][number], schema: Schema): string[] {
  const row = decodeCells(cells, schema);
  return schema.columns.map(({ name, type }) => formatValue(row[name] ?? null, type));
}

/** Rows by column name, as one reads them; everything else as the editor gets it. */
function asObjects(result: PreviewResult): object {
  const names = result.schema.columns.map((column) => column.name);
  return { ...result, rows: result.rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]]))) };
}
