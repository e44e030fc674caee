/** Operations in words, a line each, for people who read a plan. Total: an operation without words of its own is named, with its keys. */
import type { CodeRef, Op, ProjectedColumn } from '../../kit/ops.ts';

const longest = 60;

/** Of a node's type as well, which says what a native operation is. */
export function opWords(op: Op, type: string): string {
  switch (op.op) {
    case 'filter':
      return `filter by ${codeWords(op.test)}`;
    case 'project':
      return `select ${listed(op.columns.map(columnWords))}`;
    case 'compute':
      return `compute ${listed(op.columns.map(({ name, expression }) => `${name} = ${codeWords(expression)}`))}`;
    case 'flatMap':
      return `map each row by code: ${codeWords(op.code)}`;
    case 'flatten':
      return 'union of all inputs';
    case 'take':
      return op.offset === 0 ? `first ${rows(op.count)}` : `${rows(op.count)} after the first ${op.offset}`;
    case 'order':
      return `sort by ${listed(op.by.map(({ column, direction }) => (direction === 'desc' ? `${column} descending` : column)))}`;
    case 'native':
      return type;
    default:
      return named(op);
  }
}

function named(op: { readonly op: string; readonly keys?: unknown }): string {
  const words = op.op.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const keys = Array.isArray(op.keys) ? op.keys.filter((key) => typeof key === 'string') : [];
  return keys.length > 0 ? `${words} by ${listed(keys)}` : words;
}

function columnWords({ name, from, cast }: ProjectedColumn): string {
  const renamed = name === from ? name : `${from} as ${name}`;
  return cast ? `${renamed} (${cast.from} to ${cast.to})` : renamed;
}

/** Its first line that says something, cut where it is long. */
function codeWords({ source }: CodeRef): string {
  const lines = source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [first = ''] = lines;
  if (first.length > longest) return `${first.slice(0, longest - 1).trimEnd()}…`;
  return lines.length > 1 ? `${first} …` : first;
}

/** `a, b, c`; of many the first ones and how many more there are. */
export function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');
}

function rows(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`;
}
