import { type Token, tokenizer, tokTypes } from 'acorn';
import { itemAt } from '../../model/faults/missing.ts';

/**
 * Code with the most common kinds of types replaced by blanks: those in `function name(row: Row): Row {`, in `(row: Row) =>` and in `const
 * limit: number =`. The result need not be JavaScript yet. Null if there are none.
 */
export function withoutPlainTypes(source: string): string | null {
  let code = '';
  let at = 0;
  for (const { start, end } of plainTypes(source)) {
    code += source.slice(at, start) + source.slice(start, end).replace(/\S/g, ' ');
    at = end;
  }
  return at === 0 ? null : code + source.slice(at);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** JavaScript has no `(name:` and no `const name:`, so these are unambiguous; `(name):` it has. */
function plainTypes(source: string): Range[] {
  const found: Range[] = [];
  const tokens = tokensOf(source);
  const is = (at: number, type: unknown) => tokens[at]?.type === type;
  /** The offset after a type such as `Row`, `Row | null`, `number[]` or `time.Zone`; where it begins if it is none. */
  const behindType = (start: number): number => {
    let at = start;
    do {
      if (at > start) at++;
      if (!is(at, tokTypes.name) && !is(at, tokTypes._null) && !is(at, tokTypes._void)) return start;
      at++;
      while (is(at, tokTypes.dot) && is(at + 1, tokTypes.name)) at += 2;
      while (is(at, tokTypes.bracketL) && is(at + 1, tokTypes.bracketR)) at += 2;
    } while (is(at, tokTypes.bitwiseOR));
    return at;
  };
  /** Records the type at this place, and returns the offset after it. */
  const take = (colon: number): number => {
    const end = is(colon, tokTypes.colon) ? behindType(colon + 1) : colon;
    if (end <= colon + 1) return colon;
    found.push({ start: itemAt(tokens, colon).start, end: itemAt(tokens, end - 1).end });
    return end;
  };
  for (const [at, { start, end }] of tokens.entries()) {
    if (is(at, tokTypes._const) || (is(at, tokTypes.name) && source.slice(start, end) === 'let')) {
      if (is(at + 1, tokTypes.name)) take(at + 2);
    } else if (is(at, tokTypes.parenL)) {
      let next = at;
      do {
        if (!is(next + 1, tokTypes.name)) break;
        next = take(next + 2);
      } while (is(next, tokTypes.comma));
      const isFunction = is(at - 1, tokTypes._function) || (is(at - 1, tokTypes.name) && is(at - 2, tokTypes._function));
      if (isFunction) take((is(at + 1, tokTypes.parenR) ? at + 1 : next) + 1);
    }
  }
  return found;
}

/** As far as the text can be read without knowing its grammar. */
function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  try {
    for (const token of tokenizer(source, { ecmaVersion: 'latest', sourceType: 'module' })) tokens.push(token);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return tokens;
}
