/** What joins have in common before any row moves: their output columns, and the problems of their keys. */

import { commonType, findColumn, freeName } from '@millrace/kit/columns';
import type { NodeProblem } from '@millrace/kit/node';
import type { JoinKind, KeyPair } from '@millrace/kit/ops';
import type { codes } from '../../model/problems/codes/index.ts';
import { nullness } from '../../model/schema/nulls.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Column, Schema } from '../../model/values/types.ts';

/** The cards of joins; `how` comes last. */
export function joinCard(kind: JoinKind, pairs: readonly KeyPair[], how = ''): string {
  const texts = pairs.map(({ left, right }) => (left === right ? left || '?' : `${left || '?'} = ${right || '?'}`));
  return texts.length > 0 ? `${kind} on ${texts.join(', ')}${how}` : 'Choose columns to match';
}

/** The first parts of codes for pairs of columns. */
type Matching<Code> = Code extends `${infer Area}/key-types` ? Area : never;

/** Problems of pairs whose columns can never be equal. `name` begins their codes, `column` names the field of the left ones. */
export function keyPairProblems(name: Matching<keyof typeof codes>, column: string, pairs: readonly KeyPair[], left: Schema, right: Schema): NodeProblem[] {
  return pairs.flatMap((pair, i): NodeProblem[] => {
    const a = findColumn(left, pair.left);
    const b = findColumn(right, pair.right);
    if (!a || !b) return [];
    const field = `keys.${i}.${column}`;
    const severity = 'error';
    if (a.type === 'json' || a.type === 'bytes') {
      const message = `Columns of type ${a.type} such as "${a.name}" cannot be keys`;
      return [{ code: `${name}/key-type`, severity, message, hint: 'Compute a text column to match by.', field }];
    }
    if (commonType(a.type, b.type)) return [];
    const message = `"${a.name}" is ${a.type} but "${b.name}" is ${b.type}, so they never match`;
    return [{ code: `${name}/key-types`, severity, message, hint: 'Cast one of them first, with "Select columns".', field }];
  });
}

const longestSuffix = 200;

/** A suffix that is too long is reported before it is appended to the names of thousands of columns. */
export function suffixProblems(suffix: string): NodeProblem[] {
  if (suffix.length <= longestSuffix) return [];
  const message = `The suffix has ${thousands(suffix.length)} characters; at most ${longestSuffix} are possible`;
  return [{ code: 'join/suffix', severity: 'error', message, hint: 'Give a shorter one, such as "_right".', field: 'suffix' }];
}

/** An output column, and the columns that its value is read from: the left one if there is a left row that has it, otherwise the right one. */
export interface JoinedColumn {
  readonly column: Column;
  readonly left?: string;
  readonly right?: string;
}

/**
 * The columns of the left rows, then those of the right rows without their keys: a pair of keys is one column, with the left one's name.
 * `taken` are names that other columns already have. A clash gives the right column `suffix`, and the left one "_left".
 */
export function joinedColumns(
  kind: JoinKind,
  pairs: readonly KeyPair[],
  suffix: string,
  left: Schema,
  right: Schema,
  taken: readonly string[],
): JoinedColumn[] {
  const names = new Set(taken);
  const rightOf = new Map(pairs.map((pair) => [pair.left, pair.right] as const).reverse());
  const name = (wanted: string, end: string): string => {
    const free = freeName(wanted, end, names);
    names.add(free);
    return free;
  };
  const lacksLeft = kind === 'right' || kind === 'outer';
  const lacksRight = kind === 'left' || kind === 'outer';
  const once = new Set<string>();
  const fromLeft = left.columns.map((own): JoinedColumn => {
    const as = name(own.name, '_left');
    const twin = findColumn(right, rightOf.get(own.name) ?? '');
    if (!twin) return { column: { ...own, name: as, ...nullness([own], lacksLeft) }, left: own.name };
    once.add(twin.name);
    const type = lacksLeft ? (commonType(own.type, twin.type) ?? own.type) : own.type;
    // Matched rows are not null; unmatched ones have their own values.
    const sides = [...(lacksRight ? [own] : []), ...(lacksLeft ? [twin] : [])];
    return { column: { name: as, type, ...nullness(sides) }, left: own.name, right: twin.name };
  });
  const fromRight = right.columns
    .filter((own) => !once.has(own.name))
    .map((own): JoinedColumn => ({ column: { ...own, name: name(own.name, suffix || '_'), ...nullness([own], lacksRight) }, right: own.name }));
  return [...fromLeft, ...fromRight];
}
