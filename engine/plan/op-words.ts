/** Operations in words, one line each, for people who read a plan. Total: an operation without words of its own is named, with its keys. */
import type { CodeRef, KeyPair, Op, ProjectedColumn, RunningSpan, Windowing } from '@millrace/kit/ops';
import { durationText } from '../../model/time/duration.ts';

const longest = 60;

/** Takes the node's type as well, which says what a native operation is. */
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
      return `sort by ${listed(op.by.map(orderWords))}`;
    case 'combine':
      return `combine${groupWords(op)}: ${listed(op.aggregates.map(aggregateWords))}`;
    case 'pivot':
      return `pivot${groupWords(op)}: ${op.valueColumn === null ? op.function : `${op.function} ${op.valueColumn}`} for each ${op.column}`;
    case 'runningAggregate':
      return `running aggregate${byWords(op.keys)}${op.over ? spanWords(op.over) : ''}: ${listed(op.aggregates.map(aggregateWords))}`;
    case 'top':
      return `top ${op.count}${byWords(op.keys)}${op.every === null ? '' : `, every ${durationText(op.every)}`}: ${orderWords(op.by)} first`;
    case 'distinct':
      return `distinct${byWords(op.keys)}, ${op.keep} row${op.within === null ? '' : ` within ${durationText(op.within)}`}`;
    case 'lookup':
      return `look up by ${pairWords(op.keys)}${op.versions ? `, the version of the time${op.versions.deleted === null ? '' : `, without those that are ${op.versions.deleted}`}` : ''} (${op.kind})`;
    case 'coGroup':
      return `join by ${pairWords(op.keys)} and time (${op.kind})`;
    case 'assignTime':
      return `event time from ${op.column}`;
    case 'stateful':
      return `code with state${byWords(op.keys)}: ${codeWords(op.code)}`;
    case 'lag':
      return `earlier rows${byWords(op.keys)}: ${listed(op.columns.map(({ column, offset }) => `${column}, ${rows(offset)} before`))}`;
    case 'anomaly':
      return `anomalies of ${op.column}${byWords(op.keys)}`;
    case 'fill':
      return `fill${byWords(op.keys)}: ${listed(op.columns.map(({ column }) => column))}`;
    case 'rateLimit':
      return `rate limit${byWords(op.keys)}: ${rows(op.count)} each ${durationText(op.per)}`;
    case 'everyNth':
      return `one row in ${op.every}${byWords(op.keys)}`;
    case 'sample':
      return `sample ${op.percent} %${op.keys.length > 0 ? ` of ${listed(op.keys)}` : ''}`;
    case 'parse':
      return `parse ${listed(op.columns.map(({ from }) => from))}`;
    case 'replace':
      return `replace in ${listed(op.columns)}`;
    case 'unpivot':
      return `unpivot ${listed(op.columns)} into ${op.name.column} and ${op.value.column}`;
    case 'split':
    case 'extract':
    case 'explode':
      return `${op.op === 'extract' ? 'extract from' : op.op} ${op.column}`;
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

function byWords(keys: readonly string[]): string {
  return keys.length > 0 ? ` by ${listed(keys)}` : '';
}

function groupWords({ keys, window }: { readonly keys: readonly string[]; readonly window: Windowing | null }): string {
  return `${byWords(keys)}${window ? `, ${windowWords(window.spec)}` : ''}`;
}

function windowWords(spec: Windowing['spec']): string {
  if ('gap' in spec) return `in sessions with gaps of ${durationText(spec.gap)}`;
  if ('unit' in spec) return `each ${spec.unit}`;
  return `every ${durationText(spec.every)}${spec.length === spec.every ? '' : ` over ${durationText(spec.length)}`}`;
}

function aggregateWords({
  function: name,
  column,
  percent,
}: {
  readonly function: string;
  readonly column: string | null;
  readonly percent?: number | null;
}): string {
  const words = name === 'distinctCount' ? 'distinct count' : name;
  return `${words}${column === null ? '' : ` ${column}`}${percent === null || percent === undefined ? '' : ` (${percent})`}`;
}

function spanWords(span: RunningSpan): string {
  return 'rows' in span ? `, over ${rows(span.rows)}` : `, over ${durationText(span.duration)}`;
}

function orderWords({ column, direction }: { readonly column: string; readonly direction: 'asc' | 'desc' }): string {
  return direction === 'desc' ? `${column} descending` : column;
}

function pairWords(keys: readonly KeyPair[]): string {
  return listed(keys.map(({ left, right }) => (left === right ? left : `${left} = ${right}`)));
}

function columnWords({ name, from, cast }: ProjectedColumn): string {
  const renamed = name === from ? name : `${from} as ${name}`;
  return cast ? `${renamed} (${cast.from} to ${cast.to})` : renamed;
}

/** Its first line that is not empty, cut if it is long. */
function codeWords({ source }: CodeRef): string {
  const lines = source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [first = ''] = lines;
  if (first.length > longest) return `${first.slice(0, longest - 1).trimEnd()}…`;
  return lines.length > 1 ? `${first} …` : first;
}

/** `a, b, c`; for a long list the first ones and the number of the others. */
export function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');
}

function rows(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`;
}
