import { createHash } from 'node:crypto';
import { findColumn } from '@millrace/kit/columns';
import type { CodeAnalysis, CodeProblem } from '@millrace/kit/node';
import { parse, parseExpressionAt } from 'acorn';
import { FollowedTooFar } from '../../model/code/code-scope.ts';
import { expressionType } from '../../model/code/expression-type.ts';
import { keyedType } from '../../model/code/keyed-type.ts';
import { snippetType } from '../../model/code/snippet-type.ts';
import { mentionedColumns } from '../../model/schema/mentioned-columns.ts';
import { asSeen, toldNullness } from '../../model/schema/nulls.ts';
import { keepNewest } from '../../model/values/newest.ts';
import type { Schema } from '../../model/values/types.ts';
import { stripTypes } from './strip.ts';

const options = { ecmaVersion: 'latest', locations: true } as const;
const notTold = { type: null, nullable: true, warnings: [], notNull: [] } as const;

/**
 * What users' code returns, inferred from its text. The first error in it is its `problem`, with the range in the text as the user wrote
 * it. The last answers are cached: `infer` asks for the same code at each edit anywhere.
 */
export const codeAnalysis: CodeAnalysis = {
  expression: (source, input) => {
    const columns = mentionedColumns(source, (name) => findColumn(input, name));
    const answer = columns && expression(source, { columns });
    // The problem's message may name the other columns.
    return answer && !answer.problem ? answer : expression(source, input);
  },
  snippet: remembered((source, input, declared) => {
    const stripped = stripTypes(source, 'module');
    if (!stripped.ok) return { schema: null, problem: stripped.problem };
    try {
      const program = parse(stripped.code, { ...options, sourceType: 'module' });
      const { schema, findings } = snippetType(program, source, input, declared);
      return { schema: asCodeShows(schema, input, (seen) => snippetType(program, source, seen, declared).schema), problem: findings[0] };
    } catch (error) {
      return { schema: null, problem: tooMuch(error) };
    }
  }),
  keyed: remembered((source, input, keys, declared) => {
    const stripped = stripTypes(source, 'keyed');
    if (!stripped.ok) return { schema: null, problem: stripped.problem };
    try {
      const program = parse(stripped.code, { ...options, sourceType: 'module' });
      const { schema, findings, warnings } = keyedType(program, source, input, keys, declared);
      const shown = asCodeShows(schema, input, (seen) => keyedType(program, source, seen, keys, declared).schema);
      return { schema: shown, problem: findings[0], warning: warnings[0] };
    } catch (error) {
      return { schema: null, problem: tooMuch(error) };
    }
  }),
};

const expression: CodeAnalysis['expression'] = remembered((source, input) => {
  const stripped = stripTypes(source, 'expression');
  if (!stripped.ok) return { ...notTold, problem: stripped.problem };
  try {
    const tree = parseExpressionAt(stripped.code, 0, options);
    const promised = expressionType(tree, source, input);
    // No warning is given for a column in which null was never seen.
    const seen = asSeen(input) === input ? promised : expressionType(tree, source, asSeen(input));
    const { type, notNull, findings } = promised;
    return { type, ...toldNullness(promised.nullable, seen.nullable), problem: findings[0], warnings: seen.warnings, notNull };
  } catch (error) {
    return { ...notTold, problem: tooMuch(error) };
  }
});

/** The schema that code returns, if its rows are like those of the sample. */
function asCodeShows(schema: Schema | null, input: Schema, ofSeen: (seen: Schema) => Schema | null): Schema | null {
  const seen = asSeen(input);
  if (!schema || seen === input) return schema;
  const shown = new Map(ofSeen(seen)?.columns.map((column) => [column.name, column]));
  const columns = schema.columns.map((column) => ({ ...column, ...toldNullness(column.nullable, shown.get(column.name)?.nullable ?? true) }));
  return { ...schema, columns };
}

/** Inferring types may need more stack than there is, or more time. */
function tooMuch(error: unknown): CodeProblem {
  if (error instanceof FollowedTooFar) {
    const message = 'The code has too many variables and branches for its columns to be inferred';
    return { code: 'code/too-long', message, hint: 'Split it into several steps.' };
  }
  if (!(error instanceof RangeError)) throw error;
  return { code: 'code/too-deep', message: 'The code is nested too deeply', hint: 'Split it into several steps.' };
}

/** Enough for all code of a pipeline of a thousand nodes and more: with one answer too few, each check would infer all of them again. */
const kept = 4000;
function remembered<A extends unknown[], R>(tell: (source: string, ...about: A) => R): (source: string, ...about: A) => R {
  const answers = new Map<string, R>();
  return (source, ...about) => {
    const key = keyOf([source, about]);
    const known = answers.get(key);
    if (known) return known;
    const answer = tell(source, ...about);
    answers.set(key, answer);
    keepNewest(answers, kept);
    return answer;
  };
}

/** Long texts by their hash: there are thousands of answers about thousands of columns. */
const longestKey = 500;
function keyOf(asked: unknown): string {
  const text = JSON.stringify(asked);
  return text.length > longestKey ? createHash('sha256').update(text).digest('base64') : text;
}
