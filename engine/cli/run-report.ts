/** What `millrace run`, `runs show` and `attach` print of a run. */

import { waitsFor } from '../../model/problems/behaviour-of.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { beginningOfTime, endOfTime } from '../../model/schema/event-time.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import type { RunOutput, RunState, RunSummary } from '../protocol/messages.ts';
import { rowsSent } from '../protocol/run-facts.ts';
import { rowsOf } from '../protocol/run-outputs.ts';
import { age, alignedTable, bytes, count, describeProblems, duration, paint } from './report.ts';

export interface RunNames {
  /** The pipeline's file, as problems name it. */
  readonly file: string;
  readonly nodes: readonly { readonly id: string }[];
  titleOf(node: string): string;
}

const colours = { done: 'green', failed: 'red', stopped: 'yellow' } as const;

/** A table of the nodes, how the run is or ended, and what it wrote. */
export function describeRun(summary: RunSummary, { nodes, titleOf }: RunNames): string {
  const all = nodes.map(({ id }) => ({ id, stats: summary.stats[id] }));
  const has = (test: (stats: RunSummary['stats'][string]) => boolean) => all.some(({ stats }) => stats !== undefined && test(stats));
  const columns: { readonly name: string; readonly isNumber: boolean; cell(id: string, stats: RunSummary['stats'][string] | undefined): string }[] = [
    { name: 'node', isNumber: false, cell: (id) => titleOf(id) },
    { name: 'id', isNumber: false, cell: (id) => id },
    { name: 'in', isNumber: true, cell: (_, stats) => count(stats?.in ?? 0) },
    { name: 'out', isNumber: true, cell: (_, stats) => count(rowsSent(stats?.out ?? {})) },
    { name: 'dropped', isNumber: true, cell: (_, stats) => count(stats?.dropped ?? 0) },
    { name: 'failed', isNumber: true, cell: (_, stats) => count(stats?.failed ?? 0) },
    ...(has(({ late }) => late > 0)
      ? [{ name: 'late', isNumber: true, cell: (_: string, stats?: RunSummary['stats'][string]) => count(stats?.late ?? 0) }]
      : []),
    ...(has(({ backlog }) => backlog?.lost !== undefined)
      ? [{ name: 'lost', isNumber: true, cell: (_: string, stats?: RunSummary['stats'][string]) => lost(stats?.backlog) }]
      : []),
    ...(summary.endedAt === null && has(({ waits }) => waits !== undefined)
      ? [{ name: 'waits for', isNumber: false, cell: (_: string, stats?: RunSummary['stats'][string]) => stats?.waits ?? '' }]
      : []),
    ...(has(({ state }) => state !== undefined)
      ? [{ name: 'state', isNumber: true, cell: (_: string, stats?: RunSummary['stats'][string]) => (stats?.state ? bytes(stats.state.bytes) : '') }]
      : []),
    ...(has(({ watermark }) => isTime(watermark))
      ? [{ name: 'watermark', isNumber: false, cell: (_: string, stats?: RunSummary['stats'][string]) => describeWatermark(stats?.watermark) }]
      : []),
    { name: 'busy', isNumber: true, cell: (_, stats) => duration(stats?.busyMs ?? 0) },
  ];
  const table = alignedTable(
    columns.map(({ name }) => name),
    all.map(({ id, stats }) => columns.map(({ cell }) => cell(id, stats))),
    columns.map(({ isNumber }) => isNumber),
  );
  const lines = [table, '', `${describeState(summary)}.`];
  if (summary.stateUse && isWorthTelling(summary.stateUse)) lines.push(`  state: ${describeStateUse(summary.stateUse, summary.endedAt === null)}`);
  if (summary.resumedFrom !== null) lines.push(`  resumed from checkpoint ${summary.resumedFrom}`);
  if (summary.restarts > 0) lines.push(`  restarted ${summary.restarts === 1 ? 'once' : `${summary.restarts} times`} after a failure`);
  if (summary.checkpoint) {
    const { id, at, bytes: size } = summary.checkpoint;
    lines.push(`  last checkpoint: ${id}, ${age(at)} ago, ${bytes(size)}`);
  }
  for (const output of summary.outputs) {
    const place = placeOf(output, titleOf);
    const { written, takenBack, earlier } = rowsOf(output);
    if (output.committed || (output.kind !== 'memory' && written > 0)) {
      const notes = [
        ...(earlier > 0 ? [`${count(earlier)} of them before this run`] : []),
        ...(takenBack > 0
          ? [summary.endedAt === null ? `${count(takenBack)} more with the next checkpoint` : `${count(takenBack)} more were rolled back`]
          : []),
      ];
      lines.push(`  ${count(written)} ${written === 1 ? 'row' : 'rows'} -> ${place}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`);
    } else if (output.kind !== 'memory' && summary.endedAt === null) lines.push(`  ${count(output.rows)} so far -> ${place}`);
    else if (output.kind === 'printed') lines.push(`  ${count(output.rows)} printed before it ended`);
    else if (output.kind !== 'memory') lines.push(`  not written: ${place} is as it was before`);
  }
  return `${lines.join('\n')}\n`;
}

type StateUse = NonNullable<RunSummary['stateUse']>;

function isWorthTelling({ mostInMemory, mostOnDisk }: StateUse): boolean {
  return mostInMemory >= 1_000_000 || mostOnDisk > 0;
}

/** `182.0 MB of 268.4 MB in memory, nothing on disk`; of a run that has ended the most that it had. */
function describeStateUse({ inMemory, limit, onDisk, mostInMemory, mostOnDisk }: StateUse, isLive: boolean): string {
  const [memory, disk] = isLive ? [inMemory, onDisk] : [mostInMemory, mostOnDisk];
  return `${isLive ? '' : 'at most '}${bytes(memory)} of ${bytes(limit)} in memory, ${disk > 0 ? bytes(disk) : 'nothing'} on disk`;
}

/** `Done in 3.2 s`, `Running for 4 min 05 s`, `Stopped in 2.0 s; the next run resumes from checkpoint 4`. */
export function describeState(summary: RunSummary): string {
  const word = summary.state.charAt(0).toUpperCase() + summary.state.slice(1);
  const colour = colours[summary.state as keyof typeof colours];
  const took = duration((summary.endedAt ?? Date.now()) - summary.startedAt);
  const retry =
    summary.state === 'restarting' && summary.retryAt
      ? `, ${waitsFor(summary.problems[0])}retried in ${duration(Math.max(0, summary.retryAt - Date.now()))}`
      : '';
  const goesOn = summary.endedAt !== null && canGoOn(summary) ? `; the next run resumes from checkpoint ${summary.checkpoint?.id}` : '';
  const why = retry && summary.problems[0] ? `: ${visible(summary.problems[0].message.replace(/[.]$/, ''))}` : '';
  return `${colour ? paint(word, colour) : word} ${summary.endedAt === null ? 'for' : 'in'} ${took}${retry}${why}${goesOn}`;
}

/** Whether a run can resume from its last checkpoint. */
export function canGoOn(summary: RunSummary): boolean {
  return summary.checkpoint !== null && (summary.state === 'stopped' || summary.state === 'failed');
}

export function printProblems(problems: readonly Problem[], { file, titleOf }: Pick<RunNames, 'file' | 'titleOf'>): void {
  if (problems.length > 0) process.stderr.write(`${describeProblems(problems, file, titleOf)}\n`);
}

/** What a run is refused for before its first row, until it is asked for in another way. */
const refusals = new Set([
  'run/state-memory',
  'run/instances',
  ...['changed', 'behind', 'damaged', 'missing', 'other-pipeline'].map((code) => `checkpoint/${code}`),
]);

/** The exit code that tells how a run ended; `signal` is what interrupted it. */
export function exitCodeOf({ state, problems }: { readonly state: RunState; readonly problems: readonly Problem[] }, signal: NodeJS.Signals | null): number {
  if (state === 'done') return 0;
  if (state !== 'stopped') return problems.some(({ code }) => refusals.has(code)) ? 2 : 1;
  return signal === 'SIGTERM' ? 143 : signal === 'SIGHUP' ? 129 : 130;
}

function lost(backlog: RunSummary['stats'][string]['backlog']): string {
  if (!backlog?.lost) return '';
  return backlog.unit === 'bytes' ? bytes(backlog.lost) : count(backlog.lost);
}

function isTime(watermark: number): boolean {
  return watermark > beginningOfTime && watermark < endOfTime;
}

function describeWatermark(watermark: number | undefined): string {
  if (watermark === undefined || watermark <= beginningOfTime) return '';
  return watermark >= endOfTime ? 'end' : new Date(watermark).toISOString().slice(0, 19).replace('T', ' ');
}

function placeOf({ kind, node, path, table, topic }: RunOutput, titleOf: (node: string) => string): string {
  if (kind === 'memory') return `rows of ${visible(titleOf(node))}`;
  if (kind === 'topic') return `topic ${visible(topic ?? '')}`;
  return kind === 'printed' ? 'standard output' : visible(`${path}${table ? `, table ${table}` : ''}`);
}

/** What is in the way of a run that could not begin; returns the exit code. */
export function refuse(problems: readonly Problem[], names: Pick<RunNames, 'file' | 'titleOf'>, options: { readonly json?: boolean }): number {
  if (options.json) process.stdout.write(`${visibleJson({ state: 'refused', problems })}\n`);
  else printProblems(problems, names);
  return 2;
}
