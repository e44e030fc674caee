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
 * What users' code gives back, told from its text. The first thing that is wrong with it is its `problem`, with the range
 * in the text as the user wrote it. The last answers are kept: `infer` asks for the same code at each edit anywhere.
 */
export const codeAnalysis: CodeAnalysis = {
  expression: (source, input) => {
    const columns = mentionedColumns(source, (name) => findColumn(input, name));
    const answer = columns && expression(source, { columns });
    // What is said of a problem may name the other columns.
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
    // Of what was never seen to be null, nobody is warned.
    const seen = asSeen(input) === input ? promised : expressionType(tree, source, asSeen(input));
    const { type, notNull, findings } = promised;
    return { type, ...toldNullness(promised.nullable, seen.nullable), problem: findings[0], warnings: seen.warnings, notNull };
  } catch (error) {
    return { ...notTold, problem: tooMuch(error) };
  }
});

/** A schema that code gives, with what it gives for rows that are as those of the sample. */
function asCodeShows(schema: Schema | null, input: Schema, ofSeen: (seen: Schema) => Schema | null): Schema | null {
  const seen = asSeen(input);
  if (!schema || seen === input) return schema;
  const shown = new Map(ofSeen(seen)?.columns.map((column) => [column.name, column]));
  const columns = schema.columns.map((column) => ({ ...column, ...toldNullness(column.nullable, shown.get(column.name)?.nullable ?? true) }));
  return { ...schema, columns };
}

/** What works out types may need more of the stack than there is, or more time. */
function tooMuch(error: unknown): CodeProblem {
  if (error instanceof FollowedTooFar) {
    const message = 'The code has too many variables and branches for its columns to be inferred';
    return { code: 'code/too-long', message, hint: 'Split it into several steps.' };
  }
  if (!(error instanceof RangeError)) throw error;
  return { code: 'code/too-deep', message: 'The code is nested too deeply', hint: 'Split it into several steps.' };
}

/** Enough for all code of a pipeline of a thousand nodes and more: one answer too few, and each check would work out all of them. */
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

/** Long texts by their hash: of thousands of answers about thousands of columns. */
const longestKey = 500;
function keyOf(asked: unknown): string {
  const text = JSON.stringify(asked);
  return text.length > longestKey ? createHash('sha256').update(text).digest('base64') : text;
}
