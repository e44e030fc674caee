import { dirname, resolve } from 'node:path';
import type { Problem } from '../../model/problems/problem.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { problemOf } from '../protocol/connection.ts';
import { describeTouches } from './inspect.ts';
import { describeProblems } from './report.ts';

interface ValidateOptions {
  readonly json?: boolean;
  readonly look?: boolean;
  /** Read all rows, too. */
  readonly rows?: boolean;
  readonly set?: { readonly [name: string]: string };
  readonly env?: string;
}

/** `millrace validate`: 0 when nothing is wrong (warnings are told), 1 when rows do not fit, 2 when the pipeline is wrong. */
export async function validate(file: string, options: ValidateOptions): Promise<number> {
  try {
    const { assess } = await import('./assess.ts');
    const assessed = await assess(file, {
      look: options.look || options.rows ? 'always' : 'trusted',
      parameters: options.set,
      environment: options.env ?? null,
    });
    const { result, code, pipeline, trusted, looked, titleOf, file: name } = assessed;
    const problems = [...result.problems, ...(await typeProblems(code, result.problems))];
    const valid = !problems.some((problem) => problem.severity === 'error');
    const rowCheck = valid && options.rows ? await import('./validate-rows.ts') : null;
    const rows = rowCheck && (await rowCheck.readSources(assessed));
    if (options.json) process.stdout.write(`${visibleJson({ valid, trusted, looked, ...result, problems, ...(rows && { rows }) })}\n`);
    else {
      if (!looked)
        process.stderr.write(
          `${visible(name)} is not trusted: the files it names were not read, so its columns may not be known.\n${describeTouches(result, { folder: dirname(resolve(file)), titleOf })}  --look reads its files; "millrace trust add" trusts it.\n`,
        );
      if (problems.length > 0) process.stderr.write(`${describeProblems(problems, name, titleOf)}\n`);
      if (valid)
        process.stdout.write(`${visible(name)} is valid: ${plural(Object.keys(pipeline.nodes).length, 'node')}, ${plural(pipeline.edges.length, 'edge')}.\n`);
      if (rows) process.stdout.write(`${rowCheck?.describeSources(rows, name, titleOf)}\n`);
    }
    if (!valid) return 2;
    return !rows || rowCheck?.doAllFit(rows) ? 0 : 1;
  } catch (error) {
    const problem = problemOf(error);
    if (options.json) process.stdout.write(`${visibleJson({ valid: false, problems: [problem] })}\n`);
    else process.stderr.write(`${describeProblems([problem], file, (node) => node)}\n`);
    return 2;
  }
}

/** The type check takes half a second to load: only where there is code. Fields that are known to be wrong are reported once. */
async function typeProblems(code: readonly import('../preview/typecheck.ts').TypedCode[], known: readonly Problem[]): Promise<readonly Problem[]> {
  const unknown = code.filter(
    (piece) => !known.some((problem) => problem.node === piece.node && problem.field === piece.field && problem.severity === 'error'),
  );
  if (unknown.length === 0) return [];
  const { checkTypesOnce } = await import('../preview/type-checks.ts');
  return checkTypesOnce(unknown);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
