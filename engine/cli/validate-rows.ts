/** `millrace validate --rows`: reads the sources of a pipeline to their end, and prints what of it does not fit. */

import { missing } from '../../model/faults/missing.ts';
import { visible } from '../../model/text/visible-text.ts';
import { Scans } from '../preview/scans.ts';
import type { ScannedColumn, ScannedFault, ScanProgress, ScanResult, SeenCell } from '../protocol/messages.ts';
import type { PlannedNode } from '../protocol/physical-plan.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Secrets } from '../store/secrets.ts';
import { secretsFor } from '../workbench/connections-file.ts';
import type { Assessed } from './assess.ts';
import { describeProblem, duration, paint, count as shown } from './report.ts';

export interface ReadSources {
  /** By the id of a source, what was found. */
  readonly sources: { readonly [node: string]: ScanResult };
  /** Sources that cannot be read at any time: what they send is theirs to decide, or goes to whoever reads first. */
  readonly notRead: readonly string[];
}

/** Reads the sources of a valid pipeline one after the other, in a process of its own. Progress goes to stderr. */
export async function readSources({ pipeline, catalogue, plan, folder, titleOf }: Assessed): Promise<ReadSources> {
  const sources: { [node: string]: ScanResult } = {};
  const notRead: string[] = [];
  const scans = new Scans();
  try {
    for (const [id, { type }] of Object.entries(pipeline.nodes)) {
      const definition = catalogue.get(type);
      if (definition?.kind !== 'source') continue;
      if (!definition.scans) {
        notRead.push(id);
        continue;
      }
      const planned = await plan({ target: id });
      const source = planned.plan.nodes.find((node) => node.id === id) ?? missing(`the node "${id}"`);
      sources[id] = await readOne(scans, source, folder, titleOf(id));
    }
  } finally {
    scans.close();
  }
  return { sources, notRead };
}

async function readOne(scans: Scans, node: PlannedNode, folder: string, title: string): Promise<ScanResult> {
  const line = new ProgressLine(title);
  try {
    const job = async () => ({ node, folder, key: node.id, ...(await secretsFor({ nodes: [node] }, new Secrets(dataFolder()))) });
    return await scans.run('cli', node.id, job, (progress) => line.show(progress), new AbortController().signal);
  } finally {
    line.clear();
  }
}

/** Between two lines where there is no terminal to redraw. */
const lineEveryMs = 5000;

class ProgressLine {
  readonly #title: string;
  #toldAt = performance.now();
  #isDrawn = false;

  constructor(title: string) {
    this.#title = title;
  }

  show({ done, total, rows, failed }: ScanProgress): void {
    const share = total ? `${Math.floor((100 * done) / total)} %, ` : '';
    const text = `${visible(this.#title)}: ${share}${rowsOf(rows + failed)}${failed > 0 ? `, ${shown(failed)} do not fit` : ''}`;
    const { stderr } = process;
    if (stderr.isTTY) {
      this.clear();
      stderr.write(paint(text.slice(0, Math.max(20, stderr.columns || 80) - 1), 'dim', stderr));
      this.#isDrawn = true;
    } else if (performance.now() - this.#toldAt >= lineEveryMs) {
      this.#toldAt = performance.now();
      stderr.write(`${text}\n`);
    }
  }

  clear(): void {
    if (this.#isDrawn) process.stderr.write('\r\x1b[K');
    this.#isDrawn = false;
  }
}

/** Whether every row was read and fits. */
export function doAllFit({ sources }: ReadSources): boolean {
  return Object.values(sources).every(({ failed, stopped }) => failed === 0 && stopped === null);
}

export function describeSources({ sources, notRead }: ReadSources, file: string, titleOf: (node: string) => string): string {
  const lines = Object.entries(sources).flatMap(([id, result]) => describeSource(id, result, file, titleOf));
  for (const id of notRead) lines.push(`${visible(titleOf(id))}: not read. Only files of rows can be checked in full.`);
  return lines.join('\n');
}

function describeSource(id: string, result: ScanResult, file: string, titleOf: (node: string) => string): string[] {
  const { rows, failed, columns, faults, logs, stopped, elapsedMs } = result;
  const all = rows + failed;
  const outcome = failed === 0 ? `${stopped ? 'the' : 'all'} ${rowsOf(all)} fit` : `${shown(failed)} of ${rowsOf(all)} ${failed === 1 ? 'does' : 'do'} not fit`;
  const until = stopped ? ' up to the end of reading' : '';
  const head = `${visible(titleOf(id))}: ${outcome}${until} (read in ${duration(elapsedMs)}).`;
  return [
    failed > 0 || stopped ? paint(head, 'red') : head,
    ...columns.flatMap(describeColumn),
    ...faults.flatMap(describeFault),
    ...logs.map((message) => `  ${visible(message)}`),
    ...(stopped ? [describeProblem(stopped, file, titleOf)] : []),
  ];
}

function describeColumn({ name, type, cells, first, fix }: ScannedColumn): string[] {
  const wider = fix?.entry['type'];
  const cure = wider === undefined ? '' : ` ${visible(fix?.title ?? '')}, and they fit.`;
  return [`  Column "${visible(name)}" (${type}): ${shown(cells)} ${cells === 1 ? 'cell does' : 'cells do'} not fit.${cure}`, ...first.map(describeCell)];
}

function describeFault({ rows, first, problem: { hint } }: ScannedFault): string[] {
  return [`  ${rowsOf(rows)} cannot be read.${hint ? ` ${visible(hint)}` : ''}`, ...first.map(describeCell)];
}

/** Of a long line, so much is shown. */
const longestText = 80;

function describeCell({ source, line, text, message }: SeenCell): string {
  const place = [source, line === undefined ? null : `line ${shown(line)}`].filter(Boolean).join(', ');
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  const why = visible(message.replace(/\.$/, ''));
  return `    ${place ? `${visible(place)}: ` : ''}${why}${message.includes(text) ? '' : `: ${visible(cut)}`}`;
}

function rowsOf(count: number): string {
  return `${shown(count)} ${count === 1 ? 'row' : 'rows'}`;
}
