/** Problems and tables as text for a terminal. */
import type { Problem, RowPosition } from '../../model/problems/problem.ts';
import { visible, visibleLines } from '../../model/text/visible-text.ts';

export { thousands as count } from '../../model/text/thousands.ts';

const shownProblems = 10;

const colours = { red: 31, yellow: 33, dim: 2, bold: 1, green: 32 } as const;
/** Colours only where a terminal shows them (https://no-color.org). */
export function paint(text: string, colour: keyof typeof colours, stream: { readonly isTTY?: boolean } = process.stdout): string {
  return stream.isTTY && !process.env['NO_COLOR'] ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;
}

/**
 * `file: node id "Title" (where 1:5): message`, or `file:1:5: message` for the file itself, with the hint below. `titleOf` gives a
 * node's title.
 */
export function describeProblem(problem: Problem, file: string, titleOf: (node: string) => string): string {
  const { node, field, range, port, position, row, severity, fix } = problem;
  const at = range && `${range.line}:${range.column}`;
  const place = [field ?? (port && `port ${port}`), at].filter(Boolean).join(' ');
  const subject = node === undefined ? (at ? `${file}:${at}` : file) : `${file}: node ${named(node, titleOf(node))}${place ? ` (${place})` : ''}`;
  const lines = [`${subject}: ${severity === 'error' ? '' : `${severity}: `}${sentence(problem.message)}`];
  if (position) lines.push(`  at ${position.source}${linesOf(position)}`);
  if (row) lines.push(`  row: ${cut(JSON.stringify(row), 200)}`);
  const options = answers.get(problem.code);
  if (problem.hint) lines.push(`  ${sentence(problem.hint)}${options ? ` Options: ${options}.` : ''}`);
  // An editor offers this as a click.
  if (fix && 'param' in fix) lines.push(`  ${fix.title}: set "${fix.param}" to ${JSON.stringify(fix.value)}.`);
  else if (fix && 'list' in fix && severity === 'info') {
    const entries = [fix.entry, ...(fix.more ?? [])].map((entry) => JSON.stringify(entry));
    lines.push(`  ${fix.title}: add to "${fix.list}" ${cut(entries.join(', '), 400)}`);
  }
  return visibleLines(lines.join('\n'));
}

/** Hints say what can be done wherever a pipeline runs; these options of "millrace run" do it. */
const answers: ReadonlyMap<string, string> = new Map([
  ['checkpoint/changed', '--drop-changed-state, --from scratch'],
  ['checkpoint/behind', '--accept-duplicates, --from scratch'],
  ['checkpoint/damaged', '--from scratch'],
  ['checkpoint/other-pipeline', '--from scratch'],
  ['sqlite/changed', '--from scratch'],
  ['sqlite/gone', '--from scratch'],
  ['file/changed', '--from scratch'],
  ['file/gone', '--from scratch'],
  ['file/added-to', '--from scratch'],
]);

/** The id is what the file and the options call it, and tells nodes of one title apart. */
function named(id: string, title: string): string {
  return title === id ? `"${id}"` : `${id} "${title}"`;
}

/** All problems, errors first; of a long list the first ones and how many there are. */
export function describeProblems(problems: readonly Problem[], file: string, titleOf: (node: string) => string): string {
  const order = { error: 0, warning: 1, info: 2 };
  const sorted = withoutRepeats(problems).sort((a, b) => order[a.severity] - order[b.severity]);
  const lines = sorted.slice(0, shownProblems).map((problem) => {
    const [first = '', ...rest] = describeProblem(problem, file, titleOf).split('\n');
    return [problem.severity === 'error' ? paint(first, 'red', process.stderr) : first, ...rest].join('\n');
  });
  if (sorted.length > shownProblems) lines.push(`... and ${sorted.length - shownProblems} more (--json shows them all)`);
  return lines.join('\n');
}

/** Where one note offers what several others offer, it stands for them. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const entries = problems.flatMap(({ fix }) => (fix && 'more' in fix && fix.more ? [fix.entry, ...fix.more] : []));
  const offered = new Set(entries.map((entry) => JSON.stringify(entry)));
  return problems.filter(({ severity, fix }) => severity !== 'info' || !fix || !('entry' in fix) || fix.more || !offered.has(JSON.stringify(fix.entry)));
}

/** Columns of equal width, two spaces apart; `right` says which are numbers. Cells are cut to `widest` characters. */
export function alignedTable(header: readonly string[], rows: readonly (readonly string[])[], right: readonly boolean[] = [], widest = 60): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cut(visible(cell.replace(/[\n\r\t]/g, ' ')), widest)));
  const widths = header.map((_, index) => cells.reduce((widest, row) => Math.max(widest, (row[index] ?? '').length), 0));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => (right[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...others] = lines;
  return [paint(head, 'bold'), ...others].join('\n');
}

/** `850 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(given: number): string {
  // A clock that was set back makes it negative.
  const ms = Math.max(0, given);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} s`;
}

/** How long ago, roughly: `12 s`, `3 min`, `2 h`, `5 days`. */
export function age(at: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** `512 B`, `1.4 MB` */
export function bytes(size: number): string {
  if (size < 1000) return `${Math.round(size)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}

function linesOf({ line, toLine }: RowPosition): string {
  return line === undefined ? '' : `:${line}${toLine === undefined ? '' : `-${toLine}`}`;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function sentence(text: string): string {
  return /[.!?…:]$/.test(text) ? text : `${text}.`;
}
