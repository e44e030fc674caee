import type { Operator } from '@millrace/kit/node';
import type { Row } from '../../../model/values/types.ts';

export type RowOperator = Exclude<Operator, { readonly process: unknown }>;

/** One node of a chain. */
export interface Stage {
  readonly operator: RowOperator;
  /** 0 or 1: the output by which the chain goes on; for the last stage 0. */
  readonly next: number;
  /** By output: whether somebody takes its rows. The output that the chain goes on by counts as taken. */
  readonly taken: readonly boolean[];
  /** Rows that go on within the chain are put into its output as well, for somebody who looks at them. */
  readonly isWatched?: boolean;
}

/** What happened in one pass, by stage. */
export interface Tally {
  /** Rows that reached the stage. */
  in: number;
  /** Rows that it rightly sent nowhere: of an output that nobody takes, or expanded to none. */
  dropped: number;
  /** By output: the rows that leave the chain there; of the output that it goes on by, only where the stage is watched. */
  readonly out: (Row[] | null)[];
  /** Set by a timed loop: how long the stage was at work, in milliseconds. */
  ms: number;
}

/** Called when a stage throws: counts the row, or throws to end the run. `index` is that of the chain's input row. */
export type OnThrow = (stage: number, thrown: unknown, row: Row, rows: readonly Row[], index: number) => void;
export type Loop = (rows: readonly Row[], tallies: readonly Tally[]) => void;

const now = () => performance.now();

/**
 * One loop over a batch for a whole chain, generated, since the compiler then knows each operator's function and puts its
 * code into the loop. A throw costs its row and nothing else: the handlers cost nothing as long as nobody throws.
 * Nothing of the user gets into the generated source. A `timed` loop does the same and tells the time of each stage: it
 * looks at the clock for every row, so it is for samples.
 */
export function fuse(stages: readonly Stage[], onThrow: OnThrow, timed = false): Loop {
  const names = stages.map((_, k) => `f${k}`);
  const functions = stages.map(({ operator }) => ('map' in operator ? operator.map : 'test' in operator ? operator.test : operator.expand));
  const arrays = stages.flatMap((stage, k) => exits(stage, k, stages.length).map((output) => `const ${array(k, output)} = [];`));
  const counts = stages.map((_, k) => `let in${k} = 0, dropped${k} = 0${timed ? `, ms${k} = 0` : ''};`);
  const flush = stages.map((stage, k) => {
    const outs = exits(stage, k, stages.length).map((output) => `tallies[${k}].out[${output}] = ${array(k, output)};`);
    return `tallies[${k}].in = in${k}; tallies[${k}].dropped = dropped${k}; ${timed ? `tallies[${k}].ms = ms${k};` : ''} ${outs.join(' ')}`;
  });
  const source = `'use strict';
return (rows, tallies) => {
  ${counts.join('\n  ')}
  ${arrays.join('\n  ')}
  ${timed ? 'let before, at;' : ''}
  try {
    for (let i = 0; i < rows.length; i++) {
      const r0 = rows[i];
      ${timed ? 'before = now();' : ''}
${stageSource(stages, 0, '      ', timed)}
    }
  } finally {
    ${flush.join('\n    ')}
  }
};`;
  return new Function(...names, 'onThrow', 'now', source)(...functions, onThrow, now);
}

export function newTally(): Tally {
  return { in: 0, dropped: 0, out: [null, null], ms: 0 };
}

/** What one look at the clock costs, in milliseconds. */
export function clockCost(): number {
  const looks = 1000;
  const start = now();
  for (let i = 0; i < looks; i++) now();
  return (now() - start) / looks;
}

const array = (stage: number, output: number) => `out${stage}_${output}`;

/** The outputs of a stage whose rows leave the chain and are taken, or go on and are watched. */
function exits(stage: Stage, k: number, count: number): number[] {
  const isExit = (output: number) => k === count - 1 || output !== stage.next || stage.isWatched;
  return stage.taken.flatMap((taken, output) => (taken && isExit(output) ? [output] : []));
}

/** The body of the loop from a stage on: each stage's result is the next one's row, and `continue` goes on with the next row. */
function stageSource(stages: readonly Stage[], k: number, indent: string, timed: boolean): string {
  const stage = stages[k];
  if (!stage) return '';
  const isLast = k === stages.length - 1;
  const lap = timed ? `at = now(); ms${k} += at - before; before = at;` : '';
  const attempt = (result: string) => `let ${result};
try { ${result} = f${k}(r${k}); } catch (thrown) { ${lap} onThrow(${k}, thrown, r${k}, rows, i); continue; }
${lap}`;
  const watch = stage.isWatched && !isLast ? `${array(k, stage.next)}.push(r${k + 1});` : '';
  const leave = (output: number, row: string) => (stage.taken[output] ? `${array(k, output)}.push(${row});` : `dropped${k}++;`);
  const lines = [`in${k}++;`];
  let inner = '';
  if ('test' in stage.operator) {
    lines.push(attempt(`t${k}`));
    if (isLast) lines.push(`if (t${k}) { ${leave(0, `r${k}`)} } else { ${leave(1, `r${k}`)} }`);
    else {
      lines.push(`if (${stage.next === 0 ? '!' : ''}t${k}) { ${leave(1 - stage.next, `r${k}`)} continue; }`, `const r${k + 1} = r${k};`, watch);
      inner = stageSource(stages, k + 1, '', timed);
    }
  } else if ('map' in stage.operator) {
    lines.push(attempt(`r${k + 1}`));
    if (isLast) lines.push(leave(0, `r${k + 1}`));
    else {
      lines.push(watch);
      inner = stageSource(stages, k + 1, '', timed);
    }
  } else {
    lines.push(attempt(`list${k}`), `if (list${k}.length === 0) dropped${k}++;`, `for (let j${k} = 0; j${k} < list${k}.length; j${k}++) {`);
    lines.push(
      `  const r${k + 1} = list${k}[j${k}];`,
      isLast ? `  ${stage.taken[0] ? leave(0, `r${k + 1}`) : ''}` : `  ${watch}\n${stageSource(stages, k + 1, '  ', timed)}`,
      '}',
    );
  }
  if (inner) lines.push(inner);
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}
